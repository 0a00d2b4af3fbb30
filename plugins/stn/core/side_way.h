// Another way beside the connection, by which its requests may go. The queue offers it each one whose turn it is.
#pragma once
#include <cstdint>

#include "plugins/stn/core/request.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

class side_way {
 public:
  // True: it is carried here, and the connection writes it only if it is asked to (task_queue::write_too). `r` has its sequence.
  virtual bool take(const request& r, instant now) = 0;
  // Nobody waits for its answer any more, or it waits for its turn again. Also of those that were not taken.
  virtual void on_gone(uint32_t sequence, instant now) = 0;

 protected:
  ~side_way() = default;
};

}  // namespace tharsis::stn
