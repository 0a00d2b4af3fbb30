// Decides which strand has run one callback for too long. Pure: it is told, round by round, what each
// strand runs, and answers what there is to report.
//
// A callback is known by its turn's number; one that two rounds find the same has run all the time
// between them. So watching costs the watched nothing, and durations are "at least".
//
// Time in which the watchdog itself was not asked (the machine slept, a debugger held the process) is
// nobody's fault and does not count.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/settings.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

class watchdog {
 public:
  struct finding {
    size_t strand;
    bool over;        // The callback that was reported has ended.
    uint64_t turn;    // Its number.
    duration lasted;  // So far, or in all.
  };

  watchdog() = default;
  // How long one callback of each strand may run.
  explicit watchdog(const std::vector<duration>& limits);

  // The strand with this index is another one from now on, or has another limit.
  void watch(size_t strand, duration limit);

  // Time from one round to the next.
  duration interval() const { return interval_; }

  // What each strand runs; nothing: none of its callbacks runs.
  using turns = std::vector<std::optional<uint64_t>>;
  std::vector<finding> look(const turns& now_running, instant now);

 private:
  struct watched {
    duration limit = runtime_settings{}.stall_round_longest;
    std::optional<uint64_t> turn;
    instant since{};
    bool reported = false;
  };

  void leave_out(duration gap);

  std::vector<watched> strands_;
  duration interval_ = runtime_settings{}.stall_round_longest;
  std::optional<instant> last_round_;
};

}  // namespace tharsis::runtime
