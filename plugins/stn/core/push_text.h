// How a push is shown by `tharsis stn listen`.
#pragma once
#include <algorithm>
#include <string>

#include "plugins/stn/core/session.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/json.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {

// Of a line for a person; JSON has all of it.
inline constexpr size_t push_shown = 512;

// Text that a terminal may show as it is: UTF-8 without control characters, of either kind.
inline bool is_shown_text(std::span<const uint8_t> bytes) {
  std::string_view rest = as_text(bytes);
  while (!rest.empty()) {
    const size_t size = utf8_size(rest);
    const auto first = static_cast<unsigned char>(rest[0]);
    const bool control = size == 1 ? first < 0x20 || first == 0x7F : first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0;
    if (size == 0 || control) return false;
    rest.remove_prefix(size);
  }
  return true;
}

inline std::string push_line(const push& p) {
  const auto shown = std::span<const uint8_t>(p.body).first(std::min(p.body.size(), push_shown));
  const std::string body = is_shown_text(p.body) && shown.size() == p.body.size() ? std::string(as_text(shown)) : hex_text(shown);
  return "push " + std::to_string(p.command) + ", " + std::to_string(p.body.size()) + " bytes: " + body + (shown.size() < p.body.size() ? "..." : "");
}

inline std::string push_json(const push& p) {
  json_object all;
  all.add("command", p.command).add("bytes", p.body.size()).add("body", hex_text(p.body));
  if (is_shown_text(p.body)) all.add("text", as_text(p.body));
  return all.text();
}

}  // namespace tharsis::stn
