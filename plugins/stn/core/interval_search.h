// Looks for how long the boxes on a network's way remember a path that is idle; nobody announces it.
//
// A pong proves that the path lived through the gap before its ping: after `grow_after` in a row the interval
// becomes a step longer, or as long as the shortest of these gaps (a machine that dozes pings late, and learns
// faster). `shrink_after` lost ones in a row take it a step back, and it is settled; when it fails once settled,
// the search begins anew. What has been settled for `relearn_after` is tried one step further.
#pragma once
#include <algorithm>
#include <cstdint>

#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

struct learned_interval {
  duration interval{};
  bool settled = false;
  int64_t changed = 0;  // When it last was, wall clock.
  bool operator==(const learned_interval&) const = default;
};

class interval_search {
 public:
  explicit interval_search(const heartbeat_settings& s) : settings_(s), learned_{s.interval_min} {}

  // What was learned before on the network of now.
  void resume(learned_interval l) {
    l.interval = std::clamp(l.interval, settings_.interval_min, settings_.interval_max);
    learned_ = l;
    good_ = lost_ = 0;
  }

  void on_connected(int64_t wall) {
    wall_ = wall;
    learned_.changed = std::min(learned_.changed, wall);  // A clock that was ahead must not put it off for years.
    if (learned_.settled && learned_.interval < settings_.interval_max &&
        wall - learned_.changed >= settings_.relearn_after.count())
      change(learned_.interval, false);
  }

  // A ping after so long without a byte was answered.
  void on_pong(duration gap) {
    if (gap < learned_.interval) return;
    lost_ = 0;
    if (learned_.settled || settings_.step == duration::zero()) return;
    shortest_ = good_ == 0 ? gap : std::min(shortest_, gap);
    if (++good_ < settings_.grow_after) return;
    const duration next = std::max(learned_.interval + settings_.step, shortest_);
    change(std::min(next, settings_.interval_max), learned_.interval == settings_.interval_max);
  }

  // It was not. After a much longer gap than was meant that says nothing about the interval.
  void on_lost(duration gap) {
    if (gap < learned_.interval || gap >= learned_.interval + std::max(settings_.step, lateness)) return;
    good_ = 0;
    if (learned_.interval == settings_.interval_min || ++lost_ < settings_.shrink_after) return;
    if (learned_.settled)
      change(settings_.interval_min, false);
    else
      change(std::max(learned_.interval - settings_.step, settings_.interval_min), true);
  }

  const learned_interval& learned() const { return learned_; }

 private:
  // Wakes that come later than this were held back by the system.
  static constexpr duration lateness = 20s;

  void change(duration interval, bool settled) {
    learned_ = {interval, settled, wall_};
    good_ = lost_ = 0;
  }

  heartbeat_settings settings_;
  learned_interval learned_;
  int64_t wall_ = 0;
  int64_t good_ = 0, lost_ = 0;  // In a row.
  duration shortest_{};          // Of the gaps of the good ones.
};

}  // namespace tharsis::stn
