#include "runtime/profile_difference.h"

#include <algorithm>

#include "runtime/setting_text.h"
#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

const plugin_entry* find(const profile& in, const std::string& id) {
  const auto found = std::find_if(in.plugins.begin(), in.plugins.end(), [&](const plugin_entry& p) { return p.id == id; });
  return found == in.plugins.end() ? nullptr : &*found;
}

// Walks two trees of settings side by side.
class comparison {
 public:
  explicit comparison(std::vector<setting_change>& into) : into_(into) {}

  void compare(const setting_value* before, const setting_value* after, const std::string& path, bool of_host) {
    const bool both = before != nullptr && after != nullptr;
    if (both && before->type == after->type && has_keys(*before)) return inside(*before, *after, path, of_host);
    if (both && same(*before, *after)) return;
    if (before == nullptr && after == nullptr) return;
    const bool secret = (before && before->secret) || (after && after->secret);
    const auto text = [&](const setting_value* v) { return v == nullptr ? "" : secret ? "(secret)" : shown_or_quotes(*v); };
    into_.push_back({path, text(before), text(after), of_host});
  }

 private:
  static bool has_keys(const setting_value& v) { return v.type == setting_type::group || v.type == setting_type::map; }

  // What is not there and what is empty must look different.
  static std::string shown_or_quotes(const setting_value& v) {
    std::string text = shown(v);
    return text.empty() ? "''" : text;
  }

  static bool same(const setting_value& a, const setting_value& b) {
    return a.type == b.type && a.key == b.key && a.scalar == b.scalar &&
           std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same);
  }

  void inside(const setting_value& before, const setting_value& after, const std::string& path, bool of_host) {
    const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
    for (const setting_value& b : before.children) compare(&b, after.child(b.key), below(b.key), of_host);
    for (const setting_value& a : after.children)
      if (before.child(a.key) == nullptr) compare(nullptr, &a, below(a.key), of_host);
  }

  std::vector<setting_change>& into_;
};

std::string library_of(const plugin_entry& p) {
  const std::string sum = p.locked ? " (sha256 " + p.locked->library.substr(0, 12) + ")" : "";
  return p.manifest->version + " in " + p.manifest->library_path() + sum;
}

plugin_difference compare(const plugin_entry& running, const plugin_entry& loaded) {
  plugin_difference d;
  d.id = loaded.id;
  comparison(d.changes).compare(&running.settings, &loaded.settings, "", false);
  comparison(d.changes).compare(&running.host, &loaded.host, "", true);
  if (!d.changes.empty()) d.is = plugin_difference::kind::changed;
  if (library_of(running) == library_of(loaded)) return d;
  d.is = plugin_difference::kind::moved;
  d.before = library_of(running);
  d.after = library_of(loaded);
  return d;
}

plugin_difference alone(const std::string& id, plugin_difference::kind kind) {
  plugin_difference d;
  d.id = id;
  d.is = kind;
  return d;
}

std::string_view name_of(plugin_difference::kind kind) {
  switch (kind) {
    case plugin_difference::kind::changed: return "changed";
    case plugin_difference::kind::added: return "added";
    case plugin_difference::kind::removed: return "removed";
    case plugin_difference::kind::moved: return "moved";
    default: return "unchanged";
  }
}

std::string line_of(const setting_change& c) {
  if (c.before.empty()) return c.path + ": " + c.after + " (was not set)";
  if (c.after.empty()) return c.path + ": not set any more (was " + c.before + ")";
  if (c.before == "(secret)") return c.path + ": another secret";
  return c.path + ": " + c.before + " -> " + c.after;
}

std::string json_of(const plugin_difference& d) {
  json_object o;
  o.add("plugin", d.id).add("is", name_of(d.is));
  if (d.is == plugin_difference::kind::moved) o.add("before", d.before).add("after", d.after);
  const auto value = [](const std::string& text) { return text.empty() ? std::string("null") : json_text(text); };
  std::string changes;
  for (const setting_change& c : d.changes)
    changes += (changes.empty() ? "" : ",") +
               json_object().add("key", c.path).add_raw("before", value(c.before)).add_raw("after", value(c.after)).text();
  return o.add_raw("changes", "[" + changes + "]").text();
}

}  // namespace

bool profile_difference::empty() const {
  return std::all_of(plugins.begin(), plugins.end(),
                     [](const plugin_difference& d) { return d.is == plugin_difference::kind::unchanged; });
}

profile_difference difference(const profile& running, const profile& loaded) {
  profile_difference all;
  for (const plugin_entry& p : loaded.plugins) {
    const plugin_entry* before = find(running, p.id);
    all.plugins.push_back(before ? compare(*before, p) : alone(p.id, plugin_difference::kind::added));
  }
  for (auto p = running.plugins.rbegin(); p != running.plugins.rend(); ++p)
    if (find(loaded, p->id) == nullptr) all.plugins.push_back(alone(p->id, plugin_difference::kind::removed));
  return all;
}

std::string words_of(const profile_difference& d) {
  if (d.empty()) return "nothing has changed\n";
  std::string text;
  for (const plugin_difference& p : d.plugins) {
    if (p.is == plugin_difference::kind::unchanged) continue;
    text += p.id + ": " + std::string(name_of(p.is));
    if (p.is == plugin_difference::kind::moved) text += ", " + p.before + " -> " + p.after;
    text += "\n";
    for (const setting_change& c : p.changes) text += "  " + line_of(c) + "\n";
  }
  return text;
}

std::string json_of(const profile_difference& d) {
  std::string plugins;
  for (const plugin_difference& p : d.plugins) plugins += (plugins.empty() ? "" : ",") + json_of(p);
  return json_object().add_raw("plugins", "[" + plugins + "]").text();
}

}  // namespace tharsis::runtime
