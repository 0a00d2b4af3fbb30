// What the header of a block's frame says of its rows in the clear, so that who looks for lines need not open them.
#pragma once
#include <cstdint>
#include <string>

#include "plugins/xlog/core/clock_anchor.h"
#include "plugins/xlog/core/frame.h"

namespace tharsis::xlog {

struct block_facts {
  uint32_t rows = 0;
  uint32_t threads = 0;
  uint8_t levels = 0;              // Bit: level.
  uint64_t sites = 0;              // Bit: site_bit() of its number.
  uint64_t tick_min = 0, tick_max = 0;  // Shifted.
  uint16_t epoch = 0;
};

constexpr uint64_t site_bit(uint32_t site) {
  return uint64_t{1} << ((uint64_t{site} * 0x9E3779B97F4A7C15) >> 58);
}

// What a header can say of that many.
constexpr uint8_t told_threads(uint32_t threads) { return static_cast<uint8_t>(threads < 255 ? threads : 255); }

// What the rows of a block were found to be.
struct rows_facts {
  block_facts are;              // Without the epoch, and with the levels of the sites that are known.
  bool sites_are_known = true;  // All of them.
  bool recorded = false;        // Some row is.
};

// A sentence that names all in which they differ; empty: in nothing. Times are told by the clock of `anchor`, `shift` is
// the file's.
std::string what_differs(const frame_header& says, const rows_facts& rows, const clock_anchor& anchor, unsigned shift);

}  // namespace tharsis::xlog
