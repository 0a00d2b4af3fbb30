#include "sdk/sim/simulated_strand.h"

#include <algorithm>
#include <exception>

namespace tharsis::sim {
namespace {

constexpr duration blocking_time_max = 2ms;  // A disk with other work to do.
constexpr uint32_t blocking_max = 4096;
constexpr size_t bells_max = 16;

}  // namespace

simulated_strand::simulated_strand(tharsis_handle id, std::string name, network& n, host& place, const family& others)
    : name_(std::move(name)), net_(n), place_(place), others_(others), sockets_(n, place, *this) {
  loop_ = {sizeof loop_,
           this,
           [](void* self) { return nanoseconds(of(self).now()); },
           [](void* self) { return of(self).net_.wall(of(self).place_); },
           [](void* self) { return of(self).net_.time.current(); },
           post,
           timer_set,
           timer_cancel,
           run_blocking,
           [](void* self, int64_t wall) {
             const conditions& like = of(self).place_.like;
             return like.ahead_of_utc != nullptr ? like.ahead_of_utc(wall) : 0;
           },
           bell_open,
           bell_ring};
  table_ = {sizeof table_,
            this,
            id,
            &loop_,
            sockets_.table(),
            [](void* self, tharsis_strand_audit* audit) { of(self).count(*audit); },
            [](void* self) {
              if (of(self).usable() == THARSIS_OK) of(self).end();
            },
            [](void* self, const tharsis_strand_cells* cells) { of(self).count_into(*cells); },
            [](void* self, uint32_t kind, const char* about) { of(self).begins(kind, about); },
            catches};
  running_.size = sizeof running_;
  running_.strand = id;
}

tharsis_status simulated_strand::usable() const {
  if (closed_) return THARSIS_E_GONE;
  return net_.time.current() == table_.id ? THARSIS_OK : THARSIS_E_INVALID;
}

void simulated_strand::end() {
  closed_ = true;
  count_into({});
  sockets_.close_all();
  for (const tharsis_handle t : timers_.all()) net_.time.cancel(timers_.take(t)->due);
  blocking_ = 0;
  net_.time.withdraw(*this);
  queue_.clear();
}

void simulated_strand::count(tharsis_strand_audit& into) const {
  into.timers = static_cast<uint32_t>(timers_.size());
  into.sockets = into.queries = 0;
  into.blocking = blocking_;
  sockets_.count(into);
  if (!THARSIS_HAS(&into, context) || into.tell == nullptr) return;
  for (const tharsis_handle t : timers_.all()) into.tell(into.context, THARSIS_OPEN_TIMER, {}, timers_.find(t)->code);
}

// A callback takes no time here, so no turn is longer than another.
void simulated_strand::count_into(const tharsis_strand_cells& c) {
  wakes_ = counter(c.wakes);
  timers_fired_ = counter(c.timers);
  queue_high_ = gauge(c.queue_high);
  blocking_calls_ = counter(c.blocking);
  blocking_refused_ = counter(c.blocking_refused);
}

// ---- the queue

void simulated_strand::enqueue(std::function<void()> wake) {
  if (closed_) return;
  queue_.push_back(std::move(wake));
  if (may_run()) net_.time.ready(*this);
}

void simulated_strand::stall(duration d) {
  stalled_until_ = std::max(stalled_until_, later(net_.time.now(), d));
  net_.time.withdraw(*this);
  net_.time.at(stalled_until_, [this] { go_on(); });
}

void simulated_strand::go_on() {
  if (!queue_.empty() && may_run()) net_.time.ready(*this);
}

void simulated_strand::pause() {
  net_.time.withdraw(*this);
  for (const tharsis_handle id : timers_.all()) net_.time.cancel(timers_.find(id)->due);
}

void simulated_strand::resume() {
  go_on();
  for (const tharsis_handle id : timers_.all())
    if (timer& t = *timers_.find(id); !t.due_passed) arm(id, t);
}

void simulated_strand::run_one() {
  queue_high_.raise(static_cast<int64_t>(queue_.size()));
  wakes_.add();
  const auto wake = std::move(queue_.front());
  queue_.pop_front();
  ++ran_;
  begins(THARSIS_RUNS_WAKE, nullptr);
  carry_out(wake);
}

void simulated_strand::carry_out(const std::function<void()>& wake) {
  try {
    wake();
  } catch (...) {
    if (caught_ == nullptr) throw;
    caught_(caught_context_);
  }
}

void simulated_strand::begins(uint32_t kind, const char* about) {
  ++running_.turn;
  running_.kind = kind;
  running_.about = about;
}

void simulated_strand::catches(void* self, void (*caught)(void* context), void* context) {
  of(self).caught_ = caught;
  of(self).caught_context_ = context;
}

bool simulated_strand::sample(tharsis_activity& into) const {
  const bool stalled = net_.time.now() < stalled_until_;
  if (closed_ || (!stalled && net_.time.current() != table_.id)) return false;
  into = running_;
  return true;
}

tharsis_status simulated_strand::post(void* self, tharsis_handle to, tharsis_wake wake, void* context,
                                      tharsis_handle handle) {
  if (wake == nullptr) return THARSIS_E_INVALID;
  simulated_strand* target = &of(self);
  if (to != 0) {
    const auto found = of(self).others_.find(to);
    if (found == of(self).others_.end()) return THARSIS_E_GONE;
    target = found->second.get();
  }
  if (target->closed_) return THARSIS_E_GONE;
  target->enqueue([wake, context, handle] { wake(context, handle); });
  return THARSIS_OK;
}

tharsis_status simulated_strand::bell_open(void* self, tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* out) {
  simulated_strand& me = of(self);
  if (const auto s = me.usable(); s != THARSIS_OK) return s;
  if (wake == nullptr || out == nullptr) return THARSIS_E_INVALID;
  if (me.bells_.size() == bells_max) return THARSIS_E_BUSY;
  me.bells_.push_back({[wake, context, handle] { wake(context, handle); }});
  *out = me.bells_.size();
  return THARSIS_OK;
}

void simulated_strand::bell_ring(void* self, tharsis_handle number) {
  simulated_strand& me = of(self);
  if (number == 0 || number > me.bells_.size() || me.closed_) return;
  bell& b = me.bells_[number - 1];
  if (std::exchange(b.rung, true)) return;
  me.enqueue([&b] {
    b.rung = false;
    b.wake();
  });
}

// ---- time

tharsis_status simulated_strand::timer_set(void* self, int64_t at, tharsis_wake wake, void* context,
                                           tharsis_handle handle, tharsis_handle* out) {
  simulated_strand& me = of(self);
  if (const auto s = me.usable(); s != THARSIS_OK) return s;
  if (wake == nullptr) return THARSIS_E_INVALID;
  const tharsis_handle id = me.timers_.add(std::make_unique<timer>());
  timer& t = *me.timers_.find(id);
  t.code = wake;
  t.wake = [wake, context, handle] { wake(context, handle); };
  t.at = instant_from(at);
  me.arm(id, t);
  if (out != nullptr) *out = id;
  return THARSIS_OK;
}

void simulated_strand::arm(tharsis_handle id, timer& t) {
  t.due = net_.time.at(later(t.at, place_.slept), [this, id, &t] {
    t.due_passed = true;
    enqueue([this, id] { fire(id); });
  });
}

// It may have been cancelled while its wake stood in the queue.
void simulated_strand::fire(tharsis_handle id) {
  const auto t = timers_.take(id);
  if (t == nullptr) return;
  timers_fired_.add();
  begins(THARSIS_RUNS_TIMER, nullptr);
  t->wake();
}

tharsis_status simulated_strand::timer_cancel(void* self, tharsis_handle id) {
  simulated_strand& me = of(self);
  if (const auto s = me.usable(); s != THARSIS_OK) return s;
  const auto t = me.timers_.take(id);
  if (t == nullptr) return THARSIS_E_GONE;
  me.net_.time.cancel(t->due);
  return THARSIS_OK;
}

tharsis_status simulated_strand::run_blocking(void* self, void (*work)(void*), tharsis_wake wake,
                                              void* context, tharsis_handle handle) {
  simulated_strand& me = of(self);
  if (const auto s = me.usable(); s != THARSIS_OK) return s;
  if (work == nullptr || wake == nullptr) return THARSIS_E_INVALID;
  me.blocking_calls_.add();
  if (me.blocking_ >= blocking_max) {
    me.blocking_refused_.add();
    return THARSIS_E_BUSY;
  }
  ++me.blocking_;
  me.net_.time.after(me.net_.chance.up_to(blocking_time_max) + me.place_.like.blocking_slow, [&me, work, wake, context, handle] {
    if (me.closed_) return;  // Whoever asked may be freed: the work never began.
    std::exception_ptr thrown;  // The strand hears of it, as on a real one.
    try {
      work(context);
    } catch (...) {
      thrown = std::current_exception();
    }
    me.enqueue([&me, wake, context, handle, thrown] {
      --me.blocking_;
      wake(context, handle);
      if (thrown) std::rethrow_exception(thrown);
    });
  });
  return THARSIS_OK;
}

}  // namespace tharsis::sim
