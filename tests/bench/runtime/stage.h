// A real platform to measure on, and the way onto its strands and back.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>

#include "runtime/real_platform.h"
#include "sdk/pure/error.h"

namespace tharsis::bench {

// Told by one thread, awaited by another, as often as they like.
class signal {
 public:
  void tell() {
    const std::lock_guard lock(mutex_);
    told_ = true;
    changed_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return told_; });
    told_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool told_ = false;
};

class stage {
 public:
  const tharsis_strand* open() {
    const tharsis_strand* strand = nullptr;
    tharsis_error why = no_error();
    if (platform_.table()->strand_open(platform_.table()->self, "bench", THARSIS_STRAND_DEDICATED, &strand, &why) != THARSIS_OK)
      throw std::runtime_error(why.text);
    return strand;
  }

  // Runs f on the strand and waits for its end.
  static void on(const tharsis_strand* strand, const std::function<void()>& f) {
    struct errand {
      const std::function<void()>& f;
      signal done;
    } e{f, {}};
    post(strand, [](void* context, tharsis_handle) {
      auto& mine = *static_cast<errand*>(context);
      mine.f();
      mine.done.tell();
    }, &e);
    e.done.wait();
  }

  static void post(const tharsis_strand* strand, tharsis_wake wake, void* context) {
    if (strand->loop->post(strand->loop->self, strand->id, wake, context, 0) != THARSIS_OK)
      throw std::runtime_error("the strand is closed");
  }

  static void close(const tharsis_strand* strand) {
    on(strand, [&] { strand->close(strand->self); });
  }

 private:
  runtime::real_platform platform_;
};

}  // namespace tharsis::bench
