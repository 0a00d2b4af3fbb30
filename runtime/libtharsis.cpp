// The door of libtharsis: sdk/abi/runtime.h over host_runtime. Nothing here decides anything.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/host_inbox.h"
#include "runtime/host_runtime.h"
#include "runtime/metrics_report.h"
#include "runtime/os_library.h"
#include "sdk/abi/runtime.h"
#include "sdk/pure/histogram.h"
#include "sdk/pure/views.h"

using namespace tharsis;

struct tharsis_runtime {
  std::unique_ptr<tharsis::runtime::host_runtime> host;
  // Guards and inboxes that the host has not given back.
  std::mutex mutex;
  std::vector<std::unique_ptr<tharsis_guard>> guards;
  std::vector<std::unique_ptr<tharsis_inbox>> inboxes;
};

struct tharsis_guard {
  tharsis_runtime* of;
  std::shared_ptr<tharsis::runtime::host_guard> service;
};

struct tharsis_inbox {
  tharsis_inbox(tharsis_runtime* r) : of(r), events(r->host->events(), r->host->wake()) {}
  tharsis_runtime* of;
  tharsis::runtime::host_inbox events;
};

namespace tharsis::runtime {
namespace {

const char* problem_of(const tharsis_runtime_options* o) {
  if (o == nullptr || o->size < sizeof *o) return "the options need `size`, set to sizeof(tharsis_runtime_options)";
  if (o->profile == nullptr && o->text == nullptr) return "the options need a `profile`, or its `text`";
  if ((o->sets_count > 0 && o->sets == nullptr) || (o->plugin_folders_count > 0 && o->plugin_folders == nullptr))
    return "the options count `sets` or `plugin_folders`, but have none";
  return nullptr;
}

// Where plugins are looked for: what the host says, beside the library, where they are installed.
profile_request request_of(const tharsis_runtime_options& o) {
  profile_request request;
  request.file = o.profile != nullptr ? o.profile : "profile";
  if (o.text != nullptr) request.text = o.text;
  for (uint32_t i = 0; i < o.sets_count; ++i) request.sets.emplace_back(o.sets[i]);
  for (uint32_t i = 0; i < o.plugin_folders_count; ++i) request.plugin_folders.emplace_back(o.plugin_folders[i]);
  request.plugin_folders.push_back(own_library_folder() + "/../plugins");
  request.plugin_folders.push_back(own_library_folder() + "/tharsis/plugins");
  request.environment = process_environment();
  request.data_folder = o.state != nullptr ? o.state : "";
  return request;
}

profile read_profile(const tharsis_runtime_options& o, diagnostics& problems) {
  profile plan = load_profile(request_of(o), problems);
  check_libraries(plan, problems);
  return plan;
}

std::string first_sentence(const diagnostics& problems) {
  for (const diagnostic& d : problems.kept())
    if (!d.warning) return d.at.text() + (d.at.known() ? ": " : "") + d.text;
  return "the profile has too many problems";
}

tharsis_owned_text owned(std::string_view text) {
  auto* const data = static_cast<char*>(std::malloc(text.size() + 1));
  if (data == nullptr) std::abort();
  std::memcpy(data, text.data(), text.size());
  data[text.size()] = '\0';
  return {data, text.size()};
}

template <class T>
std::unique_ptr<T> take_out(std::vector<std::unique_ptr<T>>& all, const T* one, std::mutex& mutex) {
  const std::lock_guard lock(mutex);
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& held) { return held.get() == one; });
  if (found == all.end()) return nullptr;
  std::unique_ptr<T> taken = std::move(*found);
  all.erase(found);
  return taken;
}

std::optional<duration> limit_of(int64_t ns) { return ns < 0 ? std::nullopt : std::optional(duration(ns)); }

}  // namespace
}  // namespace tharsis::runtime

using namespace tharsis::runtime;

