// When the time of each open task is over, the earliest first. What was answered before that is not looked for: it leaves
// when it comes to the front, or when most of what is kept is of such.
//
// Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class task_deadlines {
 public:
  void add(instant at, uint64_t id) {
    heap_.emplace_back(at, id);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  bool empty() const { return heap_.empty(); }
  instant first() const { return heap_.empty() ? never : heap_.front().first; }
  uint64_t first_id() const { return heap_.front().second; }
  void remove_first() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
  }
  // After tasks have ended: the first one is of an open task from here on. `open`: how many there are.
  template <class IsOpen>
  void forget(size_t open, IsOpen is_open) {
    while (!heap_.empty() && !is_open(heap_.front().second)) remove_first();
    if (heap_.size() <= 2 * open + sweep_min) return;
    std::erase_if(heap_, [&](const auto& d) { return !is_open(d.second); });
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  size_t size() const { return heap_.size(); }  // Those of answered tasks too.

 private:
  // They are swept out when they are more than all that are open and this.
  static constexpr size_t sweep_min = 64;
  std::vector<std::pair<instant, uint64_t>> heap_;
};

}  // namespace tharsis::stn
