#include "runtime/real_platform.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/blocking_pool.h"
#include "runtime/carrier.h"
#include "runtime/os_clock.h"
#include "runtime/os_files_linux.h"
#include "runtime/os_network_linux.h"
#include "runtime/os_random.h"
#include "runtime/os_stack.h"
#include "runtime/os_thread.h"
#include "runtime/real_strand.h"
#include "runtime/settings.h"
#include "runtime/table_method.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Members end in the reverse order: strands need their carriers until the last.
struct real_platform::parts {
  explicit parts(options o);
  ~parts();

  tharsis_status open(const char* name, uint32_t kind, const tharsis_strand** strand, tharsis_error* error);
  carrier* place(const std::string& name, uint32_t kind);
  carrier* add_thread(std::vector<std::unique_ptr<carrier>>& among, const std::string& name);
  void reap();
  tharsis_status sample(tharsis_handle strand, tharsis_activity* into);
  tharsis_status stack(tharsis_handle strand, uint64_t turn, char* text, size_t capacity);
  tharsis_status runs_code_of(uint64_t thread, const void* code, char* text, size_t capacity);

  const options limits;
  real_files files;
  tharsis_random random{};
  tharsis_observer observer{};
  blocking_pool pool;
  std::mutex opening;
  carrier main;
  bool main_open;
  std::vector<std::unique_ptr<carrier>> shared;
  std::vector<std::unique_ptr<carrier>> dedicated;
  strand_directory directory;
  std::vector<std::unique_ptr<real_strand>> strands;
  tharsis_watch watch{};
  tharsis_platform table{};
};

real_platform::parts::parts(options o) : limits(o), pool(o.blocking_threads, o.blocking_queue) {
  main_open = main.open();
  if (main_open) main.await_pump();
  random.size = sizeof random;
  random.self = this;
  random.fill = [](void*, uint8_t* into, size_t size) { fill_random(into, size); };
  observer.size = sizeof observer;
  observer.self = this;
  observer.asleep = [](void*) { return time_asleep(); };
  observer.watch = [](void*, const tharsis_strand* strand, tharsis_on_observation see, void* context, tharsis_error* error) {
    return static_cast<real_strand*>(strand->self)->observe_network(see, context, error);
  };
  observer.survey = [](void*, tharsis_on_survey see, void* context, tharsis_error* error) { return survey_network(see, context, error); };
  table.size = sizeof table;
  table.self = this;
  table.files = files.table();
  table.random = &random;
  table.observer = &observer;
  table.strand_open = [](void* self, const char* name, uint32_t kind, const tharsis_strand** strand,
                         tharsis_error* error) {
    return static_cast<parts*>(self)->open(name, kind, strand, error);
  };
  table.thread = [](void*) { return thread_number(); };
  watch.size = sizeof watch;
  watch.self = this;
  watch.sample = table_method<&parts::sample>::call;
  watch.stack = table_method<&parts::stack>::call;
  watch.foreign_threads = [](void*, void (*tell)(void*, uint64_t), void* context) {
    for (const uint64_t thread : foreign_threads()) tell(context, thread);
  };
  watch.runs_code_of = table_method<&parts::runs_code_of>::call;
  table.watch = &watch;
}

real_platform::parts::~parts() {
  pool.stop();
  for (const auto& c : dedicated) c->stop();
  for (const auto& c : shared) c->stop();
}

tharsis_status real_platform::parts::open(const char* name, uint32_t kind, const tharsis_strand** strand,
                                          tharsis_error* error) {
  const std::lock_guard lock(opening);
  reap();
  carrier* const where = place(name, kind);
  if (where == nullptr)
    return fail(error, THARSIS_E_BUSY,
                "no strand for '" + std::string(name) +
                    "': the process is out of descriptors or threads; end something, or raise its limits");
  const tharsis_handle id = directory.reserve();
  if (id == 0)
    return fail(error, THARSIS_E_BUSY,
                "no strand for '" + std::string(name) + "': this process has used up all their numbers");
  strands.push_back(std::make_unique<real_strand>(id, directory, *where, pool));
  strands.back()->ends_its_carrier = kind == THARSIS_STRAND_DEDICATED;
  directory.put(id, strands.back().get());
  *strand = strands.back()->table();
  return THARSIS_OK;
}

