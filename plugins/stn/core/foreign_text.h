// A sentence of the server's, as it may stand in ours and in a log: short, and without control bytes.
#pragma once
#include <string>
#include <string_view>

namespace tharsis::stn {

inline std::string foreign_text(std::string_view text) {
  constexpr size_t most = 300;
  size_t n = text.size();
  if (n > most) {
    n = most;
    while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;  // At a character's border.
  }
  std::string clean(text.substr(0, n));
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return n < text.size() ? clean + "..." : clean;
}

}  // namespace tharsis::stn
