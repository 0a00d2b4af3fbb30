// co_await next_turn(place): who is ready on the strand goes first. For loops that may find work
// without end and would otherwise never suspend.
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
  void await_suspend(std::coroutine_handle<> waiter) { place_.ready(key_ = place_.arm(waiter)); }
  void await_resume() {}

 private:
  strand& place_;
  strand::key key_ = 0;
};

}  // namespace tharsis
