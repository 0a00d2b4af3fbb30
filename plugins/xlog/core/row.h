// One line as it stands in a thread's ring: behind its head.
#pragma once
#include <cstdint>
#include <span>

namespace tharsis::xlog {

struct row {
  uint32_t site = 0;
  uint32_t thread = 0;
  uint64_t tick = 0;
  std::span<const uint8_t> arguments;  // As sdk/abi/log.h says; what follows them is ignored. row_head bytes before them can be read.
};

// What one row may hold, and what the rows of one block hold together (each with its 16 bytes of head). A writer
// keeps to it, so a reader can refuse more, and no file makes it use more memory.
inline constexpr size_t row_bytes_max = 4 << 20;
inline constexpr size_t block_bytes_max = 8 << 20;
inline constexpr uint32_t block_rows_max = 1 << 16;
inline constexpr size_t row_head = 16;

}  // namespace tharsis::xlog
