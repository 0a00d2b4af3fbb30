// Bytes as people write them down: two hexadecimal digits each, in small letters.
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace tharsis {

inline std::string hex_text(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const uint8_t b : bytes)
    for (const int digit : {b >> 4, b & 15}) text += "0123456789abcdef"[digit];
  return text;
}

}  // namespace tharsis
