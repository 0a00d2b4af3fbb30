// What a runtime has counted, as a test asks for it.
#pragma once
#include <optional>
#include <string>

#include "runtime/metrics_report.h"

namespace tharsis::test {

inline std::optional<runtime::metric_reading> reading(const runtime::metrics& all, const std::string& plugin, const std::string& name) {
  for (auto& one : runtime::read_metrics(all))
    if (one.plugin == plugin && one.name == name) return one;
  return {};
}

// A counter's or a gauge's value; -1: there is no such metric.
inline int64_t counted(const runtime::metrics& all, const std::string& plugin, const std::string& name) {
  const auto one = reading(all, plugin, name);
  return !one ? -1 : one->kind == THARSIS_METRIC_COUNTER ? static_cast<int64_t>(one->count) : one->value;
}

}  // namespace tharsis::test
