// Whether the system lets a machine that nobody uses doze: then timers come late, and with them the pings, whatever
// interval is meant. What is learned of a path while it dozes is another thing than what is learned awake.
#pragma once
#include <algorithm>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class doze {
 public:
  // A timer that is this late was held back by the system.
  static constexpr duration lateness = 20s;

  // A timer has come, so late, while nobody used the application.
  void on_timer(duration late) {
    int& one = late >= lateness ? late_ : timely_;
    int& other = late >= lateness ? timely_ : late_;
    one = std::min(one + 1, most);
    other = std::max(other - 1, 0);
  }
  // Somebody uses it.
  void on_used() { late_ = timely_ = 0; }

  bool is() const { return late_ >= 2 && late_ > 2 * timely_; }

 private:
  static constexpr int most = 1000;  // More would take too long to forget.

  int late_ = 0, timely_ = 0;
};

}  // namespace tharsis::stn
