// Another way beside the connection, by which its requests may go. The queue offers it each one whose turn it is.
#pragma once
#include <cstddef>
#include <cstdint>

#include "plugins/stn/core/request.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// What an answer is for.
enum class answer_use {
  ends_it,  // The task ends with it, if there is one.
  waits,    // Another answer to the same task may be better, and is on its way.
  late,     // The task has ended by another one.
};

class side_way {
 public:
  // True: it is carried here, and the connection writes it only if it is asked to (task_queue::write_too). `r` has its sequence.
  virtual bool take(const request& r, instant now) = 0;
  // Nobody waits for its answer any more, or it waits for its turn again. Also of those that were not taken.
  virtual void on_gone(uint32_t sequence, instant now) = 0;

  // The connection itself has brought an answer.
  virtual answer_use on_answer(uint32_t /*sequence*/, bool /*refused*/, instant) { return answer_use::ends_it; }
  // The connection is dead: does this way take care of the request still?
  virtual bool carries(uint32_t /*sequence*/) const { return false; }
  // Answers that the connection has yet to bring though nobody waits for them.
  virtual size_t owed() const { return 0; }
  // How many small frames are to follow what the connection has just written.
  virtual int take_companions() { return 0; }

 protected:
  ~side_way() = default;
};

}  // namespace tharsis::stn
