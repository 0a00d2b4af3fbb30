#include "runtime/setting_override.h"

#include <algorithm>
#include <optional>

#include "runtime/os_profile_files.h"
#include "sdk/pure/nearest.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

// Keys may hold dots themselves (plugins' ids, names of hosts); the longest that the path begins with
// is meant.
yaml_node* longest_fit(yaml_node& map, std::string_view path) {
  yaml_node* best = nullptr;
  for (yaml_node& child : map.children) {
    const std::string& key = child.key;
    const bool begins = path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
    if (begins && (best == nullptr || best->key.size() < key.size())) best = &child;
  }
  return best;
}

void report_no_plugin(const yaml_node& plugins, std::string_view path, const source_position& at, diagnostics& problems) {
  const std::string first(path.substr(0, path.find('.')));
  std::vector<std::string> ids;
  for (const yaml_node& plugin : plugins.children) ids.push_back(plugin.key);
  diagnostic& d = problems.add(at, "the profile names no plugin " + in_quotes(first));
  if (const auto meant = nearest(first, ids)) {
    d.with("did you mean '" + *meant + "'?");
  } else if (!ids.empty()) {
    d.with("it names " + listed(ids));
  }
}

// The value's tree, every position of it being the option itself.
std::optional<yaml_node> read_value(const std::shared_ptr<const source>& in, diagnostics& problems) {
  if (in->text.empty()) {
    yaml_node nothing;
    nothing.is = yaml_node::kind::scalar;
    nothing.at = {in, 1, 1};
    return nothing;
  }
  const size_t before = problems.count();
  auto value = parse_yaml(in, problems);
  if (problems.count() != before) return {};
  return value;
}

// What is left of a scalar that makes room for a map.
yaml_node empty_like(const yaml_node& old) {
  yaml_node fresh;
  fresh.key = old.key;
  fresh.key_at = old.key_at;
  fresh.at = old.at;
  return fresh;
}

yaml_node* element(yaml_node& list, std::string_view number, const source_position& at, diagnostics& problems) {
  const size_t size = list.children.size();
  const auto index = parse_integer(number);
  if (index && *index >= 0 && static_cast<size_t>(*index) < size) return &list.children[static_cast<size_t>(*index)];
  problems.add(at, "the list has no element " + in_quotes(number) + "; " +
                       (size == 0 ? "it is empty" : "its last one is " + std::to_string(size - 1)));
  return nullptr;
}

// One step down: the element of a list, or the entry of a map, which is made if needed. Takes from the
// path what was used. Null: it was reported why there is none.
yaml_node* step(yaml_node& parent, std::string_view& path, const source_position& at, diagnostics& problems) {
  const std::string_view key = path.substr(0, path.find('.'));
  const size_t used = std::min(key.size() + 1, path.size());
  if (key.empty() || path.ends_with('.')) {
    problems.add(at, "the path has an empty part; write it like stn.tasks.timeout");
    return nullptr;
  }
  if (parent.is == yaml_node::kind::list) {
    path.remove_prefix(used);
    return element(parent, key, at, problems);
  }
  if (parent.is == yaml_node::kind::scalar) parent = empty_like(parent);
  parent.is = yaml_node::kind::map;
  if (yaml_node* found = longest_fit(parent, path)) {
    path.remove_prefix(std::min(found->key.size() + 1, path.size()));
    return found;
  }
  yaml_node& made = parent.children.emplace_back();
  made.key = key;
  made.key_at = made.at = at;
  path.remove_prefix(used);
  return &made;
}

// Puts the value of `in` at the path, which begins with a plugin's id.
void put(yaml_node& plugins, const std::string& path, const std::shared_ptr<const source>& in,
         diagnostics& problems) {
  const source_position at{in, 1, 1};
  const bool variable = in->from == source::kind::environment;
  yaml_node* place = longest_fit(plugins, path);
  if (place == nullptr) return report_no_plugin(plugins, path, at, problems);
  std::string_view rest = std::string_view(path).substr(std::min(place->key.size() + 1, path.size()));
  if (rest.empty())
    return void(problems.add(at, "this names a plugin; name one of its settings, like " +
                                     (variable ? in->name + "__timeout" : place->key + ".timeout")));
  if (variable && rest.substr(0, rest.find('.')) == "path")
    return void(problems.add(at, "where a plugin lies is never taken from the environment; write 'path:' in the profile"));
  auto value = read_value(in, problems);
  if (!value) return;
  while (place != nullptr && !rest.empty()) place = step(*place, rest, at, problems);
  if (place == nullptr) return;
  value->key = place->key;
  value->key_at = at;
  if (place->at.in != in) value->replaced = std::make_shared<const yaml_node>(std::move(*place));
  *place = std::move(*value);
}

constexpr std::string_view variable_prefix = "THARSIS__";

std::string spelled_for_variable(std::string_view key) {
  std::string out(key);
  for (char& c : out)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) c = '_';
  return out;
}

// The key that a variable's part means: the same one, else one that is spelled so in a variable.
std::string key_meant(const yaml_node* map, const std::string& part) {
  if (map == nullptr || map->is != yaml_node::kind::map || map->find(part)) return part;
  for (const yaml_node& child : map->children)
    if (spelled_for_variable(child.key) == part) return child.key;
  return part;
}

// The dotted path that a variable's name stands for; empty when a part of it is.
std::vector<std::string> path_meant(const yaml_node& plugins, std::string_view name) {
  std::vector<std::string> keys;
  const yaml_node* at = &plugins;
  for (name.remove_prefix(variable_prefix.size());;) {
    const size_t end = name.find("__");
    const std::string part(name.substr(0, end));
    if (part.empty()) return {};
    keys.push_back(key_meant(at, part));
    if (at != nullptr) at = at->find(keys.back());
    if (end == std::string_view::npos) return keys;
    name.remove_prefix(end + 2);
  }
}

void override_from_variable(yaml_node& plugins, const std::string& name, const std::string& value,
                            diagnostics& problems) {
  source said{name, value, source::kind::environment, absolute_path(".")};
  const auto in = std::make_shared<const source>(std::move(said));
  const auto keys = path_meant(plugins, name);
  if (keys.empty())
    return void(problems.add({in, 1, 1}, "the name has an empty part; write it like THARSIS__stn__tasks__timeout"));
  std::string path;
  for (const std::string& key : keys) path += (path.empty() ? "" : ".") + key;
  put(plugins, path, in, problems);
}

}  // namespace

void override_setting(yaml_node& plugins, const std::string& text, const std::string& owner, diagnostics& problems) {
  const size_t equals = text.find('=');
  const std::string typed = text.substr(0, equals);
  if (equals == std::string::npos || typed.empty())
    return void(problems.add({}, "--set takes KEY=VALUE, like --set stn.tasks.timeout=5s; got " + in_quotes(text)));
  source said{"--set " + typed, text.substr(equals + 1), source::kind::command_line, absolute_path(".")};
  const std::string path = owner.empty() ? typed : owner + "." + typed;
  put(plugins, path, std::make_shared<const source>(std::move(said)), problems);
}

void override_settings(yaml_node& plugins, const std::map<std::string, std::string>& environment,
                       diagnostics& problems) {
  for (const auto& [name, value] : environment)
    if (name.starts_with(variable_prefix)) override_from_variable(plugins, name, value, problems);
}

}  // namespace tharsis::runtime
