// What makes the bytes of a ring unreadable: each is combined with the stream's byte of its position. A
// segment has a key of its own, and a position is never used twice, so no byte of the stream is.
//
// It hides; it does not prove: who can write to the ring's file can alter bits of what is not in a log file yet.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "plugins/xlog/core/cipher.h"
#include "plugins/xlog/core/envelope.h"
#include "plugins/xlog/core/key_file.h"

namespace tharsis::xlog {

// [one thread at a time]
class keystream {
 public:
  static result<keystream> make(const contents& ring);

  // The stream's bytes from `position` on. False: the library failed; nothing may be sealed with `into`.
  [[nodiscard]] bool fill(uint64_t position, std::span<uint8_t> into);
  // data ^= the stream: opens what was sealed. False: the library failed, and `data` is worth nothing.
  [[nodiscard]] bool apply(uint64_t position, std::span<uint8_t> data) { return cipher_.apply(position, data); }
  // The same stream, for another thread.
  result<keystream> copy() const;

 private:
  explicit keystream(stream_cipher cipher) : cipher_(std::move(cipher)) {}
  stream_cipher cipher_;
};

// One stream for each ring (by the upper 16 bits of the position) and one for the rest, so that nobody waits for another
// one's. [one thread at a time for each]
class ring_streams {
 public:
  static result<ring_streams> make(const keystream& of, uint32_t rings);
  [[nodiscard]] bool fill(uint64_t position, std::span<uint8_t> into);

 private:
  std::vector<keystream> streams_;
};

struct new_keystream {
  keystream stream;
  std::vector<uint8_t> wrapped;  // For the superblock: 124 bytes, and 56 for each further recipient.
};

// With a new key that nobody but the recipients gets. `id` is the segment's.
result<new_keystream> make_keystream(std::span<const public_key> recipients, const tharsis_random& random, const unique_id& id,
                                     cipher_suite suite = fastest_suite());
// Of the segment whose superblock holds `wrapped`; failures as of open_envelope.
result<keystream> unwrap_keystream(byte_view wrapped, const private_key& key);

}  // namespace tharsis::xlog
