// Numbers, durations and sizes as people write them: "42", "5s", "64KiB". Decimal only; nothing is
// rounded, nothing wraps. A failure's sentence says what was expected; the caller adds where and what.
#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis {

namespace units {

struct unit {
  std::string_view name;
  int64_t factor;
};

inline constexpr unit of_time[] = {{"ns", 1},
                                   {"us", 1'000},
                                   {"ms", 1'000'000},
                                   {"s", 1'000'000'000},
                                   {"m", 60'000'000'000},
                                   {"h", 3'600'000'000'000},
                                   {"d", 86'400'000'000'000}};
inline constexpr unit of_size[] = {{"", 1},           {"B", 1},           {"KiB", 1LL << 10},
                                   {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40}};

inline error expected(std::string_view what) { return {THARSIS_E_INVALID, "expected " + std::string(what)}; }

// A whole number of one of the units, not negative.
template <size_t N>
result<int64_t> parse(std::string_view text, const unit (&known)[N], std::string_view what) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  for (const unit& u : known) {
    if (digits == 0 || text.substr(digits) != u.name) continue;
    int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + digits, number);
    (void)end;
    if (failure != std::errc() || number > std::numeric_limits<int64_t>::max() / u.factor)
      return expected(std::string(what) + " that fits into 64 bits");
    return number * u.factor;
  }
  return expected(what);
}

}  // namespace units

inline result<int64_t> parse_integer(std::string_view text) {
  int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc::result_out_of_range && end == text.data() + text.size())
    return units::expected("a whole number that fits into 64 bits");
  if (text.empty() || failure != std::errc() || end != text.data() + text.size())
    return units::expected("a whole number");
  return number;
}

// No infinity and no "not a number": a setting is something to calculate with.
inline result<double> parse_real(std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc::result_out_of_range) return units::expected("a number that fits into a double");
  if (text.empty() || failure != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return units::expected("a number like '0.5'");
  return number;
}

// One number and one of ns, us, ms, s, m, h, d.
inline result<duration> parse_duration(std::string_view text) {
  const auto parsed = units::parse(text, units::of_time, "a duration like '5s' or '200ms'");
  if (!parsed) return parsed.failure();
  return duration(*parsed);
}

// Bytes: a plain number, or one with B, KiB, MiB, GiB, TiB.
inline result<int64_t> parse_size(std::string_view text) {
  return units::parse(text, units::of_size, "a size like '64KiB' or '512MiB'");
}

}  // namespace tharsis
