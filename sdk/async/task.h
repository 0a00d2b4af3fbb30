// task<T>: a lazy coroutine with one owner. Destroying the task cancels it and frees its frame.
//
// Three rules keep frames safe. Coroutines are named functions, never capturing lambdas (a lambda's
// captures die before the frame does). Arguments are taken by value, or belong to `this`. No braces
// stand in a co_await: g++ 12 destroys an aggregate made there twice when the waiting frame is
// destroyed, so name it on the line before, or give it a constructor.
//
// A coroutine learns its strand from whoever awaits it, the root from start().
#pragma once
#include <cassert>
#include <coroutine>
#include <optional>
#include <utility>

#include "sdk/async/strand.h"

namespace tharsis {

namespace detail {

struct promise_base {
  strand* place = nullptr;
  strand::key waiter = 0;  // Made ready when the coroutine has returned.

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct tell_waiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
      promise_base& self = h.promise();
      self.place->ready(self.waiter);
    }
    void await_resume() noexcept {}
  };
  tell_waiter final_suspend() noexcept { return {}; }
  // Failures are values; a throw is a defect, which leaves through the strand to the host. The host fails the
  // plugin. Who waits for this coroutine is not resumed: there is no value.
  void unhandled_exception() { throw; }
};

template <class T>
struct promise_of : promise_base {
  std::optional<T> value;
  void return_value(T v) { value.emplace(std::move(v)); }
  T take() { return std::move(*value); }
};
template <>
struct promise_of<void> : promise_base {
  void return_void() {}
  void take() {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] task {
 public:
  struct promise_type : detail::promise_of<T> {
    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  // Runs until the first suspension; the strand calls `waiter` when the coroutine has returned.
  void start(strand& place, strand::key waiter = 0) {
    frame_.promise().place = &place;
    frame_.promise().waiter = waiter;
    frame_.resume();
  }
  bool done() const { return frame_.done(); }
  T take() { return frame_.promise().take(); }

  // co_await: the child starts at once; the parent is resumed through the strand's queue.
  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> child) : child_(child) {}
    awaiter(const awaiter&) = delete;
    ~awaiter() {
      if (place_ != nullptr) place_->disarm(waiter_);
    }
    bool await_ready() const { return false; }
    template <class Parent>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) {
      place_ = parent.promise().place;
      waiter_ = place_->arm(parent);
      child_.promise().place = place_;
      child_.promise().waiter = waiter_;
      return child_;
    }
    T await_resume() { return child_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> child_;
    strand* place_ = nullptr;
    strand::key waiter_ = 0;
  };
  awaiter operator co_await() const& { return awaiter(frame_); }
  awaiter operator co_await() && { return awaiter(frame_); }

 private:
  explicit task(std::coroutine_handle<promise_type> h) : frame_(h) {}
  std::coroutine_handle<promise_type> frame_;
};

}  // namespace tharsis
