#include "plugins/xlog/machinery.h"

#include "plugins/xlog/heap_segment.h"
#include "plugins/xlog/os_segment_linux.h"
#include "sdk/abi/host_facts.h"
#include "sdk/pure/logger.h"

namespace tharsis::xlog {
namespace {

// Of a few readings the one that took the shortest: a thread that has to wait in the middle of one reads clocks of different moments, and
// files are merged by time.
tick_clock::reading read_clocks(const tharsis_loop* loop) {
  constexpr int readings = 3;
  const tharsis_log_ring counter{};
  tick_clock::reading best;
  uint64_t shortest = ~uint64_t{0};
  for (int i = 0; i < readings; ++i) {
    const uint64_t before = log_detail::tick(counter);
    const int64_t steady = loop->now(loop->self), wall = loop->wall(loop->self);
    const uint64_t took = log_detail::tick(counter) - before;
    if (took >= shortest) continue;
    shortest = took;
    best = {before + took / 2, steady, wall};
  }
  return best;
}

}  // namespace

result<machinery> make_machinery(const host& h) {
  machinery m;
  m.real = h.self->query(h.self->self, THARSIS_MACHINE_ID) != nullptr;
  if (!m.real) {
    m.segments = heap_segments();
    m.threads = heap_threads();
    m.clock = std::make_unique<tick_clock>();
    return m;
  }
  auto threads = system_threads();
  if (!threads) return threads.failure();
  m.segments = system_segments();
  m.threads = std::move(*threads);
  const auto first = read_clocks(h.loop);
  auto second = first;
  while (second.steady - first.steady < first_measure.count()) second = read_clocks(h.loop);
  m.clock = std::make_unique<tick_clock>(first, second);
  return m;
}

void refine(const machinery& m, const tharsis_loop* loop) {
  if (m.real) m.clock->refine(read_clocks(loop));
}

}  // namespace tharsis::xlog
