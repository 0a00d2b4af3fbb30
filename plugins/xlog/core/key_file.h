// Keys as people keep them: text of seven words.
//
//   tharsis xlog public key 1
//   9f86d081884c7d65
//   (64 hexadecimal digits)
//
// The words may stand on one line, so that a public key fits into a profile. The second line is the key's id:
// it names the key in files and in sentences, and shows a digit that was lost on the way.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/xlog/core/cipher.h"

namespace tharsis::xlog {

using key_id = std::array<uint8_t, 8>;
std::string key_id_text(const key_id& id);

struct public_key {
  key_bytes point{};

  key_id id() const;  // The first bytes of the point's SHA-256.
  bool operator==(const public_key&) const = default;
};

struct private_key {
  secret scalar;
  public_key open;  // What belongs to it.
  bool of_mars = false;  // It is a scalar of Mars' curve, and `open` is nothing.
};

result<private_key> make_private_key(const tharsis_random& random);

inline constexpr size_t key_text_max = 4096;  // Whoever reads a key's file need not read more of it.

// Whether a setting is a key itself and not the path of its file.
bool is_key_text(std::string_view text);

// `what` names the text in errors: a path, or "xlog.encrypt.to.0". No error quotes a digit of a key.
result<public_key> parse_public_key(std::string_view text, std::string_view what);
// Or of Mars: 64 hexadecimal digits.
result<private_key> parse_private_key(std::string_view text, std::string_view what);

std::string public_key_text(const public_key& key);
// For the caller to wipe.
std::string private_key_text(const private_key& key);

}  // namespace tharsis::xlog
