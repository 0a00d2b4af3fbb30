// What others wrote (servers, certificates, files), as a person may be shown it: a terminal obeys some characters, and some turn
// around what stands beside them, so that a sentence reads as another one.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/pure/utf8.h"

namespace tharsis {

// The number in Unicode of a character of so many bytes (utf8_size, not 0).
constexpr uint32_t code_of(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(character[i])); };
  if (character.size() == 1) return byte(0);
  uint32_t code = byte(0) & (0xFFu >> (character.size() + 1));
  for (size_t i = 1; i < character.size(); ++i) code = code << 6 | (byte(i) & 0x3F);
  return code;
}

// Controls (C0, C1: U+009B begins a command as ESC [ does), and those that change the direction of a text.
constexpr bool is_harmful(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

// Each character that is harmful, a line's end too, and each byte that is no character of UTF-8 is shown as '?'.
inline std::string harmless(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  while (!text.empty()) {
    const size_t size = utf8_size(text);
    if (size == 0 || is_harmful(code_of(text.substr(0, size)))) made += '?';
    else made += text.substr(0, size);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return made;
}

// The same, but lines stay lines.
inline std::string harmless_lines(std::string_view text) {
  std::string made;
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) made += harmless(text.substr(0, end)) + '\n';
  return made + harmless(text);
}

}  // namespace tharsis
