// Whether datagrams come through at all: asked before any task goes by one, and again when they stop coming back.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "plugins/stn/core/udp_memory.h"

namespace tharsis::stn {

class udp_probe {
 public:
  enum class state { asks, open, off };

  // `known` outlives the probe. `round_trip`: as far as it is known; zero: it is not.
  udp_probe(const udp_settings& s, udp_memory::network& known, duration round_trip, instant now)
      : settings_(s), known_(&known), wait_(std::max(2 * round_trip, s.probe_wait)) {
    if (now < known.blocked_until)
      rest();
    else
      ask(now);
  }

  state now() const { return state_; }
  instant deadline() const { return next_; }
  // A probe is due; on_sent() is told its number.
  bool due(instant now) const { return state_ == state::asks && sent_ < settings_.probes && now >= next_; }
  void on_sent(uint32_t number, instant now) {
    numbers_[static_cast<size_t>(sent_) % numbers_.size()] = {number, now};
    next_ = later(now, wait_ * (int64_t{1} << sent_++));
  }
  // The answer to that probe: how long it took; nothing: it is not known any more.
  std::optional<duration> on_here(uint32_t number, instant now) {
    for (auto& [probe, at] : numbers_) {
      if (probe == 0 || probe != number) continue;
      probe = 0;
      come_through();
      return now - at;
    }
    return std::nullopt;
  }
  // A datagram has come back.
  void come_through() {
    known_->worked = true;
    state_ = state::open;
    next_ = never;
  }
  // Tasks go well.
  void on_success() { known_->failures = 0; }
  // Nothing comes back any more.
  void doubt(instant now) {
    if (state_ == state::open) ask(now);
  }
  // Another network.
  void begin(udp_memory::network& known, instant now) {
    known_ = &known;
    now < known.blocked_until ? rest() : ask(now);
  }
  // Ask when deadline() has passed; harmless to ask early. True: it has just been given up.
  [[nodiscard]] bool on_deadline(instant now) {
    if (now < next_) return false;
    if (state_ == state::off) return ask(now), false;
    if (state_ != state::asks || sent_ < settings_.probes) return false;
    block(*known_, settings_, now);
    rest();
    return true;
  }

 private:
  void ask(instant now) {
    state_ = state::asks;
    sent_ = 0;
    next_ = now;
  }
  void rest() {
    state_ = state::off;
    next_ = known_->blocked_until;
  }

  udp_settings settings_;
  udp_memory::network* known_;
  duration wait_;
  state state_ = state::asks;
  int sent_ = 0;
  instant next_ = never;
  std::array<std::pair<uint32_t, instant>, 8> numbers_{};  // Of probes on their way.
};

}  // namespace tharsis::stn
