// What a call of another plugin's service costs, measured by a virtual call of the same function.
#include <benchmark/benchmark.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "sdk/abi/runtime.h"
#include "tests/bench/runtime/callee.h"
#include "tests/bench/runtime/groups.h"
#include "tests/fixtures/parrot/parrot.h"

namespace tharsis::bench {
namespace {

void call_virtual(size_t n) {
  counter_class* counter = &some_counter();
  for (size_t i = 0; i < n; ++i) {
    benchmark::DoNotOptimize(counter);
    counter->add(i);
  }
}

void call_table(size_t n) {
  const counter_table* table = &some_table();
  for (size_t i = 0; i < n; ++i) {
    benchmark::DoNotOptimize(table);
    table->add(table->self, i);
  }
}

// A host with one plugin that provides a service, and a guard for it, all through libtharsis. The guard
// is the real one; what is called inside is the same function as in the other figures.
class guarded {
 public:
  guarded() {
    const char* folders[] = {THARSIS_FIXTURES};
    tharsis_runtime_options options{};
    options.size = sizeof options;
    options.text = "tharsis: 1\nplugins:\n  parrot: {}\n";
    options.state = THARSIS_BENCH_STATE;
    options.plugin_folders = folders;
    options.plugin_folders_count = 1;
    tharsis_error why{};
    if (tharsis_runtime_create(&options, &runtime_, &why) != THARSIS_OK) throw std::runtime_error(why.text);
    if (tharsis_runtime_start(runtime_, &why) != THARSIS_OK) throw std::runtime_error(why.text);
    if (tharsis_runtime_bind(runtime_, PARROT_ID, &guard_, &why) != THARSIS_OK) throw std::runtime_error(why.text);
    while (tharsis_guard_enter(guard_) == nullptr) tharsis_runtime_run_once(runtime_, 1'000'000);
    tharsis_guard_leave(guard_);
  }
  guarded(const guarded&) = delete;
  ~guarded() {
    tharsis_runtime_stop(runtime_, 10'000'000'000);
    tharsis_runtime_destroy(runtime_);
  }

  void call(size_t n) const {
    const counter_table* table = &some_table();
    for (size_t i = 0; i < n; ++i) {
      benchmark::DoNotOptimize(table);
      if (tharsis_guard_enter(guard_) == nullptr) continue;
      table->add(table->self, i);
      tharsis_guard_leave(guard_);
    }
  }

 private:
  tharsis_runtime* runtime_ = nullptr;
  tharsis_guard* guard_ = nullptr;
};

}  // namespace

std::vector<figure> call_figures() {
  const auto host = std::make_shared<guarded>();
  return {
      {"service call : virtual call", "ns", nanoseconds_each(call_table), nanoseconds_each(call_virtual), at_most(1.1), {}},
      {"guarded service call : virtual call", "ns", nanoseconds_each([host](size_t n) { host->call(n); }),
       nanoseconds_each(call_virtual), at_most(2), {}},
  };
}

}  // namespace tharsis::bench