// The least laden of the shared threads; a new one as long as there are fewer than wanted. Null: the
// system has none to give.
carrier* real_platform::parts::place(const std::string& name, uint32_t kind) {
  if (kind == THARSIS_STRAND_DEDICATED) return add_thread(dedicated, name);
  if (kind == THARSIS_STRAND_MAIN) return main_open ? &main : nullptr;
  const auto lightest = std::min_element(shared.begin(), shared.end(), [](const auto& a, const auto& b) {
    return a->strands.load() < b->strands.load();
  });
  const bool full = shared.size() >= std::max(limits.threads, 1u);
  if (lightest != shared.end() && (full || (*lightest)->strands == 0)) return lightest->get();
  carrier* const added = add_thread(shared, "tharsis-" + std::to_string(shared.size()));
  return added == nullptr && lightest != shared.end() ? lightest->get() : added;
}

carrier* real_platform::parts::add_thread(std::vector<std::unique_ptr<carrier>>& among,
                                          const std::string& name) {
  auto made = std::make_unique<carrier>();
  if (!made->open() || !made->start(name)) return nullptr;
  among.push_back(std::move(made));
  return among.back().get();
}

// Threads of dedicated strands that were closed. Their carriers stay: somebody may hold the strand.
void real_platform::parts::reap() {
  for (const auto& c : dedicated)
    if (c->ended()) c->stop();
}

// Who reads while the next callback begins may get a mixture; a callback that was seen twice with the
// same turn is told right.
tharsis_status real_platform::parts::sample(tharsis_handle id, tharsis_activity* into) {
  const real_strand* const strand = directory.find(id);
  if (strand == nullptr) return THARSIS_E_NOT_FOUND;
  const carrier_activity& now = strand->carried_by().activity;
  const real_strand* const running = now.strand.load(std::memory_order_acquire);
  if (running == nullptr) return THARSIS_E_NOT_FOUND;
  into->turn = now.turn.load(std::memory_order_acquire);
  into->kind = now.kind.load(std::memory_order_relaxed);
  into->code = now.code.load(std::memory_order_relaxed);
  into->about = into->kind >= THARSIS_RUNS_STEP ? now.about.load(std::memory_order_relaxed) : nullptr;
  into->strand = running->id();
  return THARSIS_OK;
}

tharsis_status real_platform::parts::stack(tharsis_handle id, uint64_t turn, char* text, size_t capacity) {
  tharsis_activity now{};
  now.size = sizeof now;
  if (capacity == 0) return THARSIS_E_INVALID;
  if (sample(id, &now) != THARSIS_OK || now.turn != turn) return THARSIS_E_GONE;
  const auto asked = stack_of(directory.find(id)->carried_by().activity.thread, runtime_settings{}.stack_patience);
  if (sample(id, &now) != THARSIS_OK || now.turn != turn) return THARSIS_E_GONE;
  std::snprintf(text, capacity, "%s", asked ? stack_text(*asked).c_str() : asked.failure().text.c_str());
  return asked.status();
}

// Where the library's code begins; what std::thread puts there says nothing.
tharsis_status real_platform::parts::runs_code_of(uint64_t thread, const void* code, char* text, size_t capacity) {
  if (thread == thread_number() || capacity == 0) return THARSIS_E_NOT_FOUND;
  const std::string library = module_of(code);
  const auto stack = stack_of(thread, runtime_settings{}.thread_patience);
  if (!stack) return THARSIS_E_NOT_FOUND;
  std::string found;
  for (auto at = stack->rbegin(); at != stack->rend() && (found.empty() || found.starts_with("std::")); ++at)
    if (module_of(*at) == library) found = caller_name(*at);
  if (found.empty()) return THARSIS_E_NOT_FOUND;
  std::snprintf(text, capacity, "%s", ("'" + thread_name(thread) + "' in " + found).c_str());
  return THARSIS_OK;
}

real_platform::real_platform() : real_platform(options{}) {}
real_platform::real_platform(options o) : parts_(std::make_unique<parts>(o)) {}
real_platform::~real_platform() = default;

const tharsis_platform* real_platform::table() const { return &parts_->table; }

void real_platform::run_main(duration budget, std::optional<duration> wait) {
  parts_->main.pump(budget, wait);
}
void real_platform::wake_main() { parts_->main.ring(); }
int real_platform::main_descriptor() const { return parts_->main.descriptor(); }

}  // namespace tharsis::runtime
