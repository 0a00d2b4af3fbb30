// One strand of a simulated machine: its queue of wakes, its timers, and the tables bound to it.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sdk/abi/platform.h"
#include "sdk/pure/metrics.h"
#include "sdk/sim/scheduler.h"
#include "sdk/sim/sockets.h"

namespace tharsis::sim {

class simulated_strand final : private scheduler::runner, private sockets::owner {
 public:
  // The strands of one machine, by their ids; a post looks here. Closed ones stay.
  using family = std::map<tharsis_handle, std::unique_ptr<simulated_strand>>;

  simulated_strand(tharsis_handle id, std::string name, network& n, host& place, const family& others);
  simulated_strand(const simulated_strand&) = delete;

  const tharsis_strand* table() const { return &table_; }
  // Also from outside: the machine has died.
  void end();
  // Nothing of it runs for so long, as if the last callback took that time. From outside.
  void stall(duration d);
  const std::string& name() const { return name_; }
  uint64_t wakes() const { return ran_; }  // That were carried out.
  // The callback that runs now, or stalls. False: none.
  bool sample(tharsis_activity& into) const;
  // Run f as a wake of this strand; dropped when it is closed.
  void send(std::function<void()> f) { enqueue(std::move(f)); }
  // The machine falls asleep: nothing of it runs, its timers stand still.
  void pause();
  void resume();

 private:
  struct timer {
    instant at;  // By the machine's clock.
    bool due_passed = false;
    scheduler::key due;
    tharsis_wake code;
    std::function<void()> wake;
  };

  void run_one() override;
  void carry_out(const std::function<void()>& wake);
  void begins(uint32_t kind, const char* about);
  bool idle() const override { return queue_.empty(); }
  tharsis_handle id() const override { return table_.id; }
  tharsis_status usable() const override;
  void enqueue(std::function<void()> wake) override;
  instant now() const { return net_.time.now() - place_.slept; }
  bool may_run() const { return !place_.asleep && net_.time.now() >= stalled_until_; }
  void go_on();
  void arm(tharsis_handle id, timer& t);
  void fire(tharsis_handle timer);
  void count(tharsis_strand_audit& into) const;
  void count_into(const tharsis_strand_cells& cells);

  // The tables' functions; `self` is this.
  static void catches(void* self, void (*caught)(void* context), void* context);
  static tharsis_status post(void* self, tharsis_handle to, tharsis_wake wake, void* context,
                             tharsis_handle handle);
  static tharsis_status timer_set(void* self, int64_t at, tharsis_wake wake, void* context,
                                  tharsis_handle handle, tharsis_handle* out);
  static tharsis_status timer_cancel(void* self, tharsis_handle timer);
  static tharsis_status run_blocking(void* self, void (*work)(void*), tharsis_wake wake, void* context,
                                     tharsis_handle handle);
  static tharsis_status bell_open(void* self, tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* bell);
  static void bell_ring(void* self, tharsis_handle bell);
  static simulated_strand& of(void* self) { return *static_cast<simulated_strand*>(self); }

  const std::string name_;
  network& net_;
  host& place_;
  const family& others_;
  sockets sockets_;
  std::deque<std::function<void()>> queue_;
  handles<timer> timers_;
  struct bell {
    std::function<void()> wake;
    bool rung = false;
  };
  std::deque<bell> bells_;  // A bell's handle is its place, from 1.
  uint32_t blocking_ = 0;
  uint64_t ran_ = 0;
  instant stalled_until_{};
  bool closed_ = false;
  counter wakes_, timers_fired_, blocking_calls_, blocking_refused_;
  gauge queue_high_;
  tharsis_activity running_{};
  void (*caught_)(void* context) = nullptr;
  void* caught_context_ = nullptr;
  tharsis_loop loop_;
  tharsis_strand table_;
};

}  // namespace tharsis::sim
