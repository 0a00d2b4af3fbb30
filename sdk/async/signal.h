// The one thing coroutines wait for: a set of bits that anybody on the strand may raise, with a
// deadline. Every other wait is built from it, so a coroutine has one place where it wakes.
#pragma once
#include <cassert>
#include <coroutine>
#include <utility>

#include "sdk/async/strand.h"

namespace tharsis {

class signal {
 public:
  explicit signal(strand& place) : place_(place) {}
  signal(const signal&) = delete;
  signal& operator=(const signal&) = delete;

  void raise(uint32_t bits = 1) {
    bits_ |= bits;
    if (waiter_ != 0) place_.ready(std::exchange(waiter_, 0));
  }
  bool raised() const { return bits_ != 0; }
  void clear(uint32_t bits = ~uint32_t{0}) { bits_ &= ~bits; }

  // `co_await s.wait(deadline)` answers the bits that were raised and clears them; 0 when the
  // deadline came first. One coroutine waits at a time.
  class awaiter {
   public:
    awaiter(signal& s, instant deadline) : signal_(s), deadline_(deadline) {}
    awaiter(const awaiter&) = delete;
    ~awaiter() { forget(); }
    bool await_ready() const { return signal_.bits_ != 0; }
    void await_suspend(std::coroutine_handle<> waiter) {
      assert(signal_.waiter_ == 0 && "two coroutines wait for one signal");
      key_ = signal_.waiter_ = signal_.place_.arm(waiter);
      timer_ = signal_.place_.ready_at(deadline_, key_);
    }
    uint32_t await_resume() {
      forget();
      return std::exchange(signal_.bits_, 0);
    }

   private:
    void forget() {
      if (key_ == 0) return;
      if (signal_.waiter_ == key_) signal_.waiter_ = 0;
      signal_.place_.disarm(key_);
      signal_.place_.cancel_timer(timer_);
      key_ = 0;
    }
    signal& signal_;
    instant deadline_;
    strand::key key_ = 0;
    tharsis_handle timer_ = 0;
  };
  awaiter wait(instant deadline = never) { return awaiter(*this, deadline); }

 private:
  strand& place_;
  strand::key waiter_ = 0;
  uint32_t bits_ = 0;
};

}  // namespace tharsis
