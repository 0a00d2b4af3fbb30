// The names of log files: xlog_20261125.log, xlog_20261125_1.log, ...; and which file a line goes to.
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
  return "xlog_" + utc_day_text(name.day) + (name.number > 0 ? "_" + std::to_string(name.number) : "") + ".log";
}

// Nothing for a name that name_text would not give.
inline std::optional<file_name> parse_file_name(std::string_view text) {
  if (!text.starts_with("xlog_") || !text.ends_with(".log") || text.size() < 17) return {};
  const auto day = parse_utc_day(text.substr(5, 8));
  if (!day) return {};
  file_name name{*day, 0};
  const std::string_view number = text.substr(13, text.size() - 17);
  if (number.size() > 1) std::from_chars(number.data() + 1, number.data() + number.size(), name.number);
  return text == name_text(name) ? std::optional(name) : std::nullopt;
}

enum class place { this_file, next_number, other_day };

// Where a line of `line` bytes, said on `day`, goes when `open` holds `bytes` already. Lines that
// threads said before midnight and that arrive after it stay with the new day: nobody goes back for
// them. So the file of a day holds lines of that day and of the day before, and no others; only a
// clock that was wrong by more than that makes us turn back.
inline place place_of(const file_name& open, uint64_t bytes, int64_t day, uint64_t line, uint64_t file_size) {
  if (day != open.day && day != open.day - 1) return place::other_day;
  return bytes > 0 && bytes + line > file_size ? place::next_number : place::this_file;
}

}  // namespace tharsis::xlog
