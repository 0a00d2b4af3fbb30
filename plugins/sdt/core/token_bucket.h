// So many at once, but for the last of them, then one each time `every` has passed. Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <optional>

#include "sdk/pure/time.h"

namespace tharsis::sdt {

class token_bucket {
 public:
  // Full at first. `every` is longer than zero, `burst` at least one. `last_after`: so long behind the one before it the last one comes.
  token_bucket(size_t burst, duration every, duration last_after = {})
      : burst_(static_cast<int64_t>(burst)), every_(every), last_after_(last_after), tokens_(burst_) {}

  bool take(instant now) {
    if (next(now) > now) return false;
    --tokens_;
    taken_ = now;
    return true;
  }

  // When take() will succeed; now or earlier when it would.
  instant next(instant now) {
    refill(now);
    if (tokens_ == 0) return later(since_, every_);
    return tokens_ == 1 && taken_ ? std::max(now, later(*taken_, last_after_)) : now;
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
  const duration every_, last_after_;
  int64_t tokens_;
  instant since_{};  // The next token is on its way since then.
  std::optional<instant> taken_;  // The last time.
};

}  // namespace tharsis::sdt
