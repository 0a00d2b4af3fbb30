// The heartbeat of a link, with what it has learned of a network kept for the next time there.
#pragma once
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "plugins/stn/core/heartbeat.h"
#include "plugins/stn/interval_memory.h"

namespace tharsis::stn {

class link_rhythm {
 public:
  // Something was learned.
  using hearer = std::function<void(const learned_interval& before, const learned_interval& found)>;
  // All of them outlive it.
  link_rhythm(interval_memory& memory, const link_settings& s, const activity& use, hearer heard)
      : memory_(memory), settings_(s), heard_(std::move(heard)), beat_(s.heartbeat, &use) {}

  heartbeat& beat() { return beat_; }
  const heartbeat& beat() const { return beat_; }

  // The link goes over this network, or the memory knows more of it than it did.
  void recall(const std::string& network) {
    const auto known = [&](bool dozing) { return memory_.recall(settings_.name, network, dozing).value_or(learned_interval()); };
    beat_.resume(known(false), known(true));
    begin_here();
  }
  // Other numbers from the profile. True: there is something to be asked, or to be waited for, sooner.
  bool change(const heartbeat_settings& to) {
    const bool sooner = beat_.change(to);
    begin_here();
    return sooner;
  }
  // It may have learned something there.
  void remember(const std::string& network) {
    for (const bool dozing : {false, true}) {
      learned_interval& last = kept_[dozing ? 1 : 0];
      const learned_interval now = beat_.learned(dozing);
      if (now == last) continue;
      const bool told = now.interval != last.interval || now.settled != last.settled;  // Else the wall's clock was set.
      if (told && last.interval != duration::zero()) heard_(last, now);
      last = now;
      memory_.keep(settings_.name, network, last, dozing);
    }
  }
  // Whether a ping was answered since this was asked last.
  bool take_pong() { return std::exchange(answered_, beat_.answered()) != beat_.answered(); }
  duration round_trip() const { return beat_.round_trip(); }

 private:
  // What it has now it was given, and has not learned.
  void begin_here() { kept_ = {beat_.learned(false), beat_.learned(true)}; }

  interval_memory& memory_;
  const link_settings& settings_;
  const hearer heard_;
  heartbeat beat_;
  std::array<learned_interval, 2> kept_;  // Awake, and dozing.
  uint64_t answered_ = 0;
};

}  // namespace tharsis::stn
