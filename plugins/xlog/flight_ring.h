// Lines that are recorded and not written, until an error comes: one more ring of the segment, so that a crash leaves
// them to the next start. Only the drain writes it. The oldest lines give way to new ones.
//
// A line stands there as in its thread's ring, with 16 bytes before its arguments (core/flight_line.h).
#pragma once
#include <cstdint>
#include <deque>

#include "plugins/xlog/core/row.h"
#include "plugins/xlog/ring_set.h"

namespace tharsis::xlog {

class flight_ring {
 public:
  explicit flight_ring(ring_set& rings) : rings_(rings) {}

  // Whether there is one.
  bool exists() const { return rings_.flight() != nullptr; }
  // Its number among the segment's rings.
  uint32_t number() const { return rings_.count(); }

  // False: it is too long for this ring.
  bool can_hold(const row& line) const;
  // A line that stands in ring `from` at `position`; `thread` said it. False: there is no room, because lines
  // that are to be written are not in a file yet.
  bool record(const row& line, uint32_t from, uint64_t position, uint64_t thread);

  // An error has come: all lines of now are to be written. False: there are none but those that were to be already.
  bool release();
  // Lines before this position are to be written.
  uint64_t released() const { return released_; }

 private:
  bool make_room(uint64_t size);
  uint64_t size() const;

  ring_set& rings_;
  std::deque<uint64_t> marks_;  // Where some of the lines begin, far enough from each other to be few.
  uint64_t released_ = 0;
};

}  // namespace tharsis::xlog
