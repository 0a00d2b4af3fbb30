// Numbers that stand for something open, for every thread and without a lock: given out, looked at, and closed.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "sdk/abi/abi.h"

namespace tharsis::stn {

class open_numbers {
 public:
  // Room for twice the most, so that a free number is never far.
  explicit open_numbers(int64_t most) : most_(most), ids_(room_for(most)) {}

  // A number that was not given before. False: `most` are open. [any thread, as all of this]
  bool open(tharsis_handle& id) {
    if (count_.fetch_add(1, std::memory_order_relaxed) >= most_) return count_.fetch_sub(1, std::memory_order_relaxed), false;
    for (;;) {
      id = last_.fetch_add(1, std::memory_order_relaxed) + 1;
      tharsis_handle free = 0;  // The place of an old one that is still open is passed over.
      if (place(id).compare_exchange_strong(free, id, std::memory_order_relaxed)) return true;
    }
  }
  // One that is open, once.
  void close(tharsis_handle id) {
    place(id).store(0, std::memory_order_relaxed);
    count_.fetch_sub(1, std::memory_order_relaxed);
  }
  // The same, where it may be closed already. True: it was open.
  bool close_if_open(tharsis_handle id) {
    tharsis_handle expected = id;
    if (id == 0 || !place(id).compare_exchange_strong(expected, 0, std::memory_order_relaxed)) return false;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  bool has(tharsis_handle id) const { return id != 0 && ids_[id & (ids_.size() - 1)].load(std::memory_order_relaxed) == id; }

 private:
  static size_t room_for(int64_t most) {
    size_t room = 2;
    while (room < 2 * static_cast<size_t>(most)) room *= 2;
    return room;
  }
  std::atomic<tharsis_handle>& place(tharsis_handle id) { return ids_[id & (ids_.size() - 1)]; }

  const int64_t most_;
  std::vector<std::atomic<tharsis_handle>> ids_;
  std::atomic<tharsis_handle> last_ = 0;
  std::atomic<int64_t> count_ = 0;
};

}  // namespace tharsis::stn
