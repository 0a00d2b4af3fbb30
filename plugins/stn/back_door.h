// The way back into a service for what runs on other strands, and may run when the service is gone: its letters
// are not taken then. Shared with all that is on its way.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

#include "sdk/async/mailbox.h"

namespace tharsis::stn {

template <class Letter>
class back_door {
 public:
  explicit back_door(inbox<Letter>& home) : home_(home) {}
  back_door(const back_door&) = delete;

  // To the service's own strand. False: the service is gone, and `letter` as it was. [any thread] [does not block]
  bool send(Letter&& letter) {
    const bool is_open = inside_.fetch_add(1, std::memory_order_acquire) >= 0;
    if (is_open) home_.send(std::move(letter));
    inside_.fetch_sub(1, std::memory_order_release);
    return is_open;
  }
  // From here on letters are not taken. Whoever is inside of send() just now is waited for: that is one post, which
  // does not block. [own strand]
  void close() {
    if (inside_.load(std::memory_order_relaxed) < 0) return;
    inside_.fetch_add(gone, std::memory_order_relaxed);
    while (inside_.load(std::memory_order_acquire) != gone) {
    }
  }

 private:
  static constexpr int64_t gone = INT64_MIN / 2;
  inbox<Letter>& home_;  // Until close().
  std::atomic<int64_t> inside_ = 0;  // How many are in send(); far below 0: and home is gone.
};

}  // namespace tharsis::stn
