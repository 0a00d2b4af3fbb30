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

// The length of a colour at the head of it: ESC [ numbers m. 0: there is none.
constexpr size_t colour_size(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end < text.size() && text[end] == 'm' ? end + 1 : 0;
}

// The same, but colours stay, and end with it.
inline std::string harmless_painted(std::string_view text) {
  std::string made;
  bool painted = false;
  while (!text.empty()) {
    const size_t next = text.find('\x1b'), colour = next == text.npos ? 0 : colour_size(text.substr(next));
    const size_t plain = next == text.npos ? text.size() : next + (colour == 0 ? 1 : 0);
    made += harmless_lines(text.substr(0, plain));
    made += text.substr(plain, colour);
    if (colour > 0) painted = true;
    text.remove_prefix(plain + colour);
  }
  return painted && !made.ends_with("\x1b[0m") && !made.ends_with("\x1b[0m\n") ? made + "\x1b[0m" : made;
}

}  // namespace tharsis
