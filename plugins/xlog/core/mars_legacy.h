// Records of Mars' first versions, magic 0x01 to 0x05. Nobody wrote down what they are, and Mars' decoders disagree about them:
// a header of 5 bytes, or of 9 or 13; payloads with or without a byte over each of theirs; packed or not. What gives text counts.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tharsis::xlog {

constexpr bool is_mars_legacy_magic(uint8_t magic) { return magic >= 0x01 && magic <= 0x05; }

struct mars_legacy_record {
  size_t size = 0;   // Of the whole record, with its last byte.
  std::string text;  // Empty: no way of reading it gives text.
};

// The record at the front of `bytes`; nothing: there is none that is whole. `last`: the file ends with them.
std::optional<mars_legacy_record> read_mars_legacy(std::span<const uint8_t> bytes, bool last);

}  // namespace tharsis::xlog
