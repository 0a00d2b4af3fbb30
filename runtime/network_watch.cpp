#include "runtime/network_watch.h"

#include "runtime/real_strand.h"

namespace tharsis::runtime {
namespace {

// While the kernel rings without end (a router learns a hundred thousand routes) we look so often; until
// then its notices wait in their socket, and those that do not fit there are not missed.
constexpr int64_t look_interval = 100'000'000;

}  // namespace

network_watch::~network_watch() {
  if (kernel_.bell() >= 0) carrier_.watched().remove(kernel_.bell());
  if (kernel_.clock_bell() >= 0) carrier_.watched().remove(kernel_.clock_bell());
}

tharsis_status network_watch::open(tharsis_error* error) {
  if (const tharsis_status s = kernel_.open(error); s != THARSIS_OK) return s;
  bool watched = carrier_.watched().add(kernel_.bell(), *this);
  if (kernel_.clock_bell() >= 0) watched = carrier_.watched().add(kernel_.clock_bell(), *this) && watched;
  if (!watched) return fail(error, THARSIS_E_BUSY, "the kernel has no memory left to tell of its network");
  looked_at_ = carrier_.now();
  see_(context_, kernel_.look());
  return THARSIS_OK;
}

// [outside of any wake]
void network_watch::on_ready(uint32_t) {
  if (std::exchange(queued_, true)) return;
  carrier_.enqueue(strand_, {&network_watch::on_wake, this, 0});
}

void network_watch::on_wake(void* context, tharsis_handle) {
  auto& self = *static_cast<network_watch*>(context);
  const int64_t next = self.looked_at_ + look_interval;
  if (self.carrier_.now() >= next) return self.look();
  const tharsis_loop& loop = *self.strand_.table()->loop;
  loop.timer_set(loop.self, next, &network_watch::on_wake, context, 0, nullptr);
}

void network_watch::look() {
  queued_ = false;
  looked_at_ = carrier_.now();
  if (kernel_.changed()) see_(context_, kernel_.look());
}

}  // namespace tharsis::runtime
