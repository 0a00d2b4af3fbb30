// Sealing an outbox's records, where a key is set: AES-256-GCM, under a key of each file's own.
//
// A file's key is drawn from the person's key and 16 random bytes in the file's head, and every writer begins a
// file anew. A nonce is a record's number, which a writer never uses twice, also not for a record whose writing
// failed. So no key and nonce ever meet again, whatever was cut off or put back in between.
//
// What it does not do: whoever can put an older file back makes the past true again, and whoever reads the process
// reads its tasks.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::stn {

using outbox_salt = std::array<uint8_t, 16>;
using outbox_check = std::array<uint8_t, 16>;

// 32 secret bytes, wiped when they go.
class outbox_key {
 public:
  // 64 hexadecimal digits, as `openssl rand -hex 32` writes them, and nothing but blanks and ends of lines around.
  static result<outbox_key> parse(std::string_view text);
  outbox_key(const outbox_key&) = default;
  outbox_key& operator=(const outbox_key&) = default;
  ~outbox_key();

  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  outbox_key() = default;
  std::array<uint8_t, 32> bytes_{};
};

class outbox_seal {
 public:
  static constexpr size_t tag_size = 16;

  outbox_seal(const outbox_key& key, const outbox_salt& salt);
  outbox_seal(const outbox_seal&) = default;
  outbox_seal& operator=(const outbox_seal&) = default;
  ~outbox_seal();

  // Stands in the file's head, so that another key is told from damage.
  const outbox_check& check() const { return check_; }

  // The sealed bytes, tag behind them; empty: the library failed, and nothing may be written.
  std::vector<uint8_t> seal(uint64_t number, std::span<const uint8_t> head, std::span<const uint8_t> open) const;
  std::optional<std::vector<uint8_t>> open(uint64_t number, std::span<const uint8_t> head, std::span<const uint8_t> sealed) const;

 private:
  std::array<uint8_t, 32> key_{};
  outbox_check check_{};
};

}  // namespace tharsis::stn
