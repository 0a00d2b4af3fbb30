// Follows one link of stn: what of the diagnoses of its server is told, and when it is told to be fine again.
//
// A diagnosis that finds a fault is told once until it finds another one. That all is fine is told when the link is up again
// after a fault was told, or when a later diagnosis finds nothing any more while it is up. A diagnosis that a failure had
// set off may end when the link is up already: then it says why it was down, and that it is over.
//
// Pure.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdt/core/verdict.h"
#include "sdk/abi/stn.h"
#include "sdk/pure/time.h"

namespace tharsis::sdt {

class outage {
 public:
  struct word {
    bool fine = false;   // Else what the diagnosis says.
    duration lasted{};  // Of a fine one: for how long the link was down; 0: it was not.
  };

  void on_link(uint32_t state, instant now) {
    const bool up = state == THARSIS_STN_UP;
    if (!up && down_since_ == never) down_since_ = now;
    if (up && !up_) on_up(now);
    up_ = up;
  }

  // What is to be told of a diagnosis of this link's server, in this order.
  std::vector<word> on_diagnosis(verdict_code found, bool of_a_failure) {
    if (found == verdict_code::cancelled || found == verdict_code::budget_exhausted) return {};
    if (found == verdict_code::healthy) {
      if (!up_ || of_a_failure || !std::exchange(told_, std::nullopt)) return {};
      return {{true, duration::zero()}};
    }
    if (told_ == found) return {};
    if (up_ && of_a_failure) {
      // Which failure it was that set it off is over; another one is looked at anew.
      if (!std::exchange(recovered_, false)) return {};
      return {{}, {true, lasted_}};
    }
    told_ = found;
    recovered_ = false;
    return {{}};
  }

  // The link is up again after a fault was told.
  std::optional<word> take_recovery() { return std::exchange(recovery_, std::nullopt); }

 private:
  void on_up(instant now) {
    recovered_ = down_since_ != never;
    lasted_ = recovered_ ? now - down_since_ : duration::zero();
    down_since_ = never;
    if (!std::exchange(told_, std::nullopt)) return;
    recovered_ = false;
    recovery_ = word{true, lasted_};
  }

  bool up_ = false;
  bool recovered_ = false;  // From a failure of which nothing was told.
  instant down_since_ = never;
  duration lasted_{};
  std::optional<verdict_code> told_;
  std::optional<word> recovery_;
};

}  // namespace tharsis::sdt
