// What could be told at every turn, and is at most once in so long.
#pragma once
#include "sdk/pure/time.h"

namespace tharsis::stn {

class now_and_then {
 public:
  explicit now_and_then(duration every) : every_(every) {}

  // True: now.
  [[nodiscard]] bool due(instant now) {
    if (last_ != never && now < later(last_, every_)) return false;
    last_ = now;
    return true;
  }

 private:
  duration every_;
  instant last_ = never;
};

// That a server's budget of repetitions is used up.
inline constexpr duration budget_told = 1s;

}  // namespace tharsis::stn
