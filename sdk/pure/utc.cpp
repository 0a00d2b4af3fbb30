#include "sdk/pure/utc.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>

#include "sdk/pure/units.h"

namespace tharsis {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int64_t lowest = std::numeric_limits<int64_t>::min() / 1000;  // Microseconds that still fit.
constexpr int64_t highest = std::numeric_limits<int64_t>::max() / 1000;

constexpr int64_t floor_of(int64_t value, int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

// Exactly `count` digits at the front, taken off.
std::optional<int> digits(std::string_view& text, size_t count) {
  if (text.size() < count) return {};
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> day_of(int year, int month, int day) {
  const year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return {};
  return sys_days(date).time_since_epoch().count();
}

// Taken off the front: "2026-11-25".
std::optional<int64_t> date(std::string_view& text) {
  const auto year = digits(text, 4);
  if (!year || !skip(text, "-")) return {};
  const auto month = digits(text, 2);
  if (!month || !skip(text, "-")) return {};
  const auto day = digits(text, 2);
  return day ? day_of(*year, *month, *day) : std::nullopt;
}

// Microseconds of the day: "10:11", with seconds and up to six digits of their fraction if they are there.
std::optional<int64_t> time_of_day(std::string_view& text) {
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !skip(text, ":")) return {};
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59) return {};
  int64_t micros = (*hour * 60 + *minute) * 60'000'000LL;
  if (!skip(text, ":")) return micros;
  const auto second = digits(text, 2);
  if (!second || *second > 59) return {};
  micros += *second * 1'000'000LL;
  if (!skip(text, ".")) return micros;
  int64_t unit = 100'000;
  const size_t before = text.size();
  for (; unit > 0 && !text.empty() && text[0] >= '0' && text[0] <= '9'; unit /= 10, text.remove_prefix(1))
    micros += (text[0] - '0') * unit;
  return text.size() < before ? std::optional(micros) : std::nullopt;
}

std::optional<int64_t> wall_of(int64_t day, int64_t micros) {
  const int64_t whole = day * (day_length / 1000) + micros;  // Four digits of a year cannot overflow.
  if (whole < lowest || whole > highest) return {};
  return whole * 1000;
}

}  // namespace

std::string moment_text(int64_t wall) {
  const int64_t micros = std::max(floor_of(wall, 1000), lowest);
  const int64_t day = floor_of(micros, day_length / 1000);
  const year_month_day when{sys_days(std::chrono::days(day))};
  const int64_t rest = micros - day * (day_length / 1000);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int(when.year()), unsigned(when.month()),
                unsigned(when.day()), static_cast<int>(rest / 3'600'000'000), static_cast<int>(rest / 60'000'000 % 60),
                static_cast<int>(rest / 1'000'000 % 60), static_cast<int>(rest % 1'000'000));
  return text;
}

std::optional<int64_t> parse_utc(std::string_view text) {
  if (text.size() != utc_size || text[10] != 'T' || text[19] != '.' || text.back() != 'Z') return {};
  const auto day = date(text);
  if (!day || !skip(text, "T")) return {};
  const auto micros = time_of_day(text);
  return micros && text == "Z" ? wall_of(*day, *micros) : std::nullopt;
}

int64_t utc_day(int64_t wall) { return floor_of(wall, day_length); }

std::string utc_day_text(int64_t day) {
  const year_month_day when{sys_days(std::chrono::days(day))};
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02u", int(when.year()), unsigned(when.month()), unsigned(when.day()));
  return text;
}

std::optional<int64_t> parse_utc_day(std::string_view text) {
  const auto year = digits(text, 4), month = digits(text, 2), day = digits(text, 2);
  return year && month && day && text.empty() ? day_of(*year, *month, *day) : std::nullopt;
}

std::optional<int64_t> parse_moment(std::string_view text, int64_t now) {
  if (const auto before = parse_duration(text)) return now - before->count();
  const auto day = date(text);
  if (!day) return {};
  if (text.empty()) return wall_of(*day, 0);
  if (!skip(text, "T ")) return {};
  const auto micros = time_of_day(text);
  skip(text, "Z");
  return micros && text.empty() ? wall_of(*day, *micros) : std::nullopt;
}

}  // namespace tharsis
