// Whole numbers as decimal digits, fast. [core]
#pragma once
#include <array>
#include <cstdint>
#include <cstring>

namespace tharsis::xlog {

inline constexpr size_t digits_most = 20;  // Of 64 bits.

inline constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// Exactly `count` digits; `value` has no more.
inline void put_digits(char* to, uint64_t value, size_t count) {
  while (count >= 2) {
    count -= 2;
    std::memcpy(to + count, &digit_pairs[value % 100 * 2], 2);
    value /= 100;
  }
  if (count == 1) *to = static_cast<char>('0' + value % 10);
}

inline size_t digits_of(uint64_t value) {
  size_t count = 1;
  for (;; value /= 10'000, count += 4) {
    if (value < 10) return count;
    if (value < 100) return count + 1;
    if (value < 1000) return count + 2;
    if (value < 10'000) return count + 3;
  }
}

// Where they end.
inline char* put_number(char* to, uint64_t value) {
  const size_t count = digits_of(value);
  put_digits(to, value, count);
  return to + count;
}
inline char* put_number(char* to, int64_t value) {
  if (value >= 0) return put_number(to, static_cast<uint64_t>(value));
  *to = '-';
  return put_number(to + 1, ~static_cast<uint64_t>(value) + 1);
}

}  // namespace tharsis::xlog
