#include "sdk/pure/json.h"

#include "sdk/pure/harmless.h"

namespace tharsis {
namespace {

void append_escaped(std::string& out, std::string_view character) {
  switch (character.front()) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const uint32_t code = code_of(character);
  if (!is_harmful(code)) {
    out += character;
    return;
  }
  char number[8];
  std::snprintf(number, sizeof number, "\\u%04x", static_cast<unsigned>(code));
  out += number;
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t n = utf8_size(text);
    if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      append_escaped(out, text.substr(0, n));
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out + "\"";
}

}  // namespace tharsis
