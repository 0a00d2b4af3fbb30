// One argument of many lines as few bytes: how numbers of 64 bits and doubles are written one below the other.
// Exact for every value.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "plugins/xlog/core/bits.h"

namespace tharsis::xlog {

// Above their smallest, or from one to the next, whichever is narrower. Signed or not: 64 bits come back.
// `scratch` is overwritten and must be as large as `values`.
void append_numbers(byte_sink& to, std::span<const uint64_t> values, std::span<uint64_t> scratch);
void read_numbers(byte_source& from, std::span<uint64_t> values);

// A double that has few decimals is the whole number that it is times a power of ten; where most are not, their
// bits are kept. `values` are the doubles' bits, and overwritten.
class double_columns {
 public:
  void append(byte_sink& to, std::span<uint64_t> values, std::span<uint64_t> scratch);

 private:
  struct patch {
    uint32_t at;
    uint64_t bits;
  };
  std::vector<patch> patches_;  // Kept for its memory.
};
void read_doubles(byte_source& from, std::span<uint64_t> values);

// Times in the order of the lines: the first, then for each 64 that follow their differences.
void append_times(byte_sink& to, std::span<const uint64_t> times, std::span<uint64_t> scratch);
void read_times(byte_source& from, std::span<uint64_t> times);

}  // namespace tharsis::xlog
