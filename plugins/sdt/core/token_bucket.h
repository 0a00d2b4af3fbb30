// So many at once, then one each time `every` has passed. Pure.
#pragma once
#include <algorithm>
#include <cstddef>

#include "sdk/pure/time.h"

namespace tharsis::sdt {

class token_bucket {
 public:
  // Full at first. `every` is longer than zero, `burst` at least one.
  token_bucket(size_t burst, duration every) : burst_(static_cast<int64_t>(burst)), every_(every), tokens_(burst_) {}

  bool take(instant now) {
    refill(now);
    if (tokens_ == 0) return false;
    --tokens_;
    return true;
  }

  // When take() will succeed; now or earlier when it would.
  instant next(instant now) {
    refill(now);
    return tokens_ > 0 ? now : later(since_, every_);
  }

 private:
  void refill(instant now) {
    if (tokens_ == burst_) since_ = now;  // A full bucket saves no time up.
    const int64_t earned = (now - since_) / every_;
    if (earned <= 0) return;
    tokens_ = std::min(burst_, tokens_ + std::min(earned, burst_));
    since_ += every_ * earned;
  }

  const int64_t burst_;
  const duration every_;
  int64_t tokens_;
  instant since_{};  // The next token is on its way since then.
};

}  // namespace tharsis::sdt
