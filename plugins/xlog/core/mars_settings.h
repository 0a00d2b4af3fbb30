// What format mars can be told.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

namespace tharsis::xlog {

// A point of secp256k1: X, then Y, big-endian.
using mars_point = std::array<uint8_t, 64>;

enum class mars_compression : uint8_t { zlib, zstd };

struct mars_settings {
  mars_compression compress = mars_compression::zlib;
  int level = 0;  // 0: what suits the compression.
  std::optional<mars_point> recipient;  // Whom blocks are sealed for.

  bool operator==(const mars_settings&) const = default;
};

}  // namespace tharsis::xlog
