#include "runtime/carrier.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "runtime/os_clock.h"
#include "runtime/real_strand.h"

namespace tharsis::runtime {
namespace {

int64_t sum(int64_t at, int64_t wait) { return wait > INT64_MAX - at ? INT64_MAX : at + wait; }

}  // namespace

bool carrier::start(const std::string& name) {
  return thread_.start(name, [this] { run(); });
}

void carrier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    mail_ = true;
    if (sleeping_.exchange(false)) poller_.wake();
  }
  thread_.join();
  while (ringing_.load(std::memory_order_acquire) != 0) std::this_thread::yield();  // A system call of nanoseconds.
  poller_.close();
}

void carrier::post(real_strand& to, const queued_wake& wake) {
  if (here_ == this) return enqueue(to, wake);
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back({&to, wake});
    mail_.store(true, std::memory_order_relaxed);
    if (!sleeping_.exchange(false)) return;
    ++ringing_;
  }
  // Not below the lock: who wakes up takes it first of all.
  poller_.wake();
  ringing_.fetch_sub(1, std::memory_order_release);
}

// Who sleeps looks for mail once more after it has said so.
void carrier::ring(bell& b) {
  if (b.rung.exchange(true)) return;
  ++ringing_;
  b.next = bells_.load(std::memory_order_relaxed);
  while (!bells_.compare_exchange_weak(b.next, &b)) {}
  mail_ = true;
  if (sleeping_.exchange(false)) poller_.wake();
  ringing_.fetch_sub(1, std::memory_order_release);
}

void carrier::ring() {
  const std::lock_guard lock(mutex_);
  rung_ = true;
  mail_ = true;
  if (sleeping_.exchange(false)) poller_.wake();
}

void carrier::enqueue(real_strand& to, const queued_wake& wake) {
  if (to.closed()) return;
  to.waiting.push(wake);
  if (std::exchange(to.queued, true)) return;
  ready_.push_back(&to);
}

int64_t carrier::now() {
  if (now_ == 0) now_ = monotonic_now();
  return now_;
}

void carrier::run() {
  here_ = this;
  activity.thread = thread_number();
  while (!ending_) {
    if (collect()) break;
    if (ready_.empty())
      sleep(no_limit);
    else
      run_round(no_limit);
  }
  here_ = nullptr;
  ended_ = true;
}

// What is ready goes to its strand. Answers whether the bell was rung or the carrier stops.
bool carrier::collect() {
  const bool rung = mail_.load(std::memory_order_relaxed) && take_inbox();
  int64_t now = monotonic_now();
  if (now - looked_at_ >= look_interval) {
    looked_at_ = now;
    poller_.wait(0);
    now = monotonic_now();
  }
  turn_began_ = now;
  while (timer_node* const due = timers_.take_due(now)) {
    const auto& timer = *static_cast<strand_timer*>(due);
    enqueue(*timer.strand, {nullptr, nullptr, timer.owner});
  }
  return rung;
}

bool carrier::take_inbox() {
  bool rung;
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(inbox_);
    sleeping_ = false;
    mail_.store(false, std::memory_order_relaxed);
    rung = std::exchange(rung_, false) || stopping_;
  }
  for (const letter& l : taken_) enqueue(*l.to, l.wake);
  taken_.clear();
  take_bells();
  return rung;
}

void carrier::take_bells() {
  for (bell* b = bells_.exchange(nullptr); b != nullptr;) {
    bell* const next = b->next;
    b->rung = false;  // From now on it may be rung again, and b->next is another's.
    enqueue(*b->strand, b->then);
    b = next;
  }
}

void carrier::run_round(int64_t until) {
  for (size_t turns = ready_.size(); turns > 0 && !ending_; --turns) {
    real_strand& strand = *ready_.front();
    ready_.pop_front();
    run_turn(strand, until);
    if (strand.waiting.empty())
      strand.queued = false;
    else
      ready_.push_back(&strand);
    if (turn_began_ >= until) return;
  }
}

void carrier::run_turn(real_strand& strand, int64_t until) {
  activity.strand.store(&strand, std::memory_order_relaxed);
  queued_wake next;
  const size_t waiting = strand.waiting.size();
  size_t ran = 0;
  while (ran < turn_max && strand.waiting.pop(next)) {
    now_ = 0;
    ++ran;
    strand.run(next);
    if (until != no_limit && monotonic_now() >= until) break;
  }
  activity.strand.store(nullptr, std::memory_order_relaxed);
  now_ = 0;
  const int64_t ended = monotonic_now();  // When the next turn begins, too.
  strand.note_turn(waiting, ran, ended - turn_began_);
  turn_began_ = ended;
}

void carrier::sleep(int64_t until) {
  {
    const std::lock_guard lock(mutex_);
    sleeping_ = true;
    if (mail_) {
      sleeping_ = false;
      return;
    }
  }
  if (!timers_.empty()) until = std::min(until, timers_.earliest());
  int64_t timeout = -1;
  if (until != no_limit) timeout = std::max<int64_t>(until - monotonic_now(), 0);
  poller_.wait(timeout);
  looked_at_ = monotonic_now();
}

void carrier::pump(duration budget, std::optional<duration> wait) {
  if (here_ != nullptr) return;  // From inside a wake: what it waits for cannot run below it.
  here_ = this;
  activity.thread = thread_number();
  {
    const std::lock_guard lock(mutex_);
    sleeping_ = false;
  }
  const int64_t patience = wait ? sum(monotonic_now(), wait->count()) : no_limit;
  looked_at_ = 0;
  bool rung = collect();
  while (!rung && ready_.empty() && (patience == no_limit || monotonic_now() < patience)) {
    sleep(patience);
    rung = collect();
  }
  const int64_t until = sum(monotonic_now(), budget.count());
  while (!rung && !ready_.empty()) {
    run_round(until);
    if (monotonic_now() >= until) break;
    rung = collect();
  }
  here_ = nullptr;
  await_pump();
}

// Until the next pump, the descriptor tells of everything there is to do.
void carrier::await_pump() {
  poller_.alarm(timers_.empty() ? 0 : std::max<int64_t>(timers_.earliest(), 1));
  const std::lock_guard lock(mutex_);
  sleeping_ = true;
  if (ready_.empty() && !mail_) return;
  sleeping_ = false;
  poller_.wake();
}

}  // namespace tharsis::runtime
