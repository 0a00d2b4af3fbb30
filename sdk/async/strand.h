// The plugin's strand as coroutines see it: time, timers, and a queue of resumptions.
//
// Whoever waits arms a slot and keeps its key. Firing a key that has been disarmed does nothing, so
// a task that was destroyed is never resumed by a wake that comes too late. Nothing is resumed
// inside the call that made it ready: order is plain to see and the stack stays flat.
//
// One object per plugin instance, made in create(), used on the own strand only.
#pragma once
#include <coroutine>
#include <deque>
#include <vector>

#include "sdk/abi/loop.h"
#include "sdk/pure/time.h"

namespace tharsis {

class strand {
 public:
  using key = tharsis_handle;  // 0: none.
  using function = void (*)(void* context);

  explicit strand(const tharsis_loop* loop) : loop_(loop) {}
  strand(const strand&) = delete;
  strand& operator=(const strand&) = delete;

  instant now() const { return instant_from(loop_->now(loop_->self)); }
  int64_t wall() const { return loop_->wall(loop_->self); }
  const tharsis_loop& loop() const { return *loop_; }

  // The next fire or ready of the key calls function(context), once.
  key arm(function f, void* context);
  key arm(std::coroutine_handle<> waiter);
  void disarm(key k);

  // Call the key's function later, in the order of the calls. A disarmed key is no failure.
  void ready(key k);

  // Make the key ready at `when`; answers the timer for cancel_timer, 0 for `never`.
  tharsis_handle ready_at(instant when, key k);
  void cancel_timer(tharsis_handle timer);

  // For tharsis_wake: `context` is the strand, `handle` the key.
  static void on_wake(void* context, tharsis_handle handle);

  // run_blocking calls that have not come back; a plugin has stopped only when there are none.
  size_t blocking = 0;
  key blocking_over = 0;  // Made ready when the last one has come back.

 private:
  struct slot {
    uint32_t generation = 1;
    function call = nullptr;
    void* context = nullptr;
  };

  void fire(key k);
  void drain();
  void post_drain();

  // So many resumptions run in one wake before others of this thread get their turn.
  static constexpr size_t turn_max = 256;

  const tharsis_loop* loop_;
  std::vector<slot> slots_;
  std::vector<uint32_t> free_;
  std::deque<key> ready_;
  bool draining_ = false;
  bool posted_ = false;
};

}  // namespace tharsis
