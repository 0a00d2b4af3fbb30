// Bytes as people write them down: two hexadecimal digits each; in small letters where we write them.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tharsis {

// Where `to` has room nothing is left behind elsewhere.
inline void append_hex(std::string& to, std::span<const uint8_t> bytes) {
  for (const uint8_t b : bytes)
    for (const int digit : {b >> 4, b & 15}) to += "0123456789abcdef"[digit];
}

inline std::string hex_text(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  append_hex(text, bytes);
  return text;
}

// Of a digit, small or large; -1: it is none.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// False: `hex` is not two digits for each byte of `into`, some of which may be written then.
inline bool read_hex(std::string_view hex, std::span<uint8_t> into) {
  if (hex.size() != 2 * into.size()) return false;
  for (size_t i = 0; i < into.size(); ++i) {
    const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    into[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace tharsis
