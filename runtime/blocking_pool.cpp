#include "runtime/blocking_pool.h"

#include <utility>

namespace tharsis::runtime {

bool blocking_pool::submit(const void* owner, std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  if (waiting_.size() >= idle_ && threads_.size() < threads_max_) {
    auto made = std::make_unique<thread>();
    if (made->start("tharsis-work", [this] { run(); })) {
      threads_.push_back(std::move(made));
      ++idle_;
    } else if (threads_.empty()) {
      return false;
    }
  } else if (waiting_.size() >= idle_ + waiting_max_) {
    return false;
  }
  waiting_.push_back({owner, std::move(work)});
  arrived_.notify_one();
  return true;
}

void blocking_pool::forget(const void* owner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiting_, [owner](const job& j) { return j.owner == owner; });
}

void blocking_pool::stop() {
  std::vector<std::unique_ptr<thread>> ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    ending.swap(threads_);
    arrived_.notify_all();
  }
  ending.clear();  // Joins.
}

void blocking_pool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    job next = std::move(waiting_.front());
    waiting_.pop_front();
    --idle_;
    lock.unlock();
    next.work();
    next.work = nullptr;  // What it owns ends outside the lock.
    lock.lock();
    ++idle_;
  }
}

}  // namespace tharsis::runtime
