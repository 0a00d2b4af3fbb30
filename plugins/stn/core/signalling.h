// Bursts of small packets that keep a mobile network's radio awake. A radio that has slept takes a second or more to
// carry an answer; one that an application expects soon is worth some packets.
//
// A burst begins with a packet; another one goes out when the link was silent for `period`, since any traffic does as
// well; and it ends `keep` after it was last asked for.
#pragma once
#include <algorithm>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct signalling_settings {
  enum class way { off, udp, link };
  // A datagram that is lost is not sent again, and no server has to read it.
  way by = way::udp;
  // Radios fall back to a slower state after 5 to 10 s without traffic.
  duration period = 5s;
  // An answer that takes longer is nobody's answer any more: tasks end after 15 s, as a rule.
  duration keep = 20s;
  bool operator==(const signalling_settings&) const = default;
};

class signalling {
 public:
  explicit signalling(const signalling_settings& s) : settings_(s) {}

  // An answer is expected.
  void on_wish(instant now) {
    if (settings_.by == signalling_settings::way::off) return;
    if (until_ == instant{}) due_ = now;
    until_ = later(now, settings_.keep);
  }
  // The link has sent or received something.
  void on_traffic(instant now) {
    if (until_ != instant{} && due_ > now) due_ = later(now, settings_.period);
  }
  void end() {
    until_ = instant{};
    due_ = never;
  }

  bool running() const { return until_ != instant{}; }
  instant deadline() const { return std::min(due_, running() ? until_ : never); }
  // Ask when deadline() has passed. True: a packet is to leave now.
  bool on_deadline(instant now) {
    if (running() && now >= until_) end();
    if (now < due_) return false;
    due_ = later(now, settings_.period);
    return true;
  }

 private:
  signalling_settings settings_;
  instant until_{};  // No burst: the beginning of time.
  instant due_ = never;
};

}  // namespace tharsis::stn
