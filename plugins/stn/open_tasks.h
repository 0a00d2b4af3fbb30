// Which tasks have no end yet, and the way back to stn for what their callers say of them. Shared with what is on
// its way to other strands, which may arrive there when stn is gone.
#pragma once
#include <atomic>
#include <vector>

#include "plugins/stn/back_door.h"
#include "plugins/stn/core/task_queue.h"

namespace tharsis::stn {

// What is said of a task on a strand that is not stn's.
struct task_letter {
  enum class kind { start, cancel, encoded, again, ended, clear, redo, touch, reset };
  kind what = kind::cancel;
  size_t link = 0;
  tharsis_handle id = 0;
  std::unique_ptr<request> of;      // start, again; ended: with what is left of it.
  uint32_t number = 0;              // again: the verdict. encoded: the connection.
  tharsis_status status = THARSIS_OK;  // encoded, ended.
  int32_t code = 0;                 // ended, by STOP.
  std::vector<uint8_t> body;        // encoded; ended, by STOP.
  std::string text;                 // encoded: why not. clear: the user.
  std::string name;                 // clear and the like: the links; empty: all.
  size_t short_link = 0;            // encoded: for this one, from 1 on; 0: for the long link.
};

class open_tasks {
 public:
  // Room for twice the most, so that a free number is never far.
  open_tasks(int64_t most, inbox<task_letter>& home) : most_(most), ids_(room_for(most)), home_(home) {}

  // False: `most` are open.
  bool open(tharsis_handle& id) {
    if (count_.fetch_add(1, std::memory_order_relaxed) >= most_) return count_.fetch_sub(1, std::memory_order_relaxed), false;
    for (;;) {
      id = last_.fetch_add(1, std::memory_order_relaxed) + 1;
      tharsis_handle free = 0;  // The place of an old task that is still open is passed over.
      if (place(id).compare_exchange_strong(free, id, std::memory_order_relaxed)) return true;
    }
  }
  void close(tharsis_handle id) {
    place(id).store(0, std::memory_order_relaxed);
    count_.fetch_sub(1, std::memory_order_relaxed);
  }
  bool has(tharsis_handle id) const { return id != 0 && ids_[id & (ids_.size() - 1)].load(std::memory_order_relaxed) == id; }

  back_door<task_letter>& home() { return home_; }

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
  back_door<task_letter> home_;
};

}  // namespace tharsis::stn
