#include "runtime/real_strand.h"

#include <algorithm>

#include "runtime/os_clock.h"
#include "runtime/table_method.h"

namespace tharsis::runtime {
namespace {

// Far apart, so that a handle of one strand finds nothing in another.
constexpr uint64_t first_generation(tharsis_handle id) { return id * 0x9E3779B97F4A7C15u >> 20; }

// For whom the calling thread stands: the latest, and those before it. There is seldom more than one, which is
// found without a call; a vector of a thread's own is not.
thread_local const real_strand* stands_for __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local size_t stood_before_count __attribute__((tls_model("initial-exec"))) = 0;
thread_local std::vector<const real_strand*> stood_before;

}  // namespace

real_strand::real_strand(tharsis_handle id, const strand_directory& all, carrier& mine, blocking_pool& pool)
    : carrier_(mine),
      pool_(pool),
      all_(all),
      timers_(handle_kind::timer, first_generation(id)),
      jobs_(handle_kind::job, first_generation(id)),
      net_(*this, mine, pool, first_generation(id)) {
  ++carrier_.strands;
  loop_.size = sizeof loop_;
  loop_.self = this;
  loop_.now = [](void*) { return carrier::here() != nullptr ? carrier::here()->now() : monotonic_now(); };
  loop_.wall = [](void*) { return wall_now(); };
  loop_.current = table_method<&real_strand::current>::call;
  loop_.post = table_method<&real_strand::post>::call;
  loop_.timer_set = table_method<&real_strand::timer_set>::call;
  loop_.timer_cancel = table_method<&real_strand::timer_cancel>::call;
  loop_.run_blocking = table_method<&real_strand::run_blocking>::call;
  loop_.ahead_of_utc = [](void*, int64_t wall) { return ahead_of_utc(wall); };
  loop_.bell_open = table_method<&real_strand::bell_open>::call;
  loop_.bell_ring = table_method<&real_strand::bell_ring>::call;
  table_.size = sizeof table_;
  table_.self = this;
  table_.id = id;
  table_.loop = &loop_;
  table_.net = net_.table();
  table_.audit = table_method<&real_strand::audit>::call;
  table_.close = table_method<&real_strand::close>::call;
  table_.count_into = table_method<&real_strand::count_into>::call;
  table_.begins = table_method<&real_strand::begins>::call;
  table_.catches = table_method<&real_strand::catches>::call;
}

// On a thread of another platform nobody of this one runs.
tharsis_handle real_strand::current() {
  const carrier* const here = carrier::here();
  const real_strand* const running = here == nullptr ? nullptr : here->running();
  if (running != nullptr && &running->all_ == &all_) return running->id();
  const auto ours = [this](const real_strand* other) { return &other->all_ == &all_; };
  if (stands_for == nullptr) return 0;
  if (ours(stands_for)) return stands_for->id();
  const auto found = std::find_if(stood_before.rbegin(), stood_before.rend(), ours);
  return found == stood_before.rend() ? 0 : (*found)->id();
}

void real_strand::stand_in() {
  if (stands_for != nullptr) {
    stood_before.push_back(stands_for);
    ++stood_before_count;
  }
  stands_for = this;
}

bool real_strand::stand_down() {
  if (stands_for != this) {
    const auto found = std::find(stood_before.rbegin(), stood_before.rend(), this);
    if (found == stood_before.rend()) return false;
    stood_before.erase(std::next(found).base());
    --stood_before_count;
    return true;
  }
  stands_for = nullptr;
  if (stood_before_count == 0) return true;
  stands_for = stood_before.back();
  stood_before.pop_back();
  --stood_before_count;
  return true;
}

tharsis_status real_strand::usable() const {
  if (closed()) return THARSIS_E_GONE;
  const carrier* const here = carrier::here();
  return here != nullptr && here->running() == this ? THARSIS_OK : THARSIS_E_INVALID;
}

void real_strand::run(const queued_wake& wake) {
  try {
    carry_out(wake);
  } catch (...) {
    if (caught_ == nullptr) throw;
    caught_(caught_context_);
  }
}

void real_strand::catches(void (*caught)(void* context), void* context) {
  caught_ = caught;
  caught_context_ = context;
}

void real_strand::begins(uint32_t kind, const char* about) {
  carrier_.activity.begin(kind, nullptr);
  carrier_.activity.about.store(about, std::memory_order_relaxed);
}

void real_strand::call(uint32_t kind, const queued_wake& then) {
  carrier_.activity.begin(kind, then.wake);
  then.wake(then.context, then.handle);
}

void real_strand::carry_out(const queued_wake& wake) {
  if (wake.wake != nullptr) return call(THARSIS_RUNS_WAKE, wake);
  queued_wake then;
  switch (kind_of(wake.handle)) {
    case handle_kind::timer: {
      timer* const fired = timers_.find(wake.handle);
      if (fired == nullptr) return;  // Cancelled while it waited for its turn.
      counts_.timers.add();
      then = fired->then;
      timers_.remove(wake.handle);
      return call(THARSIS_RUNS_TIMER, then);
    }
    case handle_kind::job: {
      const job ended = std::move(*jobs_.find(wake.handle));
      jobs_.remove(wake.handle);
      call(THARSIS_RUNS_BLOCKING, ended.then);
      if (*ended.thrown) std::rethrow_exception(*ended.thrown);
      return;
    }
    case handle_kind::socket:
      carrier_.activity.begin(THARSIS_RUNS_SOCKET, nullptr);
      return net_.tell_socket(wake.handle);
    case handle_kind::query:
      carrier_.activity.begin(THARSIS_RUNS_NAME, nullptr);
      return net_.tell_query(wake.handle);
  }
}

tharsis_status real_strand::post(tharsis_handle to, tharsis_wake wake, void* context, tharsis_handle handle) {
  if (wake == nullptr) return THARSIS_E_INVALID;
  real_strand* const receiver = to == 0 ? this : all_.find(to);
  if (receiver == nullptr || receiver->closed()) return THARSIS_E_GONE;
  receiver->carrier_.post(*receiver, {wake, context, handle});
  return THARSIS_OK;
}

tharsis_status real_strand::timer_set(int64_t at, tharsis_wake wake, void* context, tharsis_handle handle,
                                      tharsis_handle* id_out) {
  if (const tharsis_status s = usable(); s != THARSIS_OK) return s;
  if (wake == nullptr) return THARSIS_E_INVALID;
  const auto [own, made] = timers_.add();
  if (made == nullptr) return THARSIS_E_BUSY;
  made->strand = this;
  made->owner = own;
  made->then = {wake, context, handle};
  carrier_.arm(*made, at);
  if (id_out != nullptr) *id_out = own;
  return THARSIS_OK;
}

tharsis_status real_strand::timer_cancel(tharsis_handle id) {
  if (const tharsis_status s = usable(); s != THARSIS_OK) return s;
  timer* const found = timers_.find(id);
  if (found == nullptr) return THARSIS_E_GONE;
  carrier_.disarm(*found);
  timers_.remove(id);
  return THARSIS_OK;
}

tharsis_status real_strand::run_blocking(void (*work)(void*), tharsis_wake wake, void* context,
                                         tharsis_handle handle) {
  if (const tharsis_status s = usable(); s != THARSIS_OK) return s;
  if (work == nullptr || wake == nullptr) return THARSIS_E_INVALID;
  const auto thrown = std::make_shared<std::exception_ptr>();
  const auto [own, made] = jobs_.add(job{{wake, context, handle}, thrown});
  counts_.blocking.add();
  if (made == nullptr) {
    counts_.blocking_refused.add();
    return THARSIS_E_BUSY;
  }
  const auto carry_it_out = [this, work, context, thrown, back = own] {
    try {
      work(context);
    } catch (...) {  // That thread is nobody's, and the process would end: it is told where the plugin's other throws are.
      *thrown = std::current_exception();
    }
    carrier_.post(*this, {nullptr, nullptr, back});
  };
  if (pool_.submit(this, carry_it_out)) return THARSIS_OK;
  jobs_.remove(own);
  counts_.blocking_refused.add();
  return THARSIS_E_BUSY;
}

tharsis_status real_strand::bell_open(tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* out) {
  if (const tharsis_status s = usable(); s != THARSIS_OK) return s;
  if (wake == nullptr || out == nullptr) return THARSIS_E_INVALID;
  if (bells_open_ == bells_max) return THARSIS_E_BUSY;
  bell& made = bells_[bells_open_++];
  made.strand = this;
  made.then = {wake, context, handle};
  *out = bells_open_;
  return THARSIS_OK;
}

void real_strand::bell_ring(tharsis_handle number) {
  if (number != 0 && number <= bells_max && !closed()) carrier_.ring(bells_[number - 1]);
}

tharsis_status real_strand::observe_network(tharsis_on_observation see, void* context, tharsis_error* error) {
  if (const tharsis_status s = usable(); s != THARSIS_OK) return fail(error, s, "the network is watched on an open strand of one's own");
  if (see == nullptr) return fail(error, THARSIS_E_INVALID, "watching needs a function to tell");
  if (network_ != nullptr) return fail(error, THARSIS_E_IN_USE, "this strand watches the network already");
  network_ = std::make_unique<network_watch>(carrier_, *this, see, context);
  const tharsis_status s = network_->open(error);
  if (s != THARSIS_OK) network_.reset();
  return s;
}

void real_strand::audit(tharsis_strand_audit* into) {
  into->timers = static_cast<uint32_t>(timers_.size());
  into->sockets = static_cast<uint32_t>(net_.sockets_open());
  into->queries = static_cast<uint32_t>(net_.queries_open());
  into->blocking = static_cast<uint32_t>(jobs_.size());
  if (!THARSIS_HAS(into, context) || into->tell == nullptr) return;
  timers_.for_each([into](const timer& t) { into->tell(into->context, THARSIS_OPEN_TIMER, {}, t.then.wake); });
  jobs_.for_each([into](const job& j) { into->tell(into->context, THARSIS_OPEN_BLOCKING, {}, j.then.wake); });
  net_.tell_open(*into);
}

void real_strand::count_into(const tharsis_strand_cells* c) {
  counts_ = {counter(c->wakes), counter(c->timers),   gauge(c->queue_high),
             gauge(c->turn_longest), counter(c->blocking), counter(c->blocking_refused)};
}

void real_strand::close() {
  if (usable() != THARSIS_OK) return;
  end();
  if (ends_its_carrier) carrier_.end_after_this();
}

void real_strand::end() {
  if (closed_.exchange(true, std::memory_order_acq_rel)) return;
  counts_ = {};
  --carrier_.strands;
  pool_.forget(this);
  net_.close_all();
  network_.reset();
  timers_.for_each([this](timer& t) { carrier_.disarm(t); });
  timers_.clear();
  jobs_.clear();
  waiting.clear();
}

}  // namespace tharsis::runtime
