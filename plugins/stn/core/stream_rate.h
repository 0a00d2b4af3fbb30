// A rate that somebody set: so many bytes a second, at most a fifth of a second at once.
#pragma once
#include <algorithm>
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class stream_rate {
 public:
  explicit stream_rate(uint64_t bytes_per_second) : rate_(static_cast<double>(bytes_per_second)) {}

  // May go now: nothing, or what is worth a message; without a rate all.
  uint64_t allowed(instant now) {
    if (rate_ == 0) return UINT64_MAX;
    refill(now);
    return tokens_ < bite() ? 0 : static_cast<uint64_t>(tokens_);
  }
  void on_used(uint64_t bytes) {
    if (rate_ > 0) tokens_ -= static_cast<double>(bytes);
  }
  // When that is something.
  instant due(instant now) {
    if (rate_ == 0) return now;
    refill(now);
    const double wanted = bite() - tokens_;
    return wanted <= 0 ? now : later(now, duration(static_cast<int64_t>(wanted / rate_ * 1e9) + 1));
  }

 private:
  double most() const { return std::max(rate_ / 5, 1024.0); }
  double bite() const { return most() / 4; }  // Less is not worth a message.
  void refill(instant now) {
    if (at_ != instant{}) tokens_ = std::min(most(), tokens_ + static_cast<double>((now - at_).count()) * 1e-9 * rate_);
    else tokens_ = most();
    at_ = now;
  }

  double rate_;
  double tokens_ = 0;
  instant at_{};
};

}  // namespace tharsis::stn
