#include "runtime/setting_override.h"

#include <algorithm>
#include <optional>

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
  diagnostic& d = problems.add(at, "the profile names no plugin " + quoted(first));
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
  problems.add(at, "the list has no element " + quoted(number) + "; " +
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

}  // namespace

void override_setting(yaml_node& plugins, const std::string& text, const std::string& owner, diagnostics& problems) {
  const size_t equals = text.find('=');
  const std::string typed = text.substr(0, equals);
  const auto in = std::make_shared<const source>(source{
      "--set " + typed, equals == std::string::npos ? "" : text.substr(equals + 1), source::kind::command_line});
  const source_position at{in, 1, 1};
  if (equals == std::string::npos || typed.empty())
    return void(problems.add({}, "--set takes KEY=VALUE, like --set stn.tasks.timeout=5s; got " + quoted(text)));

  const std::string path = owner.empty() ? typed : owner + "." + typed;
  yaml_node* place = longest_fit(plugins, path);
  if (place == nullptr) return report_no_plugin(plugins, path, at, problems);
  std::string_view rest = std::string_view(path).substr(std::min(place->key.size() + 1, path.size()));
  if (rest.empty())
    return void(problems.add(at, "this names a plugin; name one of its settings, like " + place->key + ".timeout"));
  auto value = read_value(in, problems);
  if (!value) return;
  while (place != nullptr && !rest.empty()) place = step(*place, rest, at, problems);
  if (place == nullptr) return;
  value->key = place->key;
  value->key_at = at;
  *place = std::move(*value);
}

}  // namespace tharsis::runtime
