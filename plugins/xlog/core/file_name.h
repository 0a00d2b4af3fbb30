// The names of log files: xlog_20261125.tlog, xlog_20261125_1.tlog, ...; what stands before the day is the name of who
// writes them, and the ending says what is in them.
#pragma once
#include <algorithm>
#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/file_format.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {

// Some 140 years from 1970, in nanoseconds: whatever names, files and file systems say of their time, differences fit.
inline constexpr int64_t farthest_time = 51'000 * day_length;

struct file_name {
  int64_t day = 0;      // Since 1970, UTC.
  uint32_t number = 0;  // Of the day.
  std::string of = "xlog";
  std::string ending{ending_of(file_format::xlog)};

  auto operator<=>(const file_name&) const = default;
};

inline std::string name_text(const file_name& name) {
  return name.of + "_" + utc_day_text(name.day) + (name.number > 0 ? "_" + std::to_string(name.number) : "") + name.ending;
}

// No '_', so that a file's name can be read in one way only; as much as a segment can remember of it.
inline bool is_log_name(std::string_view text) {
  const auto may_be = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() < 64 && std::all_of(text.begin(), text.end(), may_be);
}

// Nothing for a name that name_text would not give.
inline std::optional<file_name> parse_file_name(std::string_view text) {
  const std::string_view of = text.substr(0, text.find('_'));
  const std::string_view ending = text.substr(std::min(text.rfind('.'), text.size()));
  if (!is_log_name(of) || !format_of_ending(ending) || text.size() < of.size() + 9 + ending.size()) return {};
  const auto day = parse_utc_day(text.substr(of.size() + 1, 8));
  if (!day) return {};
  file_name name{*day, 0, std::string(of), std::string(ending)};
  const std::string_view number = text.substr(of.size() + 9, text.size() - of.size() - 9 - ending.size());
  if (number.size() > 1) std::from_chars(number.data() + 1, number.data() + number.size(), name.number);
  return text == name_text(name) ? std::optional(name) : std::nullopt;
}

// Mars' programs call their files as they like; one that is still mapped has no day.
inline bool is_name_of_mars(std::string_view text) { return text.ends_with(".xlog") || text.ends_with(".mmap3"); }

}  // namespace tharsis::xlog
