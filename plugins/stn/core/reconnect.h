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

  // The server has refused who we are: neither a task nor another network is a reason to ask sooner. `at_least`: its
  // own wish.
  void on_refused(instant now, duration at_least) {
    duration pause = settings_.refused_min;
    for (int i = 0; i < refusals_ && pause < settings_.refused_max; ++i) pause *= 2;
    refusals_ = std::min(refusals_ + 1, losses_max);
    refused_pause_ = std::max(std::min(pause, settings_.refused_max), at_least);
    refused_until_ = later(now, refused_pause_);
  }
  // Who we are has changed, or was accepted.
  void forgive() {
    refusals_ = 0;
    refused_until_ = instant{};
    refused_pause_ = duration::zero();
  }
  duration refused_pause() const { return refused_pause_; }

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
    return std::max(refused_until_, later(down_at_, duration(static_cast<int64_t>(static_cast<double>(range.count()) * share_))));
  }

 private:
  static constexpr int losses_max = 64;  // More would not make the pause longer.

  reconnect_settings settings_;
  instant up_at_ = never;
  instant down_at_{};
  duration range_{};
  double share_ = 0;
  int losses_ = 0;
  int refusals_ = 0;
  instant refused_until_{};
  duration refused_pause_{};
};

}  // namespace tharsis::stn
