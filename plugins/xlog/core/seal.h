// Sealing a file: each block under a key of its own (key_tree.h), so that one cannot be altered, put
// elsewhere or made up without being found out, and whoever takes over the process cannot read the blocks of files that it
// wrote before. Of the rings that is not true: their one key lives as long as the process, and lines stay in the .ring file for a
// lap after they are in a block. Whoever takes over the process reads those, and what stands in older copies of
// that file.
//
// A block has a number, a clear header of the caller's, and one or more payloads that are sealed in place, each
// with its tag behind it; a payload opens without the others, a block without the blocks before it. The nonce is
// the block's number, the payload's, and whether the block is the last: all of that is proven by the tag, and so
// is the header. Into its header the caller puts chain(), the beginning of the tag before; numbers, chain and last
// block show, also to who has no key, what is missing (frame_chain.h).
//
// The seal proves that nothing was changed since; not who wrote it: anybody can seal for a public key. A child of
// fork() must not use its parent's sealer: both would seal block n, with one key and one nonce.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/cipher.h"
#include "plugins/xlog/core/envelope.h"
#include "plugins/xlog/core/key_file.h"
#include "plugins/xlog/core/key_tree.h"

namespace tharsis::xlog {

inline constexpr size_t payloads_max = 255;

// The first bytes of a tag, or of the last 16 bytes of a file's envelope.
uint32_t chain_of(byte_view tag);

// [one thread at a time]
class file_sealer {
 public:
  // `head`: what stands in the file before the envelope; no block opens behind another one.
  static result<file_sealer> make(std::span<const public_key> recipients, const tharsis_random& random, const unique_id& file,
                                  byte_view head = {}, cipher_suite suite = fastest_suite());

  // For all whom this envelope is for, by one of them. `head` must be one behind which nothing was sealed before: the same
  // would give the same keys. Failures as of open_envelope; THARSIS_E_PROTOCOL too, where somebody altered it.
  static result<file_sealer> again(byte_view envelope, const private_key& key, byte_view head);

  // For the head of the file.
  byte_view envelope() const { return envelope_; }
  cipher_suite suite() const { return suite_; }
  // For the next block's header.
  uint32_t chain() const { return chain_; }

  // Seals a block. The last 16 bytes of each payload are room for its tag. Numbers grow; the keys of
  // skipped ones are forgotten. After the last block nothing is sealed any more. False: the number is none that
  // can be sealed, or the library failed: the payloads are wiped, and nothing may be written.
  [[nodiscard]] bool seal(uint64_t number, byte_view header, std::span<const std::span<uint8_t>> payloads, bool last = false);

 private:
  file_sealer(cipher_suite suite, aead cipher, key_tree keys, std::vector<uint8_t> envelope);
  bool try_seal(uint64_t number, byte_view header, std::span<const std::span<uint8_t>> payloads, bool last);

  cipher_suite suite_;
  aead cipher_;
  key_tree keys_;
  std::vector<uint8_t> envelope_;
  uint32_t chain_;
};

// [one thread at a time]
class file_opener {
 public:
  // Failures as of open_envelope.
  static result<file_opener> make(byte_view envelope, const private_key& key, byte_view head = {});

  const unique_id& file() const { return file_; }
  // False: somebody altered the envelope, though not what this key needs of it.
  bool envelope_intact() const { return intact_; }

  struct place {
    uint64_t number = 0;
    uint8_t payload = 0;  // From 0, in the block's order.
    bool last = false;
  };
  // Opens a payload in place, tag included in `sealed`. THARSIS_OK; THARSIS_E_PROTOCOL: it, its header, or its place
  // is not what was sealed, and all of it is wiped. The payloads of a block and the blocks in order are
  // cheapest (two hashes for a block, about a microsecond each); any other block costs at most 64.
  error open(const place& where, byte_view header, std::span<uint8_t> sealed);

 private:
  file_opener(aead cipher, secret root, const unique_id& file, bool intact);
  const secret* key_of(uint64_t number);

  aead cipher_;
  secret root_;
  unique_id file_;
  bool intact_;
  key_tree keys_;
  std::optional<uint64_t> number_;  // Whose key `key_` is.
  secret key_;
};

}  // namespace tharsis::xlog
