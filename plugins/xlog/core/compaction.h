// Closed files that a quiet program wrote in many small blocks are put into few large ones: which files are worth it, and when is
// the time for it. Everything here is values in, values out.
#pragma once
#include <cstdint>
#include <limits>
#include <string>

#include "plugins/xlog/core/clock_anchor.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

// What the headers of a file say.
struct file_survey {
  uint64_t bytes = 0;
  uint64_t blocks = 0;
  uint64_t rows = 0;
  int64_t first = std::numeric_limits<int64_t>::max();  // Wall time of its first line,
  int64_t last = 0;                                     // and of its last one.
};

// Whether fewer blocks would make it smaller by more than the work is worth. Once it was compacted, they would not: whoever
// comes later need not try again.
constexpr bool is_worth_compacting(const file_survey& s) {
  return s.bytes >= compact_bytes_least && s.blocks > 2 && s.rows / s.blocks < compact_small_block;
}
constexpr bool is_worth_replacing(uint64_t before, uint64_t after) { return after <= before - before / compact_gain; }

// Blocks of different moments have clocks that differ by some nanoseconds, and a block has one. So ticks of compacted blocks
// are nanoseconds since the file's first line, and no time changes by a single one. A reader divides as doubles do, and cuts
// what is behind the point: a second is given a few ticks less than there are, so that no quotient falls below its number.
inline constexpr double compact_ticks_per_second = 1e9 - 0x1p-18;
// As far as that holds for sure: more than a day.
inline constexpr uint64_t compact_ticks_most = uint64_t{1} << 47;

constexpr clock_anchor compact_anchor(uint64_t tick, int64_t first) {
  return {tick, first + static_cast<int64_t>(tick), compact_ticks_per_second};
}

// When it is quiet enough.
class compaction_pace {
 public:
  compaction_pace(duration after, instant now) : after_(after), quiet_from_(later(now, after)), counted_from_(now) {}

  void on_lines(uint64_t count, instant now) {
    if (now - counted_from_ > after_) counted_from_ = now, lines_ = 0;
    lines_ += count;
    if (lines_ > compact_quiet_lines) quiet_from_ = later(now, after_);
  }
  instant quiet_from() const { return quiet_from_; }
  bool is_quiet(instant now) const { return now >= quiet_from_; }

  // Between two steps of work.
  static duration pause_after(duration worked) {
    return std::clamp<duration>(worked * compact_pauses, compact_pause_least, compact_pause_most);
  }

 private:
  const duration after_;
  instant quiet_from_, counted_from_;
  uint64_t lines_ = 0;
};

}  // namespace tharsis::xlog
