// How long bytes of a server take: from the word that they may come to their arrival, there and back. A server that is slower than its
// window looks like a queue; then the window shrinks to what it fills, and costs it nothing.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class stream_way {
 public:
  struct arrival {
    uint64_t bytes;  // Since the one before.
    duration took;
  };

  // It may send up to there, from now on.
  void on_told(uint64_t limit, instant now) {
    if (told_.size() < told_max && (told_.empty() || limit > told_.back().limit)) told_.push_back({limit, now});
  }
  // All up to there has come, `bytes` just now.
  std::optional<arrival> on_received(uint64_t offset, uint64_t bytes, instant now) {
    bytes_ += bytes;
    std::optional<arrival> last;
    for (; !told_.empty() && told_.front().limit <= offset; told_.pop_front()) last = arrival{bytes_, now - told_.front().at};
    if (last) bytes_ = 0;
    return last;
  }
  void clear() {
    told_.clear();
    bytes_ = 0;
  }

 private:
  static constexpr size_t told_max = 64;  // Of which one waits for the answer.
  struct word {
    uint64_t limit;
    instant at;
  };
  std::deque<word> told_;
  uint64_t bytes_ = 0;
};

}  // namespace tharsis::stn
