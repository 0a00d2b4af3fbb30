// A pinned key: the SHA-256 of a certificate's public key with its algorithm (SubjectPublicKeyInfo), as profiles
// write it: "sha256/" and 44 letters of base64.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis {

using key_pin = std::array<uint8_t, 32>;

//   THARSIS_E_INVALID  it is not written like that.
result<key_pin> parse_pin(std::string_view text);
std::string pin_text(const key_pin& pin);

}  // namespace tharsis
