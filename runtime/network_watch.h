// The kernel's bells on one strand: an edge becomes a wake, a wake becomes a look that is told.
#pragma once
#include "runtime/carrier.h"
#include "runtime/os_network_linux.h"

namespace tharsis::runtime {

class network_watch final : poller::watcher {
 public:
  // `strand` outlives it. All but the constructor: [own strand]
  network_watch(carrier& mine, real_strand& strand, tharsis_on_observation see, void* context)
      : carrier_(mine), strand_(strand), see_(see), context_(context) {}
  ~network_watch();
  network_watch(const network_watch&) = delete;

  // The first look is told inside.
  tharsis_status open(tharsis_error* error);

 private:
  void on_ready(uint32_t bits) override;
  static void on_wake(void* context, tharsis_handle);
  void look();

  carrier& carrier_;
  real_strand& strand_;
  const tharsis_on_observation see_;
  void* const context_;
  kernel_network kernel_;
  int64_t looked_at_ = 0;
  bool queued_ = false;
};

}  // namespace tharsis::runtime
