// Lines that no file will have because their rings were full: how they are counted and called.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/letters.h"

namespace tharsis::xlog {

// By category and level.
using loss_counts = std::map<std::pair<std::string, uint32_t>, uint64_t>;

// "lines_dropped_stn_dialer_debug", as metrics are called.
inline std::string loss_metric_name(std::string_view category, uint32_t level) {
  std::string name = "lines_dropped_";
  for (const char c : in_small_letters(category)) name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  return name + "_" + std::string(level_names[level]);
}

// Categories and levels that have a metric of their own; what others lose is in the sum only.
inline constexpr size_t loss_metrics_max = 200;

}  // namespace tharsis::xlog
