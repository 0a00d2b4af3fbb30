// UTF-8, as far as whoever prints unknown bytes must know it.
#pragma once
#include <cstddef>
#include <string_view>

namespace tharsis {

// The length of the character that `text` begins with, 0 if none does: overlong forms, halves of
// surrogate pairs and characters that are cut off are none.
constexpr size_t utf8_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  size_t n = 0;
  if (first < 0x80) n = 1;
  else if (first >= 0xC2 && first < 0xE0) n = 2;
  else if (first >= 0xE0 && first < 0xF0) n = 3;
  else if (first >= 0xF0 && first < 0xF5) n = 4;
  if (n == 0 || n > text.size()) return 0;
  for (size_t i = 1; i < n; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) >= 0xA0) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return n;
}

// As much of `text` as fits into `most` bytes without cutting a character.
constexpr std::string_view utf8_cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  size_t n = most;
  while (n > 0 && most - n < 3 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  return text.substr(0, n);
}

}  // namespace tharsis
