// Whose turn it is to be logged, at a place that could say the same too often. Each call in a program is a place of its
// own and counts for itself; what was held back since the last line is for that line to tell:
//
//   if (log_first(3)) log.info("the cache is cold");
//   if (const auto turn = log_every(1000)) log.debug("a packet of {} bytes; {held} before it", size, turn.held);
//   if (const auto turn = log_at_most(1s, now)) log.warning("{host} refuses; {held} more times", host, turn.held);
//   if (const auto turn = log_unlike_last(code, host)) log.error("{} from {}; {held} times the last", code, host, turn.held);
//
// [any thread]
#pragma once
#include <atomic>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sdk/pure/time.h"

namespace tharsis {

struct log_turn {
  bool comes = false;
  uint64_t held = 0;  // How often it was not its turn since it last was.

  explicit operator bool() const { return comes; }
};

namespace log_detail {

// How often, or when, a place was reached.
template <class Place>
inline constinit std::atomic<uint64_t> count{0};
template <class Place>
inline constinit std::atomic<uint64_t> held_back{0};

template <class Place>
log_turn turn_if(bool comes) {
  if (comes) return {true, held_back<Place>.exchange(0, std::memory_order_relaxed)};
  held_back<Place>.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// FNV-1a.
inline uint64_t sum_of(uint64_t sum, const void* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) sum = (sum ^ static_cast<const unsigned char*>(bytes)[i]) * 1099511628211u;
  return sum;
}
template <class T>
uint64_t sum_with(uint64_t sum, const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    const std::string_view text = value;
    return sum_with(sum_of(sum, text.data(), text.size()), text.size());
  } else {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_pointer_v<T>, "a number, an enum, a pointer or a text");
    return sum_of(sum, &value, sizeof value);
  }
}

}  // namespace log_detail

// The first n times.
template <class Place = decltype([] {})>
log_turn log_first(uint64_t n) {
  auto& count = log_detail::count<Place>;
  if (count.load(std::memory_order_relaxed) >= n) return {};
  return {count.fetch_add(1, std::memory_order_relaxed) < n, 0};
}

// The first time, and every nth after it.
template <class Place = decltype([] {})>
log_turn log_every(uint64_t n) {
  return log_detail::turn_if<Place>(n == 0 || log_detail::count<Place>.fetch_add(1, std::memory_order_relaxed) % n == 0);
}

// Never twice within `interval`.
template <class Place = decltype([] {})>
log_turn log_at_most(duration interval, instant now) {
  auto& next = log_detail::count<Place>;  // The instant from which on it may come, from the clock's earliest on.
  constexpr uint64_t earliest = uint64_t{1} << 63;
  uint64_t allowed = next.load(std::memory_order_relaxed);
  const uint64_t at = static_cast<uint64_t>(nanoseconds(now)) ^ earliest;
  const uint64_t then = static_cast<uint64_t>(nanoseconds(later(now, interval))) ^ earliest;
  return log_detail::turn_if<Place>(at >= allowed && next.compare_exchange_strong(allowed, then, std::memory_order_relaxed));
}

// Whenever the values differ from the last ones, as far as a sum of 64 bits can tell.
template <class Place = decltype([] {}), class... A>
log_turn log_unlike_last(const A&... values) {
  uint64_t sum = 14695981039346656037u;
  ((sum = log_detail::sum_with(sum, values)), ...);
  return log_detail::turn_if<Place>(log_detail::count<Place>.exchange(sum | 1, std::memory_order_relaxed) != (sum | 1));
}

}  // namespace tharsis
