// Letters whose case does not count, as in names of hosts, of HTTP's fields and of log fields: those of ASCII, whatever the
// locale. All other bytes are themselves.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace tharsis {

constexpr char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return small_letter(x) == small_letter(y); });
}

inline std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), small_letter);
  return small;
}

}  // namespace tharsis
