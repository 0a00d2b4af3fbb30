// A secret of 32 bytes, sealed for one or more recipients: what stands in the clear at the head of a sealed
// file or ring.
//
//   0    u8 version, u8 suite, u16 recipients
//   4    16 bytes: the id of the file or ring
//   20   32 bytes: X25519, made for this envelope alone
//   52   for each recipient: 8 bytes id of the key, 32 bytes the secret sealed, 16 bytes tag
//   end  16 bytes: a code over all before it, by the secret
//
// The recipient's key: HKDF-SHA256 of the shared secret, with id, purpose, and both points. All little-endian.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/cipher.h"
#include "plugins/xlog/core/key_file.h"

namespace tharsis::xlog {

inline constexpr size_t recipients_max = 32;
constexpr size_t envelope_size(size_t recipients) { return 52 + recipients * 56 + 16; }

using unique_id = std::array<uint8_t, 16>;

struct contents {
  cipher_suite suite = cipher_suite::aes;
  unique_id id{};  // Random; never the same twice.
  secret key;
};

// `purpose` is part of the sealing: "file", "ring". What was sealed for one does not open for another.
result<std::vector<uint8_t>> seal_envelope(std::string_view purpose, const contents& inside,
                                           std::span<const public_key> recipients, const tharsis_random& random);

struct opened_envelope {
  contents inside;
  // False: another recipient's part is damaged, or somebody altered it; ours is sound.
  bool intact = true;
};

//   THARSIS_E_PROTOCOL  the bytes are no envelope, or ours is damaged
//   THARSIS_E_DENIED    sealed for others; the text names them
result<opened_envelope> open_envelope(std::string_view purpose, byte_view envelope, const private_key& key);

// Whose keys open it; what needs no key. Empty: the bytes are no envelope.
std::vector<key_id> recipients_of(byte_view envelope);

}  // namespace tharsis::xlog
