// Sizes and losses: what passes to the target and back, how large, and how much of it is lost.
//
// What stands still is tried twice before its size is searched, for one lost packet may hold a transfer up.
#pragma once
#include <cstdint>
#include <functional>

#include "plugins/sdt/bench.h"
#include "plugins/sdt/tcp_probe.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

class size_branch {
 public:
  explicit size_branch(bench& b) : bench_(b) {}
  size_branch(const size_branch&) = delete;

  // Once, at the first that asks. IPv4 where there is a choice: what it says of sizes is what stn is told. `anyway`: there is none.
  task<void> look(tharsis_address to, bool anyway);
  // What comes down. `http`: the target answers questions for pages; else the handshake alone is large.
  task<void> look_down(tharsis_address to, bool http);

 private:
  enum class ending : uint8_t { none, passed, stalled };  // None: no connection, or not tried.

  uint32_t packet_of(tharsis_address to) const;
  task<void> note_attempt(task<segment_probe> attempt, ending* ended);
  task<bool> stalls_twice(std::function<task<segment_probe>()> attempt);
  task<void> measure_up(tharsis_address to);

  bench& bench_;
  bool looked_ = false;
};

}  // namespace tharsis::sdt
