#include "runtime/watchdog.h"

#include <algorithm>

namespace tharsis::runtime {

watchdog::watchdog(const std::vector<duration>& limits) {
  for (size_t i = 0; i < limits.size(); ++i) watch(i, limits[i]);
}

void watchdog::watch(size_t strand, duration limit) {
  const runtime_settings usual;
  if (strand >= strands_.size()) strands_.resize(strand + 1);
  strands_[strand] = {limit, {}, {}, false};
  interval_ = usual.stall_round_longest;
  for (const watched& w : strands_) interval_ = std::min(interval_, w.limit / usual.stall_rounds);
  interval_ = std::max(interval_, usual.stall_round_shortest);
}

void watchdog::leave_out(duration gap) {
  for (watched& w : strands_) w.since += gap;
}

std::vector<watchdog::finding> watchdog::look(const turns& now_running, instant now) {
  if (last_round_ && now - *last_round_ > interval_ + runtime_settings{}.stall_gap) leave_out(now - *last_round_ - interval_);
  last_round_ = now;
  std::vector<finding> findings;
  for (size_t i = 0; i < strands_.size(); ++i) {
    watched& w = strands_[i];
    const bool same = now_running[i] && now_running[i] == w.turn;
    if (!same) {
      if (w.reported) findings.push_back({i, true, *w.turn, now - w.since});
      w = {w.limit, now_running[i], now, false};
    } else if (!w.reported && now - w.since >= w.limit) {
      w.reported = true;
      findings.push_back({i, false, *w.turn, now - w.since});
    }
  }
  return findings;
}

}  // namespace tharsis::runtime
