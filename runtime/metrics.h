// All metrics of a runtime: what its plugins count, and what it counts about them.
//
// Cells are made once and stay until the runtime ends, so that whoever holds one, even code that is stuck,
// may go on writing to it.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "sdk/abi/metrics.h"
#include "sdk/pure/metrics.h"

namespace tharsis::runtime {

class metrics {
 public:
  metrics() = default;
  metrics(const metrics&) = delete;

  // As tharsis_metrics.cells says. [any thread]
  tharsis_status lend(const std::string& plugin, const tharsis_metric* wanted, uint64_t** cells, tharsis_error* error);

  // What the runtime counts about a plugin, or about itself ("runtime"): own<counter>("stn", "bus_published", ..).
  template <class Metric>
  Metric own(const std::string& plugin, const char* word, const char* unit, const char* help) {
    const tharsis_metric wanted{sizeof wanted, Metric::kind, word, unit, help};
    return Metric(own_cells(plugin, wanted));
  }
  uint64_t* own_cells(const std::string& plugin, const tharsis_metric& wanted);

  // The plugin has ended: nothing of it is open any more. [any thread]
  void clear_gauges(const std::string& plugin);

  // [any thread] `told` may call everything here.
  void visit(void (*told)(void* context, const tharsis_metric_value* value), void* context) const;

 private:
  struct entry {
    uint32_t kind;
    bool of_runtime;
    std::string unit;
    std::string help;
    std::unique_ptr<uint64_t[]> cells;
  };
  using name = std::pair<std::string, std::string>;  // The plugin's, the metric's.

  entry& make(const std::string& plugin, const tharsis_metric& wanted, bool of_runtime);
  static void tell(const name& id, const entry& e, void (*told)(void*, const tharsis_metric_value*), void* context);

  mutable std::mutex mutex_;
  std::map<name, entry> entries_;           // Never taken out.
  std::map<std::string, size_t> lent_;      // How many, by plugin.
};

}  // namespace tharsis::runtime
