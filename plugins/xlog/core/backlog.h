// Lines that wait for the file, within a bound of memory.
//
// When memory is full the least severe lines give way, the newest of them first; a line that finds
// nothing less severe than itself is lost. What was lost is counted and stands, as a line of its
// own, at the place where the first one is missing.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

class backlog {
 public:
  explicit backlog(size_t memory) : memory_(memory) {}

  // False: this line is lost.
  bool add(record r);

  struct batch {
    std::vector<record> records;  // In the order of add().
    uint64_t through = 0;         // Every line up to this sequence is here, was taken before, or is lost.
    size_t bytes = 0;             // Memory that counts as used until release().
  };
  // The oldest lines, at least one if any waits, and more while they are below `bytes`.
  batch take(size_t bytes);
  void release(size_t bytes) { used_ -= bytes; }

  bool empty() const { return waiting_ == 0 && !gap_; }
  size_t waiting_bytes() const { return waiting_; }
  uint64_t last_sequence() const { return sequence_; }
  uint64_t lost() const { return lost_; }

  // Gives up what waits, and answers how many lines that were.
  uint64_t clear();

 private:
  struct entry {
    uint64_t sequence;
    size_t cost;
    record line;
  };
  struct gap {
    uint64_t sequence;  // Of the first lost line.
    int64_t first, last;
    std::array<uint64_t, levels_count> counts{};
  };

  void lose(uint64_t sequence, const record& r);
  record gap_line() const;
  std::deque<entry>* oldest();

  size_t memory_;
  size_t used_ = 0;     // By lines that wait and by those that were taken and not released.
  size_t waiting_ = 0;  // By lines that wait.
  std::array<std::deque<entry>, levels_count> by_level_;
  std::array<size_t, levels_count> bytes_{};
  uint64_t sequence_ = 0;
  uint64_t lost_ = 0;
  std::optional<gap> gap_;
};

}  // namespace tharsis::xlog
