// A strand of the real platform: its loop table, its timers and blocking work; its network is in
// real_net.h. It stays in memory, closed, until the platform ends, because plugins keep its tables.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <memory>

#include "runtime/blocking_pool.h"
#include "runtime/carrier.h"
#include "runtime/directory.h"
#include "runtime/handle_table.h"
#include "runtime/network_watch.h"
#include "runtime/real_net.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/metrics.h"

namespace tharsis::runtime {

class real_strand;
using strand_directory = directory<real_strand>;

class real_strand {
 public:
  real_strand(tharsis_handle id, const strand_directory& all, carrier& mine, blocking_pool& pool);
  ~real_strand() { end(); }
  real_strand(const real_strand&) = delete;

  const tharsis_strand* table() const { return &table_; }

  // The calling thread, which owns no strand, stands for this one until it stands down as often: there
  // current() answers it. False: it does not stand for it. [any thread]
  void stand_in();
  bool stand_down();
  tharsis_handle id() const { return table_.id; }
  carrier& carried_by() const { return carrier_; }

  bool closed() const { return closed_.load(std::memory_order_acquire); }
  // OK for a call from this strand that is open; else what to answer it.
  tharsis_status usable() const;

  // As tharsis_observer.watch(). [own strand]
  tharsis_status observe_network(tharsis_on_observation see, void* context, tharsis_error* error);

  void run(const queued_wake& wake);  // [own thread]
  // A turn is over: so many waited when it began, so many have run, in so long. [own thread]
  void note_turn(size_t waited, size_t ran, int64_t took) const {
    counts_.queue_high.raise(static_cast<int64_t>(std::max(waited, waiting.largest())));
    counts_.wakes.add(ran);
    counts_.turn_longest.raise(took);
  }
  void end();                         // Gives everything back. [own thread, or none is left]
  bool ends_its_carrier = false;      // It has the thread for itself.

  // The carrier's, of its own thread.
  wake_queue waiting;
  bool queued = false;

 private:
  struct timer : strand_timer {
    queued_wake then;
  };
  struct counts {
    counter wakes, timers;
    gauge queue_high, turn_longest;
    counter blocking, blocking_refused;
  };

  void carry_out(const queued_wake& wake);
  void call(uint32_t kind, const queued_wake& then);
  void begins(uint32_t kind, const char* about);
  void catches(void (*caught)(void* context), void* context);
  tharsis_handle current();
  tharsis_status post(tharsis_handle to, tharsis_wake wake, void* context, tharsis_handle handle);
  tharsis_status timer_set(int64_t at, tharsis_wake wake, void* context, tharsis_handle handle,
                           tharsis_handle* id);
  tharsis_status timer_cancel(tharsis_handle id);
  tharsis_status run_blocking(void (*work)(void*), tharsis_wake wake, void* context, tharsis_handle handle);
  tharsis_status bell_open(tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* bell);
  void bell_ring(tharsis_handle bell);
  void audit(tharsis_strand_audit* into);
  void close();
  void count_into(const tharsis_strand_cells* cells);

  carrier& carrier_;
  blocking_pool& pool_;
  const strand_directory& all_;
  std::atomic<bool> closed_{false};
  handle_table<timer> timers_;
  static constexpr size_t bells_max = 16;
  std::array<bell, bells_max> bells_;  // A bell's handle is its place, from 1.
  size_t bells_open_ = 0;
  struct job {
    queued_wake then;  // What to call when the blocking work comes back.
    std::shared_ptr<std::exception_ptr> thrown;  // What it threw; written before it comes back.
  };
  handle_table<job> jobs_;
  real_net net_;
  counts counts_;
  void (*caught_)(void* context) = nullptr;
  void* caught_context_ = nullptr;
  std::unique_ptr<network_watch> network_;
  tharsis_loop loop_{};
  tharsis_strand table_{};
};

}  // namespace tharsis::runtime
