// The names of log files: xlog_20261125.tlog, xlog_20261125_1.tlog, ...
#pragma once
#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/utc.h"

namespace tharsis::xlog {

struct file_name {
  int64_t day = 0;      // Since 1970, UTC.
  uint32_t number = 0;  // Of the day.

  auto operator<=>(const file_name&) const = default;
};

inline std::string name_text(const file_name& name) {
  return "xlog_" + utc_day_text(name.day) + (name.number > 0 ? "_" + std::to_string(name.number) : "") + ".tlog";
}

// Nothing for a name that name_text would not give.
inline std::optional<file_name> parse_file_name(std::string_view text) {
  if (!text.starts_with("xlog_") || !text.ends_with(".tlog") || text.size() < 18) return {};
  const auto day = parse_utc_day(text.substr(5, 8));
  if (!day) return {};
  file_name name{*day, 0};
  const std::string_view number = text.substr(13, text.size() - 18);
  if (number.size() > 1) std::from_chars(number.data() + 1, number.data() + number.size(), name.number);
  return text == name_text(name) ? std::optional(name) : std::nullopt;
}

}  // namespace tharsis::xlog
