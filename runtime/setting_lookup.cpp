#include "runtime/setting_lookup.h"

#include <utility>

#include "runtime/host_keys.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

found_setting child_of(const found_setting& parent, const std::string& key, const setting& described,
                       const setting_value* value) {
  found_setting child{parent.path + "." + key, described, {}, value != nullptr};
  child.described.secret = described.secret || parent.described.secret;
  if (value != nullptr) child.value = *value;
  return child;
}

error none(const std::string& key, const std::string& where, const std::vector<std::string>& known) {
  const auto meant = nearest(key, known);
  return {THARSIS_E_NOT_FOUND, where + " has no " + in_quotes(key) +
                                   (meant           ? "; did you mean '" + *meant + "'?"
                                    : known.empty() ? "; it is empty"
                                                    : "; it has " + listed(known))};
}

std::string last_part(const found_setting& below, const found_setting& parent) {
  return below.path.substr(parent.path.empty() ? 0 : parent.path.size() + 1);
}

// Keys may hold dots; the longest that the path begins with is meant. Takes it from the path.
const found_setting* step(const std::vector<found_setting>& all, const found_setting& parent, std::string_view& path) {
  const found_setting* best = nullptr;
  size_t longest = 0;
  for (const found_setting& one : all) {
    const std::string key = last_part(one, parent);
    const bool begins = path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
    if (!begins || key.size() < longest) continue;
    best = &one;
    longest = key.size();
  }
  if (best != nullptr) path.remove_prefix(std::min(longest + 1, path.size()));
  return best;
}

}  // namespace

bool found_setting::holds_more() const {
  return described.type == setting_type::group || described.type == setting_type::map ||
         (described.type == setting_type::list && !is_scalar(described.element.front().type));
}

found_setting whole_plugin(const plugin_entry& plugin) {
  found_setting whole{plugin.id, plugin.manifest->settings, plugin.settings, true};
  whole.described.about = plugin.manifest->summary;
  for (const setting& s : plugin.manifest->host_settings) whole.described.members.push_back(s);
  for (const setting_value& v : plugin.host.children) whole.value.children.push_back(v);
  return whole;
}

std::vector<found_setting> below(const found_setting& parent) {
  std::vector<found_setting> all;
  if (parent.described.type == setting_type::group) {
    for (const setting& m : parent.described.members) all.push_back(child_of(parent, m.name, m, parent.value.child(m.name)));
  } else if (!parent.described.element.empty()) {
    for (const setting_value& v : parent.value.children)
      all.push_back(child_of(parent, v.key, parent.described.element.front(), &v));
  }
  return all;
}

result<found_setting> find_setting(const profile& plan, const std::string& key) {
  std::vector<found_setting> level;
  for (const plugin_entry& plugin : plan.plugins) level.push_back(whole_plugin(plugin));
  found_setting at;
  std::string_view rest = key;
  do {
    const found_setting* next = step(level, at, rest);
    if (next == nullptr) {
      std::vector<std::string> known;
      for (const found_setting& one : level) known.push_back(last_part(one, at));
      if (!at.path.empty() && is_scalar(at.described.type))
        return error{THARSIS_E_NOT_FOUND, at.path + " is a single value; there is nothing inside it"};
      return none(std::string(rest.substr(0, rest.find('.'))), at.path.empty() ? "the profile" : at.path, known);
    }
    at = found_setting(*next);
    level = below(at);
  } while (!rest.empty() || key.ends_with('.'));
  return at;
}

}  // namespace tharsis::runtime
