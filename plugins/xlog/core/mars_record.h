// One record of a file in Mars' form. The file is nothing but such records:
//
//   0   u8 magic, u16 number, u8 hour of its first line, u8 of its last one (local time), u32 bytes of the payload
//   9   64 bytes: who sealed it, a point of secp256k1; zeros where it is plain
//   73  the payload, then one byte 0
//
// All little-endian. A record with lines as they come ("sync") has them in the clear and the number 0; one with a block of
// lines has them compressed, perhaps sealed, and counts from 1 to 65535 and again from 1.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "plugins/xlog/core/mars_cipher.h"

namespace tharsis::xlog {

struct mars_record_header {
  uint8_t magic = 0;
  uint16_t number = 0;
  uint8_t first_hour = 0, last_hour = 0;
  uint32_t length = 0;
  mars_point sealed_by{};

  static constexpr size_t size = 73;
  static constexpr size_t tail_size = 1;
};

// Today's; what older versions of Mars wrote, core/mars_legacy.h knows.
constexpr bool is_mars_magic(uint8_t magic) { return magic >= 0x06 && magic <= 0x0D; }
// In the clear.
constexpr bool is_mars_sync(uint8_t magic) { return magic == 0x06 || magic == 0x08 || magic == 0x0A || magic == 0x0B; }
constexpr bool is_mars_sealed(uint8_t magic) { return magic == 0x07 || magic == 0x0C; }
constexpr mars_compression mars_compression_of(uint8_t magic) { return magic >= 0x0A ? mars_compression::zstd : mars_compression::zlib; }

constexpr uint8_t mars_sync_magic(mars_compression c) { return c == mars_compression::zlib ? 0x08 : 0x0B; }
constexpr uint8_t mars_block_magic(mars_compression c, bool sealed) {
  if (c == mars_compression::zlib) return sealed ? 0x07 : 0x09;
  return sealed ? 0x0C : 0x0D;
}

void append_mars_header(std::string& to, const mars_record_header& h);
// `bytes`: at least mars_record_header::size of them. Nothing: no magic of today.
std::optional<mars_record_header> decode_mars_header(std::span<const uint8_t> bytes);

}  // namespace tharsis::xlog
