// The sum over the part of a superblock that never changes, and over the wrapped key: FNV-1a, 64 bits. It tells a
// whole superblock from a half-written or rotten one; it is no protection against people.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "plugins/xlog/core/ring_layout.h"

namespace tharsis::xlog {

inline uint64_t segment_sum(const segment_file::superblock& s, std::span<const uint8_t> key) {
  uint64_t sum = 0xcbf29ce484222325;
  const auto add = [&sum](std::span<const uint8_t> bytes) {
    for (const uint8_t b : bytes) sum = (sum ^ b) * 0x100000001b3;
  };
  add({reinterpret_cast<const uint8_t*>(&s), offsetof(segment_file::superblock, sum)});
  add(key);
  return sum;
}

}  // namespace tharsis::xlog
