#include "runtime/plugin_listing.h"

#include <algorithm>

#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

struct row {
  std::string id, version, summary, folder;
};

std::string table(const std::vector<row>& rows) {
  size_t id = 0, version = 0;
  for (const row& r : rows) {
    id = std::max(id, r.id.size());
    version = std::max(version, r.version.size());
  }
  std::string text;
  for (const row& r : rows) {
    text += "  " + r.id + std::string(id - r.id.size() + 2, ' ') + r.version + std::string(version - r.version.size() + 2, ' ');
    text += r.summary.empty() ? r.folder + "\n" : r.summary + " (" + r.folder + ")\n";
  }
  return text;
}

bool is_named(const profile& plan, const std::string& id) {
  return std::any_of(plan.plugins.begin(), plan.plugins.end(), [&](const plugin_entry& p) { return p.id == id; });
}

std::string json_list(const std::vector<placed_name>& names) {
  std::string text;
  for (const placed_name& n : names) text += (text.empty() ? "" : ",") + json_text(n.name);
  return "[" + text + "]";
}

std::string json_of(const plugin_manifest& m) {
  return json_object()
      .add("id", m.id)
      .add("version", m.version)
      .add("summary", m.summary)
      .add("folder", m.folder)
      .add_raw("provides", json_list(m.provided))
      .add_raw("requires", json_list(m.required))
      .add_raw("wants", json_list(m.wanted))
      .text();
}

}  // namespace

std::string plugin_listing(const profile& plan, const plugin_catalogue& found) {
  std::vector<row> named, others;
  for (const plugin_entry& p : plan.plugins)
    named.push_back({p.id, p.manifest->version, p.manifest->summary, p.manifest->folder});
  for (const found_plugin& p : found.plugins) {
    if (is_named(plan, p.id)) continue;
    if (p.manifest) others.push_back({p.id, p.manifest->version, p.manifest->summary, p.folder});
    else others.push_back({p.id, "?", "its plugin.yaml is wrong", p.folder});
  }
  std::string text = "plugins of " + plan.file + ", in the order in which they start:\n" + table(named);
  if (!others.empty()) text += "also found, but not named by it:\n" + table(others);
  return text;
}

std::string plugin_listing_json(const profile& plan, const plugin_catalogue& found) {
  std::string named, others;
  for (const plugin_entry& p : plan.plugins) named += (named.empty() ? "" : ",") + json_of(*p.manifest);
  for (const found_plugin& p : found.plugins)
    if (p.manifest && !is_named(plan, p.id)) others += (others.empty() ? "" : ",") + json_of(*p.manifest);
  return json_object().add_raw("plugins", "[" + named + "]").add_raw("others", "[" + others + "]").text();
}

}  // namespace tharsis::runtime
