// What a person asks of a field: "bytes > 1000", "host = im.test", "took >= 20ms", "path ~ /cache/".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/cells.h"
#include "plugins/xlog/core/site.h"
#include "sdk/pure/error.h"
#include "sdk/pure/log_format.h"

namespace tharsis::xlog {

enum class comparison { equal, unequal, less, at_most, more, at_least, holds };

struct condition {
  std::string field;  // Its name in the text, or its number from 0.
  comparison how = comparison::equal;
  std::string value;                      // As it was typed,
  std::optional<int64_t> whole = {};      // as a number,
  std::optional<double> real = {};
  std::optional<int64_t> duration = {};   // or as a time, in nanoseconds: "20ms".

  // Whether the field has such a value. A text that is compared with < or > is one that is no number.
  bool holds_for(const log_argument& a) const;
};

result<condition> parse_condition(std::string_view text);

// Which argument of a site a name means; none: it has no such field.
std::optional<size_t> argument_named(const site& s, std::string_view field);

}  // namespace tharsis::xlog
