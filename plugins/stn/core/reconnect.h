// When to try again after a loss: at once the first time, then after pauses drawn from a range that
// doubles up to a maximum (full jitter, so that the clients of a server that comes back do not come
// all at once). Only a connection that lived takes the pauses back.
#pragma once
#include <algorithm>

#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class reconnect {
 public:
  explicit reconnect(const reconnect_settings& s) : settings_(s) {}

  void on_up(instant now) { up_at_ = now; }

  // The connection, or the attempt at one, has failed. `random` is any 64 bits.
  void on_down(instant now, uint64_t random) {
    if (up_at_ != never && now - up_at_ >= settings_.lived) losses_ = 0;
    up_at_ = never;
    down_at_ = now;
    range_ = losses_ == 0 ? duration::zero() : settings_.pause_min;
    for (int i = 1; i < losses_ && range_ < settings_.pause_max; ++i) range_ *= 2;
    range_ = std::min(range_, settings_.pause_max);
    share_ = static_cast<double>(random >> 11) / static_cast<double>(1ULL << 53);
    losses_ = std::min(losses_ + 1, losses_max);
  }

  // Traffic takes another way now: what failed before says nothing about it.
  void on_network() {
    range_ = duration::zero();
    losses_ = 0;
  }

  // Another server may be tried at once.
  void on_alternative() { range_ = duration::zero(); }

  // When to try. `wanted`: tasks wait for the link.
  instant due(bool wanted) const {
    const duration range = wanted ? std::min(range_, settings_.pause_wanted) : range_;
    return later(down_at_, duration(static_cast<int64_t>(static_cast<double>(range.count()) * share_)));
  }

 private:
  static constexpr int losses_max = 64;  // More would not make the pause longer.

  reconnect_settings settings_;
  instant up_at_ = never;
  instant down_at_{};
  duration range_{};
  double share_ = 0;
  int losses_ = 0;
};

}  // namespace tharsis::stn
