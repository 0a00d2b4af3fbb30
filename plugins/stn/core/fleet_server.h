// One server of a simulated fleet: what it does with a connection that reaches it, and when it is done with it.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "plugins/stn/core/fleet_scenario.h"

namespace tharsis::stn {

class fleet_server {
 public:
  explicit fleet_server(const fleet_group& g) : as_built_(g), each_(1'000'000'000 / g.rate), answer_(g.answer) {}

  void on_deed(const fleet_event& e, instant now) {
    switch (e.deed) {
      case fleet_deed::fail:
      case fleet_deed::vanish:
        die(e.deed == fleet_deed::vanish, now);
        return;
      case fleet_deed::refuse:
      case fleet_deed::drain: open_ = false; return;
      case fleet_deed::slow:
        each_ *= e.factor;
        answer_ *= e.factor;
        return;
      case fleet_deed::recover:
        alive_ = open_ = true;
        silent_ = false;
        each_ = duration(1'000'000'000 / as_built_.rate);
        answer_ = as_built_.answer;
        free_at_ = now;
    }
  }

  // Where connections stand. A server that came back is another one: of its life before it knows nothing.
  bool alive() const { return alive_; }
  uint32_t life() const { return life_; }
  // Nothing comes back from it, not even a refusal.
  bool silent() const { return silent_; }
  bool open() const { return alive_ && open_; }
  duration answer() const { return answer_; }

  // A connection has come to an open server: when TLS and hello will be through; nothing if the queue is full.
  std::optional<instant> take(instant now) {
    const instant begin = std::max(now, free_at_);
    if ((begin - now) / each_ >= as_built_.queue) return std::nullopt;
    free_at_ = begin + each_;
    return free_at_;
  }

 private:
  void die(bool silent, instant now) {
    alive_ = false;
    silent_ = silent;
    ++life_;
    free_at_ = now;
  }

  fleet_group as_built_;
  duration each_, answer_;
  bool alive_ = true, open_ = true, silent_ = false;
  uint32_t life_ = 0;
  instant free_at_{};
};

}  // namespace tharsis::stn
