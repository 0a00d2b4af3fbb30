// Sends functions to a strand. What was sent and never run (the strand was closed) is freed with
// the inbox; a function that runs may destroy the inbox's owner.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "sdk/abi/platform.h"

namespace tharsis::runtime {

class strand_inbox {
 public:
  explicit strand_inbox(const tharsis_strand* strand) : content_(std::make_shared<content>()), strand_(strand) {}

  // Run f on the strand, in the order of the calls. [any thread]
  void send(std::function<void()> f) {
    std::shared_ptr<content> keep = content_;
    const std::lock_guard lock(keep->mutex);
    keep->waiting.push_back(std::move(f));
    if (keep->self != nullptr) return;  // A wake is on its way.
    keep->self = keep;
    const tharsis_loop& loop = *strand_->loop;
    if (loop.post(loop.self, strand_->id, &strand_inbox::on_wake, keep.get(), 0) != THARSIS_OK) {
      keep->self = nullptr;
      keep->waiting.clear();
    }
  }

  ~strand_inbox() {
    const std::lock_guard lock(content_->mutex);
    content_->waiting.clear();
  }
  strand_inbox(const strand_inbox&) = delete;

  // The wake that is on its way will not come: its strand was closed.
  void abandon() {
    std::shared_ptr<content> last;
    const std::lock_guard lock(content_->mutex);
    content_->waiting.clear();
    last = std::move(content_->self);
  }

 private:
  struct content {
    std::mutex mutex;
    std::deque<std::function<void()>> waiting;
    std::shared_ptr<content> self;  // Held while a wake is on its way.
  };

  static void on_wake(void* context, tharsis_handle) {
    std::shared_ptr<content> mine;
    std::deque<std::function<void()>> batch;
    {
      auto* waking = static_cast<content*>(context);
      const std::lock_guard lock(waking->mutex);
      mine = std::move(waking->self);
      batch.swap(waking->waiting);
    }
    for (auto& f : batch) f();
  }

  std::shared_ptr<content> content_;
  const tharsis_strand* strand_;
};

}  // namespace tharsis::runtime
