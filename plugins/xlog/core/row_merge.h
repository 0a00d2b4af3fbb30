// The lines of all rings in the order of their clocks. What comes later than a look is not seen by it: a line that
// one thread says long after another's, and that arrives first, may stand before it.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/xlog/core/ring_cursor.h"
#include "plugins/xlog/core/row.h"

namespace tharsis::xlog {

class row_merge {
 public:
  // A ring from this position on. Once for each.
  void add_ring(uint32_t ring, const ring_bytes& bytes, uint64_t from, uint32_t record_max) {
    if (sources_.size() <= ring) sources_.resize(ring + 1);
    sources_[ring].emplace(ring_cursor(bytes, from, record_max), ring);
    given_ = nullptr;  // It may have moved.
  }
  bool has(uint32_t ring) const { return ring < sources_.size() && sources_[ring].has_value(); }

  // Lines up to `head` are seen from now on.
  void look_up_to(uint32_t ring, uint64_t head) {
    sources_[ring]->cursor.look_up_to(head);
    before_ = 0;
  }

  // The next line, without taking it; its arguments are good until its ring is released. `sites`: the numbers known so far and one.
  bool next(row& out, uint32_t sites) {
    // Threads log in runs: mostly the next line is in the same ring, and the others need no look.
    if (given_ == nullptr || !fill(*given_, sites) || given_->record.tick >= before_) choose(sites);
    if (given_ == nullptr) return false;
    out = {given_->record.site, given_->ring, given_->record.tick, given_->record.arguments};
    return true;
  }
  // Past the line that next() gave.
  void take() {
    given_->cursor.pass(given_->record);
    given_->filled = false;
  }

  // What was taken from this ring is looked at no more.
  void release(uint32_t ring) { sources_[ring]->cursor.release(); }

  uint64_t position(uint32_t ring) const { return sources_[ring]->cursor.position(); }

  // Bytes that have been seen and not taken.
  uint64_t unread() const {
    uint64_t bytes = 0;
    for (const auto& s : sources_)
      if (s) bytes += s->cursor.head() - s->cursor.position();
    return bytes;
  }

  // Bytes of rings that were no lines and have been passed over.
  uint64_t take_damage() { return std::exchange(damage_, 0); }

 private:
  struct source {
    source(ring_cursor c, uint32_t r) : cursor(std::move(c)), ring(r) {}
    ring_cursor cursor;
    uint32_t ring;
    ring_record record;
    bool filled = false;
  };

  // Of the rings' first lines the earliest; of equal ones the first ring's.
  void choose(uint32_t sites) {
    given_ = nullptr;
    before_ = ~uint64_t{0};
    for (auto& s : sources_) {
      if (!s || !fill(*s, sites)) continue;
      if (given_ != nullptr && s->record.tick >= given_->record.tick) {
        before_ = std::min(before_, s->record.tick);
        continue;
      }
      if (given_ != nullptr) before_ = given_->record.tick;
      given_ = &*s;
    }
  }

  bool fill(source& s, uint32_t sites) {
    if (s.filled) return true;
    switch (s.cursor.next(s.record, sites)) {
      case ring_cursor::found::record: return s.filled = true;
      case ring_cursor::found::damaged: damage_ += s.cursor.pass_all(); return false;
      default: return false;
    }
  }

  std::vector<std::optional<source>> sources_;
  source* given_ = nullptr;
  uint64_t before_ = 0;  // No other ring has an earlier line than this.
  uint64_t damage_ = 0;
};

}  // namespace tharsis::xlog
