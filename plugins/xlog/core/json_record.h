// One line of our JSON form, read back; see json_line.h. Keys in any order, others passed over; `fields` too, since what they
// say stands in the text.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

// Why it is none: "byte 31: ..."; nothing: it is in `into`, which is unspecified otherwise.
std::optional<std::string> parse_json_line(std::string_view line, record& into);

}  // namespace tharsis::xlog
