#include "runtime/host_runtime.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <utility>

#include "runtime/os_clock.h"
#include "runtime/os_state_folder.h"
#include "runtime/os_thread.h"
#include "runtime/report_json.h"
#include "sdk/pure/json.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

// Answers that came while the last plugin stopped are given before stop() returns.
constexpr duration last_answers_budget = 100ms;
// In one go; between two the end is looked at.
constexpr duration pump_budget = 10ms;

void print_log(uint32_t level, std::string_view plugin, std::string_view text) {
  const std::string line = (level >= THARSIS_LOG_ERROR ? "error: " : "warning: ") + std::string(plugin) + ": " + std::string(text) + "\n";
  std::fputs(line.c_str(), stderr);
}

// Wakes the thread that pumps `main`, which carries the strand.
void nudge(const tharsis_strand& strand) {
  strand.loop->post(strand.loop->self, strand.id, [](void*, tharsis_handle) {}, nullptr, 0);
}

real_platform::options platform_options(unsigned threads) {
  real_platform::options o;
  if (threads != 0) o.threads = threads;
  return o;
}

}  // namespace

host_runtime::host_runtime(const options& o)
    : data_folder_(o.plan.data_folder), run_by_caller_(o.platform != nullptr), platform_(platform_options(o.threads)) {}

host_runtime::~host_runtime() = default;

result<std::unique_ptr<host_runtime>> host_runtime::create(options o) {
  std::unique_ptr<host_runtime> made(new host_runtime(o));
  host_runtime* const self = made.get();
  const tharsis_platform& table = *made->platform_.table();
  const tharsis_strand* strand = nullptr;
  tharsis_error reason = no_error();
  const tharsis_status s = table.strand_open(table.self, "answers", THARSIS_STRAND_MAIN, &strand, &reason);
  if (s != THARSIS_OK) return error_from(s, reason);
  made->answers_ = static_cast<real_strand*>(strand->self);
  made->wake_ = std::make_unique<host_wake>(made->platform_.main_descriptor());
  if (made->wake_->descriptor() < 0)
    return error{THARSIS_E_BUSY, "the process is out of descriptors; close some, or raise its limit"};
  runtime::options inner;
  inner.platform = o.platform != nullptr ? o.platform : &table;
  inner.journal = std::move(o.name);
  inner.plan = std::move(o.plan);
  inner.print = print_log;
  inner.on_failure = [strand] { nudge(*strand); };
  inner.on_settled = [self, strand] {
    self->settled_ = true;
    nudge(*strand);
  };
  inner.on_ended = [self, strand] {
    self->phase_ = phase::ended;  // From now on it may be destroyed; the platform waits for this thread first.
    nudge(*strand);
  };
  made->runtime_ = std::make_unique<runtime>(std::move(inner));
  made->log_ = made->runtime_->log_for("host");
  return made;
}

std::optional<error> host_runtime::start() {
  const std::lock_guard lock(turning_);
  if (phase_ != phase::created)
    return error{THARSIS_E_INVALID, "this runtime was started before; a runtime runs once, create another"};
  std::optional<error> failure;
  if (!run_by_caller_) failure = prepare_state_folder(data_folder_);
  if (!failure) failure = runtime_->start();
  phase_ = failure ? phase::ended : phase::started;
  return failure;
}

// The first thread that pumps stays the one.
bool host_runtime::begin_pumping() {
  if (carrier::here() != nullptr) return false;
  uint64_t nobody = 0;
  const uint64_t me = thread_number();
  if (!pump_thread_.compare_exchange_strong(nobody, me) && nobody != me) return false;
  return !pumping_.exchange(true);
}

tharsis_status host_runtime::run_once(duration budget) {
  if (!begin_pumping()) return THARSIS_E_INVALID;
  platform_.run_main(std::max(budget, duration(0)), duration(0));
  pumping_ = false;
  return readable_now(platform_.main_descriptor()) ? THARSIS_PENDING : THARSIS_OK;
}

tharsis_status host_runtime::stop(std::optional<duration> limit) {
  return begin_pumping() ? wait_for_end(limit) : THARSIS_E_INVALID;
}

