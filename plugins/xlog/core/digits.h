// Whole numbers as decimal digits, fast. [core]
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace tharsis::xlog {

inline constexpr size_t digits_most = 20 + 7;  // Of 64 bits, with what is written too much.

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

inline constexpr uint64_t digit_zeros = 0x3030'3030'3030'3030;  // As characters.

// Eight digits of a number below 10^8, a byte each, the first one lowest: halves, and halves of these, side by side.
inline uint64_t eight_digits(uint64_t value) {
  const uint64_t fours = value / 10'000 | value % 10'000 << 32;
  const uint64_t hundreds = (fours * 10'486 >> 20) & 0x0000'007F'0000'007F;  // Of each four, by 2^-20 * 10486, which is right below 10^4.
  const uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
  const uint64_t tens = (pairs * 103 >> 10) & 0x000F'000F'000F'000F;         // As above, right below 179.
  return tens | (pairs - 10 * tens) << 8;
}

// Where they end. Up to seven bytes more are written.
inline char* put_number(char* to, uint64_t value) {
  if (value >= 100'000'000) {
    to = put_number(to, value / 100'000'000);
    const uint64_t rest = eight_digits(value % 100'000'000) | digit_zeros;
    std::memcpy(to, &rest, 8);
    return to + 8;
  }
  const uint64_t digits = eight_digits(value);
  const int unused = std::countr_zero(digits | uint64_t{1} << 56) & ~7;  // Bits of zeros in front; the last digit stands.
  const uint64_t shown = (digits | digit_zeros) >> unused;
  std::memcpy(to, &shown, 8);
  return to + 8 - unused / 8;
}
inline char* put_number(char* to, int64_t value) {
  if (value >= 0) return put_number(to, static_cast<uint64_t>(value));
  *to = '-';
  return put_number(to + 1, ~static_cast<uint64_t>(value) + 1);
}

}  // namespace tharsis::xlog
