// The arguments of one line, as a block keeps them apart: what sdk/abi/log.h calls the fixed parts, and the texts' bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sdk/pure/log_format.h"

namespace tharsis::xlog {

struct cells {
  std::span<const uint8_t> fixed;           // Lengths of texts included.
  std::span<const std::string_view> texts;  // One for each letter s and x of the codes.
};

// Adds them as they stood in a ring.
inline void append_cells(std::vector<uint8_t>& to, const cells& c) {
  to.insert(to.end(), c.fixed.begin(), c.fixed.end());
  for (const std::string_view text : c.texts) to.insert(to.end(), text.begin(), text.end());
}

// Arguments that stand in one piece, taken apart; none: they do not fit to the codes. `texts` holds what is answered.
std::optional<cells> split_cells(std::string_view codes, std::span<const uint8_t> arguments, std::vector<std::string_view>& texts);

// One of them; `fixed` and `text` are where it stands.
log_argument argument_in(const cells& from, char code, size_t fixed, size_t text);
log_argument argument_at(std::string_view codes, const cells& from, size_t number);

}  // namespace tharsis::xlog