bool host_runtime::end() {
  if (carrier::here() != nullptr || pumping_.exchange(true)) return false;
  wait_for_end(stopping_ ? std::optional(duration(0)) : std::nullopt);
  return true;
}

tharsis_status host_runtime::wait_for_end(std::optional<duration> limit) {
  const instant end = limit ? later(instant_from(monotonic_now()), *limit) : never;
  {
    const std::lock_guard lock(turning_);
    if (phase_ == phase::created) phase_ = phase::ended;
    if (phase_ == phase::started && !stopping_.exchange(true)) runtime_->stop();
  }
  while (phase_ != phase::ended && !run_by_caller_) {
    std::optional<duration> left;
    if (end != never) left = end - instant_from(monotonic_now());
    if (left && *left <= 0ns) break;
    platform_.run_main(pump_budget, left);
  }
  platform_.run_main(last_answers_budget, duration(0));
  pumping_ = false;
  return destroyable() ? THARSIS_OK : THARSIS_E_TIMEOUT;
}

bool host_runtime::destroyable() const {
  if (phase_ != phase::ended) return phase_ == phase::created;
  const auto report = runtime_->report();
  return std::none_of(report.begin(), report.end(), [](const auto& r) { return r.stuck; });
}

std::string_view host_runtime::state() const {
  switch (phase_.load()) {
    case phase::created: return "created";
    case phase::ended: return "stopped";
    case phase::started: break;
  }
  return stopping_ ? "stopping" : settled_ ? "running" : "starting";
}

std::string host_runtime::report() const {
  return json_object().add("state", state()).add_raw("plugins", report_json(runtime_->report())).text();
}

std::optional<error> host_runtime::missing(const std::string& interface_id) const {
  if (run_by_caller_)
    return error{THARSIS_E_UNSUPPORTED, "on a platform of the caller's, threads of the host call no services; let a plugin do it"};
  std::vector<std::string> provided;
  if (runtime_->provides(interface_id, &provided)) return {};
  const auto meant = nearest(interface_id, provided);
  return error{THARSIS_E_NOT_FOUND, "no plugin of the profile provides " + in_quotes(interface_id) +
                                        (meant ? "; did you mean '" + *meant + "'?" : "; it provides " + (provided.empty() ? "nothing" : listed(provided)))};
}

reload_answer host_runtime::reload(profile next) {
  if (carrier::here() != nullptr)
    return {{}, error{THARSIS_E_INVALID, "reload waits for plugins, so it must not be called from inside a callback"}};
  if (phase_ != phase::started || stopping_) return {{}, error{THARSIS_E_INVALID, "only a runtime that runs takes another profile"}};
  if (run_by_caller_)
    return {{}, error{THARSIS_E_UNSUPPORTED, "reload waits for plugins, but who calls it is who runs their platform"}};
  if (next.data_folder != data_folder_)
    return {{}, error{THARSIS_E_INVALID, "the state folder is " + data_folder_ + " as long as the runtime lives"}};
  struct answer {
    std::mutex mutex;
    std::condition_variable came;
    std::optional<reload_answer> said;
  };
  const auto waited = std::make_shared<answer>();
  runtime_->reload(std::move(next), [waited, strand = answers_->table()](const reload_answer& said) {
    const std::lock_guard lock(waited->mutex);
    waited->said = said;
    waited->came.notify_all();
    nudge(*strand);
  });
  const bool pumps = pump_thread_ == thread_number() && begin_pumping();
  std::unique_lock lock(waited->mutex);
  while (pumps && !waited->said) {
    lock.unlock();
    platform_.run_main(pump_budget, std::nullopt);
    lock.lock();
  }
  waited->came.wait(lock, [&] { return waited->said.has_value(); });
  if (pumps) pumping_ = false;
  return std::move(*waited->said);
}

std::shared_ptr<host_guard> host_runtime::attach(const std::string& interface_id) {
  const auto guard = std::make_shared<host_guard>(runtime_->services(), "(host " + std::to_string(++guards_) + ")", interface_id);
  guard->attach([this](std::function<void()> f) { runtime_->send(std::move(f)); });
  return guard;
}

}  // namespace tharsis::runtime
