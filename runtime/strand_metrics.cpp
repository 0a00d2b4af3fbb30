#include "runtime/strand_metrics.h"

namespace tharsis::runtime {

void count_into(const tharsis_strand& strand, metrics& all, const std::string& plugin) {
  if (!THARSIS_HAS(&strand, count_into)) return;  // A platform that counts nothing.
  const auto counted = [&](const char* name, const char* help) {
    return all.own_cells(plugin, {sizeof(tharsis_metric), THARSIS_METRIC_COUNTER, name, "1", help});
  };
  const auto measured = [&](const char* name, const char* unit, const char* help) {
    return all.own_cells(plugin, {sizeof(tharsis_metric), THARSIS_METRIC_GAUGE, name, unit, help});
  };
  const tharsis_strand_cells cells{
      sizeof cells,
      counted("strand_wakes", "Callbacks that its strand ran"),
      counted("strand_timers", "Timers among them"),
      measured("strand_queue_high", "1", "Most callbacks that waited at once when the strand had its turn"),
      measured("strand_turn_longest", "ns", "Longest time that its callbacks held their thread"),
      counted("blocking_calls", "Pieces of blocking work that it handed out"),
      counted("blocking_refused", "Pieces of blocking work that were refused, too many waiting"),
  };
  strand.count_into(strand.self, &cells);
}

}  // namespace tharsis::runtime
