// co_await next_turn(place): the others on this thread go first, and time moves on. For loops that may
// find work without end and would otherwise never suspend.
#pragma once
#include <coroutine>

#include "sdk/async/strand.h"

namespace tharsis {

class next_turn {
 public:
  explicit next_turn(strand& place) : place_(place) {}
  next_turn(const next_turn&) = delete;
  ~next_turn() { place_.disarm(key_); }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    key_ = place_.arm(waiter);
    const tharsis_loop& loop = place_.loop();
    loop.post(loop.self, 0, &strand::on_wake, &place_, key_);
  }
  void await_resume() {}

 private:
  strand& place_;
  strand::key key_ = 0;
};

}  // namespace tharsis
