// Does a link's first connection take longer than it should, on a network of which nothing is known? Then one of its packets
// was lost, and the system sends that again only after a second, and then after two. Each of its parts is given the time that it
// takes where nothing is lost, and a little more.
//
// Pure: the owner says at deadline() how far the connection is.
#pragma once
#include <algorithm>

#include "plugins/stn/core/lane_settings.h"
#include "plugins/stn/core/phase_clock.h"

namespace tharsis::stn {

// How far a link's connection is.
struct start_sight {
  phase at = phase::down;
  instant since{};       // It has been there.
  duration connecting{};  // What that took, or has taken by now.
  bool known = false;    // How long connecting takes here as a rule: then the dial race dials again what is silent.
  bool more = false;     // Addresses that have yet to be tried.
};

class start_patience {
 public:
  start_patience(const lane_numbers& n, instant now) : numbers_(n), since_(now), deadline_(later(now, n.start_first)) {}

  // It takes too long; after that as much time again is given.
  [[nodiscard]] bool on_look(const start_sight& s, instant now) {
    since_ = watched(s) ? std::max(since_, s.since) : now;
    deadline_ = later(since_, time_of(s));
    if (now < deadline_) return false;
    since_ = now;
    deadline_ = later(now, time_of(s));
    return true;
  }
  instant deadline() const { return deadline_; }

 private:
  // Behind silent addresses others are tried, and that is no loss. How long an application proves itself, nobody knows.
  static bool watched(const start_sight& s) {
    return !s.known && (s.at == phase::tls || s.at == phase::prove || (s.at == phase::connect && !s.more));
  }
  // A handshake, and a hello, take a round trip, as connecting did: where that was quick enough to tell. About a hello servers think.
  duration time_of(const start_sight& s) const {
    if (s.at != phase::tls && s.at != phase::prove) return numbers_.start_first;
    const duration handshake = std::min(numbers_.start_first, std::max(s.connecting * 3 / 2, s.connecting + numbers_.start_room));
    return s.at == phase::tls ? handshake : handshake * 3 / 2;
  }

  lane_numbers numbers_;
  instant since_;
  instant deadline_;
};

}  // namespace tharsis::stn
