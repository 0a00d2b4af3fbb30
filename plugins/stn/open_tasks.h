// Which tasks have no end yet, and the way back to stn for what their callers say of them. Shared with what is on
// its way to other strands, which may arrive there when stn is gone.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "plugins/stn/back_door.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/open_numbers.h"

namespace tharsis::stn {

struct outbox_taker;

// What is said of a task on a strand that is not stn's.
struct task_letter {
  enum class kind {
    start, cancel, encoded, again, ended, clear, redo, touch, reset, go,
    adopt, release, unheard, acknowledge, discard, list,  // The outbox's. unheard: the answer of an entry reached nobody.
  };
  kind what = kind::cancel;
  size_t link = 0;
  tharsis_handle id = 0;            // Of a task; the outbox's: of an entry, or an adopter.
  std::unique_ptr<request> of;      // start, again; ended: with what is left of it.
  uint32_t number = 0;              // again: the verdict. encoded: the connection.
  tharsis_status status = THARSIS_OK;  // encoded, ended.
  int32_t code = 0;                 // ended, by STOP.
  std::vector<uint8_t> body;        // encoded; ended, by STOP.
  std::string text;                 // encoded: why not. clear: the user.
  std::string name;                 // clear and the like: the links; empty: all.
  size_t short_link = 0;            // encoded: for this one, from 1 on; 0: for the long link.
  std::shared_ptr<const outbox_taker> taker = {};  // adopt, list.
};

class open_tasks {
 public:
  open_tasks(int64_t most, inbox<task_letter>& home) : numbers_(most), home_(home) {}

  // False: as many as may be are open.
  bool open(tharsis_handle& id) { return numbers_.open(id); }
  void close(tharsis_handle id) { numbers_.close(id); }
  bool has(tharsis_handle id) const { return numbers_.has(id); }

  back_door<task_letter>& home() { return home_; }

 private:
  open_numbers numbers_;
  back_door<task_letter> home_;
};

}  // namespace tharsis::stn
