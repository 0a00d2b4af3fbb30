// Wall times as people and files write them, always UTC.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tharsis {

inline constexpr int64_t day_length = 86'400'000'000'000;  // Nanoseconds.

// "2026-11-25T10:11:12.123456Z"; what is finer than a microsecond is cut off.
inline constexpr size_t utc_size = 27;
inline constexpr size_t utc_date_size = 11;  // "2026-11-25T"
std::string moment_text(int64_t wall);
// Exactly that form, or nothing.
std::optional<int64_t> parse_utc(std::string_view text);

// "20261125", the day in which `wall` lies, and back to its number since 1970.
int64_t utc_day(int64_t wall);
std::string utc_day_text(int64_t day);
std::optional<int64_t> parse_utc_day(std::string_view text);

// What a person types: "2026-11-25", "2026-11-25T10:11", "2026-11-25 10:11:12.5", with or without a Z;
// or "10m", so long before `now`.
std::optional<int64_t> parse_moment(std::string_view text, int64_t now);

// For option_words: such a moment.
inline auto take_moment(int64_t& to, int64_t now) {
  return [&to, now](const std::string& text) {
    const auto moment = parse_moment(text, now);
    to = moment.value_or(to);
    return std::string(moment ? "" : "is no time; write 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago");
  };
}

}  // namespace tharsis
