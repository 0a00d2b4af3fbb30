// YAML text as a small tree in which every value and every key knows its place. A strict subset: one
// document of maps, lists and scalars; no anchors, aliases, tags or duplicate keys. What a scalar
// means (a number, a duration, a word) is not decided here.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/diagnostic.h"

namespace tharsis::runtime {

struct yaml_node {
  enum class kind { null, scalar, list, map };
  kind is = kind::null;
  std::string text;     // Of a scalar.
  bool quotes = false;  // The scalar was written in quotes, or as a block.
  source_position at;
  std::string key;  // In a map: what this value is filed under.
  source_position key_at;
  std::vector<yaml_node> children;  // Of a list or map, in the order of the text.
  std::shared_ptr<const yaml_node> replaced;  // What a weaker layer said here; of a map only where.

  const yaml_node* find(std::string_view wanted) const;  // The first child with this key.
  yaml_node* find(std::string_view wanted);
};

inline constexpr size_t yaml_text_largest = 4 << 20;
inline constexpr size_t yaml_deepest = 64;

// The text of a map's value; empty when there is none, or it is no single one.
std::string text_in(const yaml_node& map, std::string_view key);

// Nothing when the text cannot be read at all. A tree may come together with problems (a duplicate
// key, an anchor); then it is good for finding more of them, and for nothing else.
std::optional<yaml_node> parse_yaml(const std::shared_ptr<const source>& in, diagnostics& problems);

// The value on one line, as one would type it: "[a, b]", "{ key: value }".
std::string one_line(const yaml_node& node);

// A stronger layer on a weaker one: maps are merged, key by key and all the way down; everything else is
// replaced. A key with nothing behind it leaves a map as it is.
yaml_node laid_over(yaml_node weaker, yaml_node stronger);

}  // namespace tharsis::runtime
