// What counting costs over a plain increment, in memory as a host lends it.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "runtime/metrics.h"
#include "sdk/pure/metrics.h"
#include "tests/bench/runtime/groups.h"

namespace tharsis::bench {
namespace {

struct lent {
  runtime::metrics all;
  uint64_t plain = 0;
  const counter own = all.own<counter>("bench", "counted", "1", "");
  const shared_counter shared = all.own<shared_counter>("bench", "counted_by_many", "1", "");
  const histogram times = all.own<histogram>("bench", "times", "ns", "");
};

// As a loop of increments that the compiler may not fold into one.
void increment(lent& l, size_t n) {
  uint64_t* cell = &l.plain;
  for (size_t i = 0; i < n; ++i) {
    benchmark::DoNotOptimize(cell);
    ++*cell;
    benchmark::ClobberMemory();
  }
}

template <class Metric>
void bump(const Metric& metric, size_t n) {
  const Metric* m = &metric;
  for (size_t i = 0; i < n; ++i) {
    benchmark::DoNotOptimize(m);
    m->add();
    benchmark::ClobberMemory();
  }
}

void record(const histogram& times, size_t n) {
  const histogram* h = &times;
  for (size_t i = 0; i < n; ++i) {
    benchmark::DoNotOptimize(h);
    h->record(i);
    benchmark::ClobberMemory();
  }
}

// Both in the same sample: the difference is smaller than what the machine's mood makes of either.
sample over_an_increment(const std::shared_ptr<lent>& l, const std::function<void(size_t)>& what) {
  const sample more = nanoseconds_each(what);
  const sample plain = nanoseconds_each([l](size_t n) { increment(*l, n); });
  return [more, plain] { return more() - plain(); };
}

}  // namespace

std::vector<figure> metric_figures() {
  const auto l = std::make_shared<lent>();
  return {
      {"count, one strand: over an increment", "ns", over_an_increment(l, [l](size_t n) { bump(l->own, n); }), {}, at_most(1), {}},
      {"count, many threads: over an increment", "ns", over_an_increment(l, [l](size_t n) { bump(l->shared, n); }), {}, {}, {}},
      {"histogram, one strand: over an increment", "ns", over_an_increment(l, [l](size_t n) { record(l->times, n); }), {}, {}, {}},
  };
}

}  // namespace tharsis::bench
