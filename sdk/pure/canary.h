// What a canary page answers: a server of one's own that says something nobody on the way can know in advance, so that
// portals, caches and rewriters show. The gateway serves it, sdt asks for it. Pure.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/pure/sha256.h"

namespace tharsis {

// HMAC-SHA256 (RFC 2104) of the nonce, in 64 hexadecimal digits.
inline std::string canary_mark(std::string_view key, std::string_view nonce) {
  constexpr size_t block = 64;
  std::array<uint8_t, block> inner{}, outer{};
  std::array<uint8_t, 32> hashed{};
  if (key.size() > block) {
    sha256_sum shorter;
    shorter.add(key.data(), key.size());
    hashed = shorter.digest();
    key = {reinterpret_cast<const char*>(hashed.data()), hashed.size()};
  }
  for (size_t i = 0; i < block; ++i) {
    const auto octet = i < key.size() ? static_cast<uint8_t>(key[i]) : uint8_t{0};
    inner[i] = static_cast<uint8_t>(octet ^ 0x36u);
    outer[i] = static_cast<uint8_t>(octet ^ 0x5Cu);
  }
  sha256_sum first;
  first.add(inner.data(), inner.size());
  first.add(nonce.data(), nonce.size());
  const auto digest = first.digest();
  sha256_sum second;
  second.add(outer.data(), outer.size());
  second.add(digest.data(), digest.size());
  return second.hex();
}

}  // namespace tharsis
