// When another lane may be tried, after some that failed, or that the server does not want.
#pragma once
#include <algorithm>

#include "plugins/stn/core/lane_settings.h"

namespace tharsis::stn {

class lane_pause {
 public:
  explicit lane_pause(const lane_numbers& n) : numbers_(n) {}

  bool over(instant now) const { return now >= until_; }
  instant until() const { return until_; }
  bool unwanted(instant now) const { return unwanted_ >= believed && !over(now); }

  // A lane has come up: it may be the last failures were chance.
  void on_up(instant now) {
    up_at_ = now;
    failures_ /= 2;
  }
  // Several that fail together are one failure.
  void on_failure(instant now) {
    if (!over(now)) return;
    duration pause = numbers_.pause_first;
    for (int i = 0; i < failures_ && pause < numbers_.pause_max; ++i) pause *= 2;
    ++failures_;
    until_ = later(now, std::min(pause, numbers_.pause_max));
  }
  // The server has ended the link's own connection.
  void on_main_ended(instant now) {
    if (up_at_ == never || now - up_at_ > numbers_.unwanted_within) return;
    up_at_ = never;
    if (++unwanted_ >= believed) until_ = later(now, numbers_.unwanted);
    else on_failure(now);
  }
  // Another network, or another server: nothing is known of it.
  void forgive() {
    failures_ = unwanted_ = 0;
    until_ = {};
    up_at_ = never;
  }

 private:
  static constexpr int believed = 2;
  lane_numbers numbers_;
  instant until_{};
  instant up_at_ = never;  // The last lane.
  int failures_ = 0;
  int unwanted_ = 0;
};

}  // namespace tharsis::stn
