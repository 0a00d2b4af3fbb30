// CRC-32C (Castagnoli), as iSCSI and SSE 4.2 have it.
#pragma once
#include <cstdint>
#include <span>

namespace tharsis::xlog {

// Of `bytes`, or of what gave `before` and then `bytes`.
uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t before = 0);

// The same without the processor's instruction: what other processors use.
uint32_t crc32c_by_table(std::span<const uint8_t> bytes, uint32_t before = 0);

}  // namespace tharsis::xlog
