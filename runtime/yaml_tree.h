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

  const yaml_node* find(std::string_view wanted) const;  // The first child with this key.
  yaml_node* find(std::string_view wanted);
};

inline constexpr size_t yaml_text_largest = 4 << 20;
inline constexpr size_t yaml_deepest = 64;

// Nothing when the text cannot be read at all. A tree may come together with problems (a duplicate
// key, an anchor); then it is good for finding more of them, and for nothing else.
std::optional<yaml_node> parse_yaml(const std::shared_ptr<const source>& in, diagnostics& problems);

}  // namespace tharsis::runtime
