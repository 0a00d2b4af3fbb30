// A carrier is one thread with the strands it carries: their wakes in turns, their timers, and the
// poller it sleeps in. A strand stays with its carrier, so only posts from other threads need a lock.
//
// Those arrive in an inbox: a mutex, a batch that is swapped out whole, and a wake of the poller
// only when the carrier sleeps. Bells are rung beside it, for those who may not lock.
#pragma once
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/os_poller_linux.h"
#include "runtime/os_thread.h"
#include "runtime/timer_heap.h"
#include "runtime/wake_queue.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

class real_strand;

// What a carrier runs, for whoever watches it from outside: plain stores for the one who writes.
struct carrier_activity {
  std::atomic<uint64_t> turn{0};  // One more at each callback.
  std::atomic<uint32_t> kind{0};
  std::atomic<tharsis_wake> code{nullptr};
  std::atomic<const char*> about{nullptr};  // Only of kinds that are about something.
  std::atomic<real_strand*> strand{nullptr};  // Null: nothing runs.
  std::atomic<uint64_t> thread{0};            // 0: none has carried it yet.

  void begin(uint32_t what, tharsis_wake function) {
    turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    kind.store(what, std::memory_order_relaxed);
    code.store(function, std::memory_order_relaxed);
  }
};

// When it is due, the strand gets `owner` to see to.
struct strand_timer : timer_node {
  real_strand* strand = nullptr;
  tharsis_handle owner = 0;
};

// Rung without a lock or memory; its strand's.
struct bell {
  real_strand* strand = nullptr;
  queued_wake then;
  std::atomic<bool> rung{false};
  bell* next = nullptr;  // Of those that were rung.
};

class carrier {
 public:
  carrier() = default;
  ~carrier() { stop(); }
  carrier(const carrier&) = delete;

  // Takes what it needs from the system. False: out of descriptors.
  bool open() { return poller_.open(); }
  // A thread of its own from now on. False: the system has no more.
  bool start(const std::string& name);
  // Ends the thread and gives its descriptors back; later posts lead nowhere. [not its own thread]
  void stop();
  // The thread ends after the wake that runs now. [own thread]
  void end_after_this() { ending_ = true; }
  bool ended() const { return ended_; }

  // For a carrier without a thread of its own: see real_platform.
  void pump(duration budget, std::optional<duration> wait);
  void ring();  // [any thread]
  int descriptor() const { return poller_.descriptor(); }
  void await_pump();

  // The carrier of the calling thread and the strand it is running; null elsewhere.
  static carrier* here() { return here_; }
  real_strand* running() const { return activity.strand.load(std::memory_order_relaxed); }
  carrier_activity activity;

  void post(real_strand& to, const queued_wake& wake);  // [any thread]
  void ring(bell& b);  // [any thread, in a signal's handler too]

  // All below: [own thread]
  void enqueue(real_strand& to, const queued_wake& wake);
  int64_t now();  // Constant inside one wake.
  void arm(strand_timer& timer, int64_t at) { timers_.arm(timer, at); }
  void disarm(strand_timer& timer) { timers_.disarm(timer); }
  poller& watched() { return poller_; }

  std::atomic<size_t> strands{0};  // Open ones: a new strand goes where the fewest are.

 private:
  struct letter {
    real_strand* to;
    queued_wake wake;
  };

  // So many wakes of one strand before the next has its turn: enough to make the change cheap, few
  // enough that a strand that floods itself delays others by some microseconds only.
  static constexpr size_t turn_max = 64;
  // A busy carrier looks at its sockets so often; a look costs about a microsecond.
  static constexpr int64_t look_interval = 100'000;
  static constexpr int64_t no_limit = INT64_MAX;

  void run();
  bool collect();
  void run_round(int64_t until);
  void run_turn(real_strand& strand, int64_t until);
  void sleep(int64_t until);
  bool take_inbox();
  void take_bells();

  // Asked for at every call of a plugin; eight bytes of those that the system keeps for libraries which are
  // loaded late, so that asking is one load there too.
  static inline thread_local carrier* here_ __attribute__((tls_model("initial-exec"))) = nullptr;

  poller poller_;
  timer_heap timers_;
  std::deque<real_strand*> ready_;  // Each has wakes waiting.
  int64_t now_ = 0;  // 0: not asked for inside this wake.
  int64_t looked_at_ = 0;
  int64_t turn_began_ = 0;
  bool ending_ = false;
  std::vector<letter> taken_;

  std::atomic<bool> mail_{false};  // The inbox or a bell has something; read without the lock.
  std::mutex mutex_;
  std::vector<letter> inbox_;
  bool rung_ = false;
  std::atomic<bell*> bells_{nullptr};  // Rung, the last one first.
  std::atomic<bool> sleeping_{false};  // Whoever puts mail in must wake the poller. Stays after a sleep that other things ended.
  bool stopping_ = false;
  std::atomic<int> ringing_{0};  // Who is about to wake the poller, which therefore stays open.
  std::atomic<bool> ended_{false};
  thread thread_;
};

}  // namespace tharsis::runtime
