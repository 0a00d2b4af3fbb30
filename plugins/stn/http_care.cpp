#include "plugins/stn/http_care.h"

#include <algorithm>

#include "plugins/stn/core/wait_text.h"
#include "sdk/abi/stn_server.h"
#include "sdk/async/any_number.h"
#include "sdk/pure/retry_after.h"

namespace tharsis::stn {
duration http_care::on_answer(const url& from, const tharsis_address& at, const http1::response_head& head, bool& opened) {
  const auto told = busy_for(head, place_.wall() / 1'000'000'000);
  if (is_overload(head.status)) opened = on_failure(at, "it answered with the status " + std::to_string(head.status), told.value_or(duration()));
  else if (at.family != 0) servers_.on_success(at, place_.now());
  if (!told) return {};
  const instant now = place_.now(), until = care_.on_busy(from.origin(), *told, chance(), now);
  if (until <= now) return {};
  terms_.busy.add();
  tell(THARSIS_STN_SERVER_BUSY, from.origin(), from.origin() + " has too much to do (" + std::to_string(head.status) + "), and is not asked for " + wait_text(until - now), until - now);
  return until - now;
}

void http_care::on_no_answer(const tharsis_address& at, const std::string& why, bool& opened) { opened = on_failure(at, why, {}); }

bool http_care::on_failure(const tharsis_address& at, const std::string& why, duration at_least) {
  if (at.family == 0 || !servers_.on_failure(at, why, std::min(at_least, terms_.rest.most), chance(), place_.now())) return false;
  terms_.left_alone.add();
  tell(THARSIS_STN_SERVER_LEFT_ALONE, to_text(at), servers_.words(at, place_.now()), servers_.left_alone_for(at, place_.now()));
  return true;
}

bool http_care::spend(const std::string& origin) {
  const instant now = place_.now();
  if (care_.spend(origin, now)) return true;
  terms_.no_budget.add();
  if (no_budget_news_.due(now)) tell(THARSIS_STN_SERVER_NO_BUDGET, origin, "a request to " + origin + " is not sent again: tasks.budget allows no more repetitions beside what was sent for the first time", {});
  return false;
}

void http_care::tell(uint32_t what, const std::string& address, const std::string& reason, duration wait) const {
  if (terms_.tell) terms_.tell({terms_.who, address, reason, what, 0, wait});
}

uint64_t http_care::chance() const { return any_number(random_); }

}  // namespace tharsis::stn
