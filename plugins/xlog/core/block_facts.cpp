#include "plugins/xlog/core/block_facts.h"

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

std::string names_of(uint8_t levels) {
  std::string all;
  for (unsigned i = 0; i < 8; ++i)
    if ((levels >> i & 1) != 0) all += (all.empty() ? "" : ", ") + (i < levels_count ? std::string(level_names[i]) : "level " + std::to_string(i));
  return all.empty() ? "none" : all;
}

}  // namespace

std::string what_differs(const frame_header& says, const rows_facts& rows, const clock_anchor& anchor, unsigned shift) {
  std::string all;
  const auto add = [&](const std::string& what, const std::string& told, const std::string& found) {
    all += (all.empty() ? "a block's header does not fit its rows: " : "; ") + what + " " + told + ", and they have " + found;
  };
  const auto time = [&](uint64_t tick) { return moment_text(wall_of(tick << shift, anchor)) + " (tick " + std::to_string(tick) + ")"; };
  const block_facts& are = rows.are;
  if (says.tick_min != are.tick_min) add("it says that they begin at", time(says.tick_min), time(are.tick_min));
  if (says.tick_max != are.tick_max) add("it says that they end at", time(says.tick_max), time(are.tick_max));
  if (rows.sites_are_known && says.levels != are.levels) add("it says that their levels are", names_of(says.levels), names_of(are.levels));
  if (says.sites != are.sites) add("it says that the bits of their sites are", std::to_string(says.sites), std::to_string(are.sites));
  if (says.threads != told_threads(are.threads)) add("it says that their rings are", std::to_string(says.threads), std::to_string(told_threads(are.threads)));
  if (rows.recorded && (says.flags & frame_recorded) == 0) add("it says that those which were recorded are", "none", "some");
  return all;
}

}  // namespace tharsis::xlog
