// The host table tharsis.metrics/1 for tests that make their own host.
#pragma once
#include "runtime/metrics.h"
#include "tests/runtime/counted.h"

namespace tharsis::test {

struct lent_metrics {
  lent_metrics() = default;
  lent_metrics(const lent_metrics&) = delete;

  int64_t counted(const std::string& name) const { return test::counted(all, "test", name); }

  runtime::metrics all;
  const tharsis_metrics table{sizeof table, this,
                              [](void* self, const tharsis_metric* wanted, uint64_t** cells, tharsis_error* error) {
                                return static_cast<lent_metrics*>(self)->all.lend("test", wanted, cells, error);
                              },
                              nullptr};
};

}  // namespace tharsis::test
