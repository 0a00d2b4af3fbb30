// Who waits until lines are in the file: callers in sync mode, and flush_now(). Any number of threads; whoever writes the
// file lets them look again.
#pragma once
#include <atomic>
#include <cstdint>

#include "plugins/xlog/segment.h"

namespace tharsis::xlog {

class write_waits {
 public:
  explicit write_waits(ring_system& system) : system_(system) {}
  write_waits(const write_waits&) = delete;

  // Until is_so(), `most` is over, or end(). [any thread]
  template <class Condition>
  bool wait(duration most, Condition is_so) {
    const instant end = later(system_.now(), most);
    for (;;) {
      const uint32_t turn = turn_;
      waiting_ = true;  // Before the look: what comes after it wakes us.
      if (is_so()) return true;
      const duration left = end - system_.now();
      if (ended_ || left <= duration::zero()) return false;
      system_.wait(turn_, turn, left);
    }
  }

  // What they wait for may have come. [any thread]
  void look_again() {
    if (!waiting_.exchange(false)) return;
    ++turn_;
    system_.wake_all(turn_);
  }

  // Nobody waits any more. [any thread]
  void end() {
    ended_ = true;
    ++turn_;
    system_.wake_all(turn_);
  }

 private:
  ring_system& system_;
  std::atomic<uint32_t> turn_{0};
  std::atomic<bool> waiting_{false};
  std::atomic<bool> ended_{false};
};

}  // namespace tharsis::xlog
