// Sends functions to a strand. What was sent and never run (the strand was closed) is freed with
// the inbox; a function that runs may destroy the inbox.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "sdk/abi/platform.h"

namespace tharsis::runtime {

class strand_inbox {
 public:
  using function = std::function<void()>;

  explicit strand_inbox(const tharsis_strand* strand) : content_(std::make_shared<content>()) { content_->strand = strand; }
  strand_inbox(const strand_inbox&) = delete;
  ~strand_inbox() { close(); }

  // Run f on the strand, in the order of the calls; f is dropped when the inbox is closed. [any thread]
  void send(function f) {
    const std::shared_ptr<content> keep = content_;
    std::deque<function> dropped;  // Freed after the lock: a dropped function may send elsewhere.
    const std::lock_guard lock(keep->mutex);
    if (keep->closed) return dropped.push_back(std::move(f));
    keep->waiting.push_back(std::move(f));
    if (keep->self != nullptr) return;  // A wake is on its way.
    keep->self = keep;
    const tharsis_loop& loop = *keep->strand->loop;
    if (loop.post(loop.self, keep->strand->id, &strand_inbox::on_wake, keep.get(), 0) == THARSIS_OK) return;
    keep->self = nullptr;
    keep->closed = true;
    dropped.swap(keep->waiting);
  }

  // Nothing runs any more; what waits is dropped. [any thread]
  void close() {
    std::deque<function> dropped;
    const std::lock_guard lock(content_->mutex);
    content_->closed = true;
    dropped.swap(content_->waiting);
  }

  // As close(), where the strand itself was closed: the wake that is on its way will not come.
  void abandon() {
    close();
    std::shared_ptr<content> last;
    const std::lock_guard lock(content_->mutex);
    last = std::move(content_->self);
  }

 private:
  struct content {
    std::mutex mutex;
    std::deque<function> waiting;
    bool closed = false;
    const tharsis_strand* strand = nullptr;
    std::shared_ptr<content> self;  // Held while a wake is on its way.
  };

  // One at a time: a function may close the inbox, and then the next one must not run.
  static void on_wake(void* context, tharsis_handle) {
    std::shared_ptr<content> mine;
    size_t left = 0;
    {
      auto* waking = static_cast<content*>(context);
      const std::lock_guard lock(waking->mutex);
      mine = std::move(waking->self);
      left = waking->waiting.size();
    }
    for (; left > 0; --left) {
      function next;
      {
        const std::lock_guard lock(mine->mutex);
        if (mine->waiting.empty()) return;
        next = std::move(mine->waiting.front());
        mine->waiting.pop_front();
      }
      try {
        next();
      } catch (...) {  // The strand's to handle; the others come in another wake.
        call_again(mine);
        throw;
      }
    }
  }

  static void call_again(const std::shared_ptr<content>& mine) {
    const std::lock_guard lock(mine->mutex);
    if (mine->waiting.empty() || mine->self != nullptr) return;
    mine->self = mine;
    const tharsis_loop& loop = *mine->strand->loop;
    if (loop.post(loop.self, mine->strand->id, &strand_inbox::on_wake, mine.get(), 0) != THARSIS_OK) mine->self = nullptr;
  }

  std::shared_ptr<content> content_;
};

}  // namespace tharsis::runtime
