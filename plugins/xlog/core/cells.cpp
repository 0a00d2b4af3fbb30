#include "plugins/xlog/core/cells.h"

#include <cstring>

#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

log_argument argument_in(const cells& from, char code, size_t fixed, size_t text) {
  log_argument a;
  a.code = code;
  if (const int size = fixed_bytes_of(code); size > 0) std::memcpy(&a.bits, from.fixed.data() + fixed, static_cast<size_t>(size));
  if (code == THARSIS_LOG_I32) a.bits = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(a.bits)));
  if (is_text(code)) a.text = from.texts[text];
  return a;
}

log_argument argument_at(std::string_view codes, const cells& from, size_t number) {
  size_t fixed = 0, texts = 0;
  for (const char code : codes.substr(0, number)) {
    fixed += static_cast<size_t>(fixed_bytes_of(code));
    texts += is_text(code) ? 1 : 0;
  }
  return argument_in(from, codes[number], fixed, texts);
}

std::optional<cells> split_cells(std::string_view codes, std::span<const uint8_t> arguments, std::vector<std::string_view>& texts) {
  texts.clear();
  log_arguments each(codes, arguments);
  for (log_argument a; each.next(a);)
    if (is_text(a.code)) texts.push_back(a.text);
  if (each.broken()) return {};
  const auto fixed = fixed_bytes(codes);
  return cells{arguments.first(*fixed), texts};
}

}  // namespace tharsis::xlog
