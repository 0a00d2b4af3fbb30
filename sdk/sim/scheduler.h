// The virtual clock, what will happen when, and which strand runs next.
#pragma once
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "sdk/abi/abi.h"
#include "sdk/pure/time.h"
#include "sdk/sim/dice.h"

namespace tharsis::sim {

class scheduler {
 public:
  // Somebody with a queue of wakes; runs one at a time.
  class runner {
   public:
    virtual void run_one() = 0;
    virtual bool idle() const = 0;
    virtual tharsis_handle id() const = 0;

   protected:
    ~runner() = default;
  };
  using key = std::pair<instant, uint64_t>;  // Names an appointment.

  explicit scheduler(dice& chance) : dice_(chance) {}
  scheduler(const scheduler&) = delete;

  instant now() const { return now_; }
  tharsis_handle current() const { return current_; }

  // f is called at `when`, or as soon as possible when that has passed; equal times keep their order.
  key at(instant when, std::function<void()> f);
  key after(duration wait, std::function<void()> f) { return at(later(now_, wait), std::move(f)); }
  void cancel(key k) { agenda_.erase(k); }

  // The runner has something to run. It must call withdraw() when its queue empties by other means
  // than run_one().
  void ready(runner& r);
  void withdraw(runner& r) { std::erase(ready_, &r); }

  // Carries out one appointment or one wake; false when there is none up to `limit`.
  bool step(instant limit);
  bool idle() const { return ready_.empty() && agenda_.empty(); }
  void pass_to(instant when);  // Nothing happens until then.

  uint64_t steps() const { return steps_; }
  // What the run has been so far, as one number.
  uint64_t trace() const { return trace_; }
  void note(uint64_t what);

 private:
  void run(runner& r);

  // Each wake takes a little time, so that a strand which wakes itself for ever meets the limit of
  // the run instead of stopping the clock.
  static constexpr duration wake_cost = 1us;

  dice& dice_;
  instant now_{1000s};  // Not 0: nobody may take a fresh world's time for "never happened".
  std::map<key, std::function<void()>> agenda_;
  std::vector<runner*> ready_;
  tharsis_handle current_ = 0;
  uint64_t appointments_ = 0;
  uint64_t steps_ = 0;
  uint64_t trace_ = 0;
};

}  // namespace tharsis::sim
