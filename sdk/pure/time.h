// Instants and durations: std::chrono types over the host's monotonic nanoseconds. Nothing here
// reads a clock.
#pragma once
#include <chrono>
#include <cstdint>

namespace tharsis {

using namespace std::chrono_literals;

using duration = std::chrono::nanoseconds;

// The host's monotonic clock: an arbitrary start, never going back.
struct host_clock {
  using duration = tharsis::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<host_clock>;
  static constexpr bool is_steady = true;
};
using instant = host_clock::time_point;

inline constexpr instant never = instant::max();

constexpr instant instant_from(int64_t nanoseconds) { return instant(duration(nanoseconds)); }
constexpr int64_t nanoseconds(instant at) { return at.time_since_epoch().count(); }

// `at + wait` that stays `never` instead of wrapping.
constexpr instant later(instant at, duration wait) {
  return wait > duration::zero() && at > never - wait ? never : at + wait;
}

constexpr int64_t milliseconds(duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace tharsis
