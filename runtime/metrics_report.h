// What the metrics of a runtime say at one time: as JSON for programs, which this can read again, as a table
// for people, and in the text format of Prometheus.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/metrics.h"
#include "runtime/yaml_tree.h"

namespace tharsis::runtime {

struct metric_reading {
  uint32_t kind;
  std::string plugin, name, unit, help;
  uint64_t count = 0;  // As in tharsis_metric_value.
  int64_t value = 0;
  uint64_t sum = 0;
  std::vector<uint64_t> buckets;  // Of a histogram all of them, else none.
};

std::vector<metric_reading> read_metrics(const metrics& all);

// [{"plugin":..,"name":..,"kind":"counter","unit":..,"help":..,"value":3}, ..]; a histogram has count, sum, mean,
// p50, p95, p99, at_most, and buckets: [[least value, how many], ..] of those that are not empty.
std::string metrics_json(const std::vector<metric_reading>& all);
// Nothing: it is no such list.
bool read_metrics_json(const yaml_node& list, std::vector<metric_reading>& all);

struct table_style {
  bool colours = false;
  bool meaning = true;  // What each one counts, behind it.
};
// Those that are zero are left out; the last line says so.
std::string metrics_table(const std::vector<metric_reading>& all, table_style style);

std::string metrics_prometheus(std::vector<metric_reading> all);

}  // namespace tharsis::runtime
