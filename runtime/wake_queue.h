// A strand's waiting wakes, first in, first out. Two vectors that change places: no allocation once
// the load is steady.
#pragma once
#include <cstddef>
#include <vector>

#include "sdk/abi/loop.h"

namespace tharsis::runtime {

// Without a function, `handle` names an object of the strand that has something to do.
struct queued_wake {
  tharsis_wake wake = nullptr;
  void* context = nullptr;
  tharsis_handle handle = 0;
};

class wake_queue {
 public:
  void push(const queued_wake& wake) { arriving_.push_back(wake); }

  bool pop(queued_wake& wake) {
    if (next_ == leaving_.size()) {
      if (arriving_.empty()) return false;
      leaving_.clear();
      leaving_.swap(arriving_);
      if (leaving_.size() > largest_) largest_ = leaving_.size();
      next_ = 0;
    }
    wake = leaving_[next_++];
    return true;
  }

  // The most that were seen to wait when one was taken out.
  size_t largest() const { return largest_; }
  size_t size() const { return leaving_.size() - next_ + arriving_.size(); }
  bool empty() const { return next_ == leaving_.size() && arriving_.empty(); }

  // Frees the memory too.
  void clear() {
    arriving_ = {};
    leaving_ = {};
    next_ = 0;
  }

 private:
  std::vector<queued_wake> arriving_;
  std::vector<queued_wake> leaving_;
  size_t next_ = 0;
  size_t largest_ = 0;
};

}  // namespace tharsis::runtime