tharsis_status tharsis_runtime_create(const tharsis_runtime_options* options, tharsis_runtime** runtime,
                                      tharsis_error* error) noexcept {
  if (const char* const problem = problem_of(options)) return fail(error, THARSIS_E_INVALID, problem);
  if (runtime == nullptr) return fail(error, THARSIS_E_INVALID, "create needs a place for the runtime");
  diagnostics problems;
  host_runtime::options o;
  o.plan = read_profile(*options, problems);
  o.threads = options->threads;
  o.platform = options->platform;
  o.name = profile_name(o.plan.file);
  if (!problems.empty()) return fail(error, THARSIS_E_INVALID, first_sentence(problems));
  auto made = host_runtime::create(std::move(o));
  if (!made) return fail(error, made.failure());
  *runtime = new tharsis_runtime{std::move(*made), {}, {}, {}};
  return THARSIS_OK;
}

tharsis_owned_text tharsis_runtime_problems(const tharsis_runtime_options* options) noexcept {
  if (const char* const problem = problem_of(options)) return owned(problem);
  diagnostics problems;
  read_profile(*options, problems);
  return owned(problems.empty() ? std::string() : render(problems));
}

void tharsis_text_free(tharsis_owned_text text) noexcept { std::free(const_cast<char*>(text.data)); }

tharsis_status tharsis_runtime_start(tharsis_runtime* runtime, tharsis_error* error) noexcept {
  if (runtime == nullptr) return fail(error, THARSIS_E_INVALID, "there is no runtime to start");
  const auto failure = runtime->host->start();
  return failure ? fail(error, *failure) : THARSIS_OK;
}

int32_t tharsis_runtime_run_once(tharsis_runtime* runtime, int64_t budget_ns) noexcept {
  return runtime == nullptr ? THARSIS_E_INVALID : runtime->host->run_once(duration(budget_ns));
}

int32_t tharsis_runtime_wake_descriptor(const tharsis_runtime* runtime) noexcept {
  return runtime == nullptr ? -1 : runtime->host->wake().descriptor();
}

int32_t tharsis_runtime_wait(tharsis_runtime* runtime, int64_t wait_ns) noexcept {
  return runtime != nullptr && runtime->host->wake().wait(limit_of(wait_ns)) ? 1 : 0;
}

tharsis_status tharsis_runtime_tell(tharsis_runtime* runtime, const tharsis_runtime_inputs* inputs,
                                    tharsis_error* error) noexcept {
  if (runtime == nullptr || inputs == nullptr || inputs->size < sizeof *inputs)
    return fail(error, THARSIS_E_INVALID, "tell needs a runtime, and inputs with `size` set to sizeof(tharsis_runtime_inputs)");
  const auto failure = runtime->host->network().tell(*inputs);
  return failure ? fail(error, *failure) : THARSIS_OK;
}

tharsis_status tharsis_runtime_bind(tharsis_runtime* runtime, const char* interface_id, tharsis_guard** guard,
                                    tharsis_error* error) noexcept {
  if (runtime == nullptr || interface_id == nullptr || guard == nullptr)
    return fail(error, THARSIS_E_INVALID, "bind needs a runtime, an interface's id and a place for the guard");
  if (const auto failure = runtime->host->missing(interface_id)) return fail(error, *failure);
  auto made = std::make_unique<tharsis_guard>(tharsis_guard{runtime, runtime->host->attach(interface_id)});
  *guard = made.get();
  const std::lock_guard lock(runtime->mutex);
  runtime->guards.push_back(std::move(made));
  return THARSIS_OK;
}

const void* tharsis_guard_enter(tharsis_guard* guard) noexcept {
  const void* const table = guard == nullptr ? nullptr : guard->service->enter();
  if (table != nullptr) guard->of->host->answers().stand_in();
  return table;
}

// A leave without an enter on this thread is no leave.
void tharsis_guard_leave(tharsis_guard* guard) noexcept {
  if (guard != nullptr && guard->of->host->answers().stand_down()) guard->service->leave();
}

void tharsis_guard_unbind(tharsis_guard* guard) noexcept {
  if (guard == nullptr) return;
  const auto mine = take_out(guard->of->guards, guard, guard->of->mutex);
  if (mine) mine->service->detach();
}

