// What settings a plugin has: their types, ranges, defaults and meaning, as its manifest describes
// them. In plugin.yaml:
//
//     settings:
//       interval_min: { type: duration, default: 210s, min: 1s, max: 1h, about: "..." }
//       links: { type: map, of: { type: group, settings: { ... } }, min: 1 }
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/yaml_tree.h"

namespace tharsis::runtime {

// A map has free keys and values of one kind; a group has fixed keys, each with its own.
// `any` is for the runtime's own files only: a part that is checked elsewhere.
enum class setting_type { boolean, integer, real, text, duration, size, choice, endpoint, path, list, map, group, any };

std::string_view type_name(setting_type type);  // As a manifest spells it: "bool", "enum".

// The end of a range. Durations in nanoseconds, sizes in bytes, lists and maps in entries.
struct bound {
  int64_t whole = 0;
  double real = 0;   // Of a real only.
  std::string text;  // As written, for messages.
};

struct setting {
  std::string name;
  source_position at;  // In the manifest.
  setting_type type = setting_type::text;
  bool required = false;
  bool secret = false;  // Never shown; holds for everything inside too.
  std::string deprecated;  // What to do instead: "use x instead"; empty: it is not.
  std::string about;
  std::optional<yaml_node> preset;  // The default.
  std::optional<bound> min, max;
  std::vector<std::string> values;   // Of an enum.
  std::vector<std::string> schemes;  // Of an endpoint; empty: any.
  std::vector<setting> members;      // Of a group.
  std::vector<setting> element;      // Of a list or map: exactly one.

  const setting* member(std::string_view wanted) const;
};

// It, or something inside of it.
bool holds_secret(const setting& described);

// The group that a manifest's `settings:` describes. Everything is checked, defaults too.
setting parse_settings(const yaml_node& described, diagnostics& problems);

}  // namespace tharsis::runtime
