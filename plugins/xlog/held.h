// A mutex that is held, or waited for, in a way its thread knows of: a signal may come at any time, and its handler may
// log too. What the handler's thread holds already it must not lock again.
#pragma once
#include <atomic>
#include <mutex>

namespace tharsis::xlog {

class held {
 public:
  explicit held(std::mutex& m) : mutex_(m), outer_(innermost) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    innermost = this;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    mutex_.lock();
  }
  held(const held&) = delete;
  ~held() {
    mutex_.unlock();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    innermost = outer_;
  }

  static bool by_this_thread(const std::mutex& m) {
    for (const held* h = innermost; h != nullptr; h = h->outer_)
      if (&h->mutex_ == &m) return true;
    return false;
  }
  // Of all that are held so: a handler that finds one interrupts the log's own work, perhaps inside an allocation.
  static bool any_by_this_thread() { return innermost != nullptr; }

 private:
  std::mutex& mutex_;
  held* const outer_;
  static inline thread_local constinit held* innermost = nullptr;
};

}  // namespace tharsis::xlog
