// Reading JSON (RFC 8259) that may be cut, forged or hostile: everything is bounded, every error has its place.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis {

class json_value {
 public:
  enum class kind : uint8_t { null, boolean, number, text, list, group };
  struct member;

  kind type = kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;               // UTF-8; of a number its digits as they stood.
  std::vector<json_value> items;  // Of a list.
  std::vector<member> fields;     // Of a group, in the order they stood; no name twice.

  // A group's field, or null where there is none.
  const json_value* find(std::string_view name) const;
  bool is(kind k) const { return type == k; }
};

struct json_value::member {
  std::string first;
  json_value second;
};

// Deeper nesting than this is refused: a parser's stack is no place for a guest's bytes.
inline constexpr int json_depth_max = 32;
// Of one group; nobody writes more.
inline constexpr size_t json_fields_max = 1024;

// The whole text must be one value. Errors: "line 1, column 17: a field's name is in quotes".
result<json_value> parse_json(std::string_view text);

}  // namespace tharsis
