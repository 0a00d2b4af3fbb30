#include "sdk/sim/scheduler.h"

#include <algorithm>
#include <cassert>

namespace tharsis::sim {

scheduler::key scheduler::at(instant when, std::function<void()> f) {
  const key k{std::max(when, now_), ++appointments_};
  agenda_.emplace(k, std::move(f));
  return k;
}

void scheduler::ready(runner& r) {
  if (std::find(ready_.begin(), ready_.end(), &r) == ready_.end()) ready_.push_back(&r);
}

bool scheduler::step(instant limit) {
  assert(current_ == 0 && "a wake may not run the world it lives in");
  if (now_ > limit) return false;
  if (ready_.empty()) {
    if (agenda_.empty() || agenda_.begin()->first.first > limit) return false;
    now_ = std::max(now_, agenda_.begin()->first.first);
  }
  if (!agenda_.empty() && agenda_.begin()->first.first <= now_) {
    const auto appointment = agenda_.extract(agenda_.begin());
    appointment.mapped()();
  } else {
    run(*ready_[dice_.below(ready_.size())]);
  }
  return true;
}

void scheduler::run(runner& r) {
  note(r.id());
  current_ = r.id();
  r.run_one();
  current_ = 0;
  if (r.idle()) withdraw(r);
  ++steps_;
  now_ += wake_cost;
}

void scheduler::pass_to(instant when) { now_ = std::max(now_, when); }

void scheduler::note(uint64_t what) {
  for (const uint64_t word : {static_cast<uint64_t>(nanoseconds(now_)), what})
    trace_ = (trace_ ^ word) * 0x100000001b3u + (trace_ >> 29);
}

}  // namespace tharsis::sim
