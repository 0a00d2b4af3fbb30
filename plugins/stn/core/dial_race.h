// Which of a server's addresses are dialled when. They are tried in their order; the next one starts
// when the ones before have been silent for `stagger`, at once when one has failed, and never more
// than `parallel` at a time. The first that is connected and verified wins; that is the owner's part.
#pragma once
#include <cassert>
#include <optional>

#include "plugins/stn/core/dial_settings.h"

namespace tharsis::stn {

class dial_race {
 public:
  dial_race(const dial_settings& s, size_t addresses, instant now)
      : settings_(s), count_(addresses), next_at_(now) {}

  // The address to dial now; ask until there is none.
  std::optional<size_t> take_start(instant now) {
    if (now < deadline()) return std::nullopt;
    ++running_;
    next_at_ = later(now, settings_.stagger);
    return started_++;
  }

  // One has got its connection and now proves who it is: give it time.
  void on_progress(instant now) { next_at_ = later(now, settings_.stagger); }

  void on_failed(instant now) {
    assert(running_ > 0);
    --running_;
    next_at_ = now;
  }

  // Those that have not failed.
  int64_t running() const { return running_; }
  // All have failed.
  bool lost() const { return running_ == 0 && started_ == count_; }

  // When take_start() has something to give; `never` while only a failure can change that.
  instant deadline() const { return started_ == count_ || running_ >= settings_.parallel ? never : next_at_; }

 private:
  dial_settings settings_;
  size_t count_;
  instant next_at_;
  size_t started_ = 0;
  int64_t running_ = 0;
};

}  // namespace tharsis::stn
