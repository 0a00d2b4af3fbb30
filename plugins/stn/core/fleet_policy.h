// How the clients of a simulated fleet decide: as this link does, or as others do, to be looked at beside it.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

struct fleet_policy {
  std::string name;
  link_settings link;   // Its heartbeat, answer_timeout, dial, reconnect and connect_timeout.
  bool doubling = false;  // Pauses as of plain_backoff, in place of link.reconnect's.
  bool shuffles = false;  // A client shuffles the addresses that it gets, anew for each attempt.
};

// With a link as it is shipped, or as the person has it.
fleet_policy our_policy(const link_settings& link);
// What many clients ship: one address after the other, and pauses that double without any chance.
fleet_policy naive_policy();
// Mars' constants, as far as they matter here; configs/mars-compat.yaml has all of them.
fleet_policy mars_policy();

// 1 s, 2 s, 4 s and so on.
class plain_backoff {
 public:
  static constexpr duration first = 1s, longest = 60s;

  void on_up() { pause_ = first; }
  void on_down(instant now) {
    due_ = now + pause_;
    pause_ = std::min(2 * pause_, longest);
  }
  instant due() const { return due_; }

 private:
  duration pause_ = first;
  instant due_{};
};

}  // namespace tharsis::stn
