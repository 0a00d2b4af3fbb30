// When to ask the server by other means, because no long link is up: Mars' timing sync. How often depends on who uses the
// application, and on whether there is an account; without a network nobody can be asked, and the clock is slower.
#pragma once
#include <optional>

#include "plugins/stn/core/activity.h"

namespace tharsis::stn {

struct sync_settings {
  // Mars' numbers. Somebody who is logged in waits for messages that no link brings now;
  duration account = 90s;
  // without an account there is little to ask for,
  duration no_account = 240s;
  // and in the background nobody looks. 0: never.
  duration inactive = 600s;
  // So many times as long without a network, where the question could not even be asked.
  int64_t no_network = 3;
  bool operator==(const sync_settings&) const = default;
};

class sync_pace {
 public:
  struct word {
    duration period, down_for;
  };
  // `use` outlives it.
  sync_pace(const sync_settings& s, const activity& use) : settings_(s), use_(use) {}

  // How many links there are, and are up.
  void on_links(size_t all, size_t up, instant now) {
    const bool down = all > 0 && up == 0;
    if (down == (down_since_ != never)) return;
    down_since_ = base_ = down ? now : never;
  }
  void on_account(bool there) { account_ = there; }
  void on_network(bool there) { network_ = there; }

  instant deadline(instant now) const {
    const duration p = period(now);
    return base_ == never || p == duration::zero() ? never : later(base_, p);
  }
  // Ask when deadline() has passed; harmless to ask early.
  std::optional<word> on_deadline(instant now) {
    if (now < deadline(now)) return std::nullopt;
    base_ = now;
    return network_ ? std::optional(word{period(now), now - down_since_}) : std::nullopt;
  }

 private:
  duration period(instant now) const {
    const duration p = use_.state(now) == usage::inactive ? settings_.inactive : account_ ? settings_.account : settings_.no_account;
    return network_ ? p : p * settings_.no_network;
  }

  sync_settings settings_;
  const activity& use_;
  bool account_ = false, network_ = true;
  instant down_since_ = never;
  instant base_ = never;  // The last time, or since when no link is up.
};

}  // namespace tharsis::stn
