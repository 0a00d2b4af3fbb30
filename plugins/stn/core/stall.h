// Notices a connection on which nothing moves though something is due: bytes that the other end has not confirmed, or
// an answer that nobody thinks about for long.
//
// Half a round trip more than one is time enough for what was not lost, and 60 ms more than one, since systems hold
// an acknowledgement back for 40.
#pragma once
#include <algorithm>

#include "sdk/pure/wire_progress.h"

namespace tharsis::stn {

class stall {
 public:
  // Something is due from now on. `known`: the round trip, where the connection itself does not know it yet.
  void begin(const wire_progress& p, duration known, instant now) {
    moved_ = p.moved();
    round_trip_ = p.round_trip > duration::zero() ? p.round_trip : known;
    since_ = now;
    look_at_ = later(now, patience(round_trip_) / looks);
  }
  void end() { since_ = never; }
  bool watched() const { return since_ != never; }

  // It stands still; look at it again only after another begin().
  [[nodiscard]] bool on_look(const wire_progress& p, instant now) {
    if (!watched()) return false;
    if (p.moved() != moved_) {
      begin(p, round_trip_, now);
      return false;
    }
    look_at_ = later(now, patience(round_trip_) / looks);
    if (now < later(since_, patience(round_trip_))) return false;
    end();
    return true;
  }

  // When to look.
  instant deadline() const { return watched() ? std::min(look_at_, later(since_, patience(round_trip_))) : never; }

  // Of a round trip that nobody knows: as TCP's own before its first sample.
  static duration patience(duration round_trip) {
    return round_trip <= duration::zero() ? duration(1s) : std::max(round_trip * 3 / 2, round_trip + 60ms);
  }

 private:
  // Nobody tells when it moves. Looking four times in its patience, one sees it a quarter late at most.
  static constexpr int looks = 4;

  uint64_t moved_ = 0;
  duration round_trip_{};
  instant since_ = never, look_at_ = never;
};

}  // namespace tharsis::stn
