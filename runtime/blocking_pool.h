// Threads that may block: run_blocking() and the system's resolver. Started when needed.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/os_thread.h"

namespace tharsis::runtime {

class blocking_pool {
 public:
  blocking_pool(size_t threads_max, size_t waiting_max)
      : threads_max_(threads_max), waiting_max_(waiting_max) {}
  ~blocking_pool() { stop(); }
  blocking_pool(const blocking_pool&) = delete;

  // False: too many are waiting, or the pool has stopped. `owner` is for forget(). [any thread]
  bool submit(const void* owner, std::function<void()> work);
  // The owner's work that has not begun never will. [any thread]
  void forget(const void* owner);
  // Waits for what is under way, drops the rest.
  void stop();

 private:
  struct job {
    const void* owner;
    std::function<void()> work;
  };
  void run();

  const size_t threads_max_;
  const size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<job> waiting_;
  std::vector<std::unique_ptr<thread>> threads_;
  size_t idle_ = 0;  // Threads without work, those that are just starting too.
  bool stopping_ = false;
};

}  // namespace tharsis::runtime
