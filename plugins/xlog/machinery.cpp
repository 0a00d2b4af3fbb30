#include "plugins/xlog/machinery.h"

#include "plugins/xlog/heap_segment.h"
#include "plugins/xlog/os_segment_linux.h"
#include "sdk/abi/host_facts.h"
#include "sdk/pure/logger.h"

namespace tharsis::xlog {
namespace {

tick_clock::reading read_clocks(const tharsis_loop* loop) {
  tharsis_log_ring counter{};
  return {log_detail::tick(counter), loop->now(loop->self), loop->wall(loop->self)};
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
