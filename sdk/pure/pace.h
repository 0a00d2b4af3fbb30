// How long a peer that must move bytes is waited for: never longer than `quiet` without a byte, and on average
// so many bytes a second, after a first `quiet` on credit. Who sends one byte a minute to keep a place occupied
// is out of both. Only the time counts that was spent waiting for the peer. Pure.
#pragma once
#include <algorithm>
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis {

class pace {
 public:
  struct terms {
    duration quiet = 30s;
    uint64_t bytes_per_second = 100;
  };
  explicit pace(terms t) : terms_(t) {}

  // Until when to wait, now that there is nothing to do but wait.
  instant deadline(instant now) const {
    const duration earned = std::chrono::milliseconds(moved_ * 1000 / std::max<uint64_t>(terms_.bytes_per_second, 1));
    return later(now, std::max(duration{}, std::min(terms_.quiet - still_, terms_.quiet + earned - waited_)));
  }
  void on_wait(duration d) {
    waited_ += d;
    still_ += d;
  }
  void on_moved(uint64_t bytes) {
    moved_ += bytes;
    if (bytes > 0) still_ = {};
  }

 private:
  terms terms_;
  uint64_t moved_ = 0;
  duration waited_{};
  duration still_{};  // Since the last byte.
};

}  // namespace tharsis