tharsis_status tharsis_runtime_subscribe(tharsis_runtime* runtime, const char* pattern, uint32_t policy, uint32_t depth,
                                         tharsis_inbox** inbox, tharsis_error* error) noexcept {
  if (runtime == nullptr || pattern == nullptr || inbox == nullptr)
    return fail(error, THARSIS_E_INVALID, "subscribe needs a runtime, a pattern and a place for the inbox");
  auto made = std::make_unique<tharsis_inbox>(runtime);
  if (const tharsis_status s = made->events.open(pattern, policy, depth, error); s != THARSIS_OK) return s;
  *inbox = made.get();
  const std::lock_guard lock(runtime->mutex);
  runtime->inboxes.push_back(std::move(made));
  return THARSIS_OK;
}

const tharsis_log* tharsis_runtime_log(tharsis_runtime* runtime) noexcept {
  return runtime == nullptr ? nullptr : runtime->host->log();
}

const tharsis_event* tharsis_inbox_next(tharsis_inbox* inbox) noexcept {
  return inbox == nullptr ? nullptr : inbox->events.next();
}

tharsis_text tharsis_inbox_next_json(tharsis_inbox* inbox) noexcept {
  return inbox == nullptr ? tharsis_text{nullptr, 0} : tharsis::text_of(inbox->events.next_json());
}

uint64_t tharsis_inbox_dropped(const tharsis_inbox* inbox) noexcept {
  return inbox == nullptr ? 0 : inbox->events.dropped();
}

void tharsis_inbox_close(tharsis_inbox* inbox) noexcept {
  if (inbox != nullptr) take_out(inbox->of->inboxes, inbox, inbox->of->mutex);
}

tharsis_owned_text tharsis_runtime_report(const tharsis_runtime* runtime) noexcept {
  return owned(runtime == nullptr ? std::string() : runtime->host->report());
}

void tharsis_runtime_metrics(const tharsis_runtime* runtime, void (*visit)(void* context, const tharsis_metric_value* value),
                             void* context) noexcept {
  if (runtime != nullptr && visit != nullptr) runtime->host->counted().visit(visit, context);
}

tharsis_owned_text tharsis_runtime_metrics_json(const tharsis_runtime* runtime) noexcept {
  return owned(runtime == nullptr ? std::string() : metrics_json(read_metrics(runtime->host->counted())));
}

uint64_t tharsis_metric_quantile(const tharsis_metric_value* value, double share) noexcept {
  return value == nullptr || value->buckets == nullptr ? 0 : quantile(value->buckets, share);
}

int32_t tharsis_runtime_settled(const tharsis_runtime* runtime) noexcept {
  return runtime != nullptr && runtime->host->settled() ? 1 : 0;
}

tharsis_status tharsis_runtime_reload(tharsis_runtime* runtime, const tharsis_runtime_options* options,
                                      tharsis_owned_text* difference, tharsis_error* error) noexcept {
  if (difference != nullptr) *difference = {nullptr, 0};
  if (runtime == nullptr) return fail(error, THARSIS_E_INVALID, "there is no runtime to reload");
  if (const char* const problem = problem_of(options)) return fail(error, THARSIS_E_INVALID, problem);
  diagnostics problems;
  profile next = read_profile(*options, problems);
  if (!problems.empty()) return fail(error, THARSIS_E_INVALID, first_sentence(problems));
  const reload_answer answer = runtime->host->reload(std::move(next));
  if (difference != nullptr) *difference = owned(answer.text());
  return answer.failure ? fail(error, *answer.failure) : THARSIS_OK;
}

tharsis_status tharsis_runtime_stop(tharsis_runtime* runtime, int64_t deadline_ns) noexcept {
  return runtime == nullptr ? THARSIS_E_INVALID : runtime->host->stop(limit_of(deadline_ns));
}

void tharsis_runtime_destroy(tharsis_runtime* runtime) noexcept {
  if (runtime == nullptr || !runtime->host->end()) return;
  for (const auto& guard : runtime->guards) guard->service->detach();
  runtime->guards.clear();
  runtime->inboxes.clear();
  // Code that has not come back may use everything of the host's.
  if (!runtime->host->destroyable()) (void)runtime->host.release();
  delete runtime;
}

const char* tharsis_version(void) noexcept { return THARSIS_VERSION; }
