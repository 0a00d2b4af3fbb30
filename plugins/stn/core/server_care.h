// How far a link's tasks spare their server: which commands it has asked to be left alone with, how many repetitions it
// bears, and what of that is to be told.
//
// Pure.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/now_and_then.h"
#include "plugins/stn/core/retry_budget.h"
#include "plugins/stn/core/server_rest.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/abi/stn_server.h"
#include "sdk/pure/dice.h"
#include "sdk/pure/metrics.h"

namespace tharsis::stn {

// What happened to tasks for the server's sake, to be told: as tharsis_stn_server_event.
struct spared_server {
  uint32_t what;  // THARSIS_STN_SERVER_BUSY, _NO_BUDGET.
  uint32_t command;
  duration wait;
  std::string reason;
};

class server_care {
 public:
  server_care(const rest_settings& rest, const budget_settings& budget, uint64_t seed, counter busy, counter no_budget)
      : rest_(rest), budget_(budget), chance_(seed), busy_(busy), no_budget_(no_budget) {}

  // It has refused one of this command, and wants to be asked again `told` later. Until when it is left alone, with the
  // sentence; now: it is not.
  instant on_busy(uint32_t command, std::string_view refusal, duration told, instant now, std::string& reason) {
    const instant until = rest_.on_busy(command, told, chance_.next(), now);
    if (until <= now) return now;
    busy_.add();
    reason = "the server has too much to do (" + foreign_text(refusal) + "), and is not asked for command " + std::to_string(command) + " for " + wait_text(until - now);
    tell({THARSIS_STN_SERVER_BUSY, command, until - now, reason});
    return until;
  }
  // When it may be asked for that; the past: now.
  instant until(uint32_t command) const { return rest_.until(command); }

  void on_first(instant now) { budget_.on_first(now); }
  // One of this command is to go again. False: there is no repetition left, and that was told.
  [[nodiscard]] bool spend(uint32_t command, instant now) {
    if (budget_.take(now)) return true;
    no_budget_.add();
    if (no_budget_news_.due(now)) tell({THARSIS_STN_SERVER_NO_BUDGET, command, {}, "a request is not sent again: " + std::to_string(budget_.taken()) +
          " repetitions are as many as tasks.budget allows beside what was sent for the first time"});
    return false;
  }
  retry_budget& budget() { return budget_; }
  std::vector<spared_server> take_told() { return std::exchange(told_, {}); }

 private:
  static constexpr size_t told_max = 64;
  void tell(spared_server s) {
    if (told_.size() < told_max) told_.push_back(std::move(s));
  }

  server_rest<uint32_t> rest_;  // By command.
  retry_budget budget_;
  dice chance_;
  counter busy_, no_budget_;
  std::vector<spared_server> told_;
  now_and_then no_budget_news_{budget_told};
};

}  // namespace tharsis::stn
