#include "runtime/plugin_host.h"

#include <algorithm>
#include <utility>

#include "runtime/callback_text.h"
#include "runtime/interface_wish.h"
#include "runtime/os_library.h"
#include "runtime/strand_metrics.h"
#include "runtime/thrown.h"
#include "runtime/topic_pattern.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// How often a plugin that is to be destroyed is looked at while its blocking work is under way.
constexpr duration blocking_look = 10ms;

// A sentence of the plugin's, or a plain one when it left none.
std::string sentence(std::string_view step, tharsis_status status, const tharsis_error& e) {
  if (e.text[0] != '\0') return e.text;
  return std::string(step) + " failed with status '" + std::string(status_name(status)) + "' and gave no reason";
}

}  // namespace

plugin_host::plugin_host(const shared& s, size_t index, const plugin_entry& entry)
    : shared_(s),
      index_(index),
      id_(entry.id),
      entry_(std::make_unique<plugin_entry>(entry)),
      settings_(entry_->settings),
      files_(*s.platform->files),
      data_path_(s.data_folder + "/" + entry.id),
      plugin_path_(entry.manifest->folder),
      network_(*s.network),
      log_(*s.log, *s.metrics, entry.id) {
  host_ = {sizeof host_, THARSIS_ABI_MINOR, this, query, ready, stopped, failed};
  bus_ = {sizeof bus_, this, bus_declare, bus_publish, bus_subscribe, bus_unsubscribe};
  registry_ = {sizeof registry_, this, registry_provide, registry_withdraw, registry_bound, registry_watch};
  paths_ = {sizeof paths_, this, data_path, plugin_path};
  metrics_ = {sizeof metrics_, this, metrics_cells, metrics_visit};
}

plugin_host::~plugin_host() {
  if (inbox_) inbox_->abandon();
}

tharsis_status plugin_host::load(tharsis_error* error) {
  const auto loaded = load_library(entry_->manifest->library_path(), entry_->locked ? entry_->locked->library : "");
  if (!loaded) return fail(error, loaded.failure());
  library_ = *loaded;
  if (library_->id == id_ && library_->version == entry_->manifest->version) return THARSIS_OK;
  return fail(error, THARSIS_E_INVALID,
              entry_->manifest->library_path() + " says it is " + library_->id + " " + library_->version + ", " +
                  entry_->manifest->file() + " says " + id_ + " " + entry_->manifest->version +
                  "; both must come from the same build");
}

tharsis_status plugin_host::open(tharsis_error* error) {
  const tharsis_status status =
      shared_.platform->strand_open(shared_.platform->self, id_.c_str(), entry_->loop, &strand_, error);
  if (status != THARSIS_OK) return status;
  count_into(*strand_, *shared_.metrics, id_);
  inbox_ = std::make_unique<strand_inbox>(strand_);
  log_.answer_on(strand_);
  strand_->catches(strand_->self, caught, this);
  return THARSIS_OK;
}

// Its code begins a step; answers what it threw, as a sentence.
template <class F>
std::string plugin_host::enter(const char* step, F code) {
  strand_->begins(strand_->self, THARSIS_RUNS_STEP, step);
  std::string thrown;
  inside_ = true;
  try {
    code();
  } catch (...) {
    thrown = std::string(step) + "() threw " + thrown_text() + "; no exception may leave a plugin";
  }
  inside_ = false;
  strand_->begins(strand_->self, THARSIS_RUNS_WAKE, nullptr);
  return thrown;
}

// Out of a timer, an event, an answer: the plugin cannot be trusted to be in order.
void plugin_host::caught(void* context) {
  plugin_host& host = of(context);
  const std::string thrown = thrown_text();
  const tharsis_watch* const watch = host.shared_.platform->watch;
  tharsis_activity running{};
  running.size = sizeof running;
  const bool known = watch != nullptr && watch->sample(watch->self, host.strand_->id, &running) == THARSIS_OK;
  host.on_failure((known ? callback_text(running) : "a callback") + " threw " + thrown + "; no exception may leave a plugin");
}

void plugin_host::take(lifecycle::step step) {
  spent_ = true;
  ++waiting_;
  inbox_->send([this, step] {
    --waiting_;
    carry_out(step);
  });
}

void plugin_host::carry_out(lifecycle::step step) {
  switch (step) {
    case lifecycle::step::create: return create();
    case lifecycle::step::start: return start();
    case lifecycle::step::withdraw: return withdraw();
    case lifecycle::step::stop: return stop();
    case lifecycle::step::destroy: return destroy();
  }
}

bool plugin_host::configures() const { return THARSIS_HAS(library_, configure) && library_->configure != nullptr; }

void plugin_host::prepare(const plugin_entry& next, uint64_t reload) {
  inbox_->send([this, next, reload] {
    next_ = std::make_unique<plugin_entry>(next);
    tharsis_error reason = no_error();
    const tharsis_status status = configure(THARSIS_CONFIGURE_PREPARE, next_->settings, &reason);
    if (status < 0) next_.reset();
    shared_.on_prepared(index_, reload, status, reason.text);
  });
}

void plugin_host::commit(uint64_t reload) {
  inbox_->send([this, reload] {
    if (!next_) return shared_.on_committed(index_, reload);
    const auto before = std::exchange(entry_, std::move(next_));  // Its texts are valid until this returns.
    tharsis_error reason = no_error();
    if (configure(THARSIS_CONFIGURE_COMMIT, entry_->settings, &reason) < 0)
      on_failure(std::string("its new settings could not be taken: ") + reason.text);
    shared_.log->reread_level();  // It may be the one that keeps the log.
    shared_.on_committed(index_, reload);
  });
}

void plugin_host::abort() {
  inbox_->send([this] {
    if (!next_) return;
    tharsis_error reason = no_error();
    configure(THARSIS_CONFIGURE_ABORT, entry_->settings, &reason);
    next_.reset();
  });
}

// The plugin sees `shown` as its settings meanwhile, and what it has afterwards.
tharsis_status plugin_host::configure(uint32_t phase, const setting_value& shown, tharsis_error* reason) {
  if (instance_ == nullptr) return THARSIS_E_UNSUPPORTED;
  settings_.show(shown);
  tharsis_status status = THARSIS_E_INTERNAL;
  const std::string thrown = enter("configure", [&] {
    status = phase == THARSIS_CONFIGURE_PREPARE ? interposed("configure", reason) : THARSIS_OK;
    if (status == THARSIS_OK) status = library_->configure(instance_, phase, reason);
    // As when another plugin refuses.
    if (phase != THARSIS_CONFIGURE_PREPARE || status != THARSIS_OK) return;
    if ((status = interposed("prepared", reason)) != THARSIS_OK) library_->configure(instance_, THARSIS_CONFIGURE_ABORT, nullptr);
  });
  settings_.show(entry_->settings);
  return thrown.empty() ? status : fail(reason, THARSIS_E_INTERNAL, thrown);
}

void plugin_host::give_up() {
  shared_.registry->expel(id_);
  inbox_->close();
  shared_.bus->remove(id_);
}

void plugin_host::finish(lifecycle::step step, std::string failure) {
  step_open_ = false;
  shared_.on_step(index_, step, std::move(failure));
}

// Whoever stands between the runtime and its plugins may refuse the step.
tharsis_status plugin_host::interposed(const char* step, tharsis_error* error) {
  const tharsis_platform& platform = *shared_.platform;
  if (!THARSIS_HAS(&platform, before_step) || platform.before_step == nullptr) return THARSIS_OK;
  return platform.before_step(platform.self, id_.c_str(), step, &seen_, error);
}

void plugin_host::create() {
  std::vector<std::string> consumes;
  for (const auto* list : {&entry_->manifest->required, &entry_->manifest->wanted})
    for (const placed_name& id : *list) consumes.push_back(id.name);
  shared_.registry->add_consumer(
      id_, consumes, [this](std::function<void()> f) { inbox_->send(std::move(f)); },
      [this](const std::string& id, const void* table) { rebind(id, table); });
  for (const std::string& id : consumes)
    if (!is_pattern(id)) bound_[id] = shared_.registry->best(id);

  leaks_ = std::make_unique<leak_audit>(*shared_.platform);
  tharsis_error reason = no_error();
  tharsis_status status = THARSIS_E_INTERNAL;
  seen_ = &host_;
  const std::string thrown = enter("create", [&] {
    status = interposed("create", &reason);
    if (status == THARSIS_OK) status = library_->create(seen_, &instance_, &reason);
  });
  if (thrown.empty() && status == THARSIS_OK) return finish(lifecycle::step::create);
  instance_ = nullptr;
  report_leaks();
  close();
  finish(lifecycle::step::create, thrown.empty() ? sentence("create", status, reason) : thrown);
}

void plugin_host::start() {
  if (!entry_->starts) return finish(lifecycle::step::start);
  tharsis_error reason = no_error();
  pending_ = lifecycle::step::start;
  step_open_ = true;
  tharsis_status status = THARSIS_E_INTERNAL;
  const std::string thrown = enter("start", [&] {
    status = interposed("start", &reason);
    if (status == THARSIS_OK) status = library_->start(instance_, &reason);
  });
  if (!thrown.empty()) return on_failure(thrown);
  if (!step_open_ || status == THARSIS_PENDING) return;
  if (status != THARSIS_OK) return finish(lifecycle::step::start, sentence("start", status, reason));
  started();
}

void plugin_host::started() {
  running_ = true;
  shared_.registry->publish(id_);
  finish(lifecycle::step::start);
}

void plugin_host::withdraw() {
  running_ = false;
  shared_.registry->withdraw_all(id_, [this] {
    inbox_->send([this] { finish(lifecycle::step::withdraw); });
  });
}

void plugin_host::stop() {
  pending_ = lifecycle::step::stop;
  step_open_ = true;
  tharsis_status status = THARSIS_E_INTERNAL;
  const std::string thrown = enter("stop", [&] {
    interposed("stop", nullptr);
    status = library_->stop(instance_);
  });
  if (!thrown.empty()) log(THARSIS_LOG_ERROR, thrown);
  else if (status < 0) log(THARSIS_LOG_ERROR, "stop failed with status '" + std::string(status_name(status)) + "'");
  if (step_open_ && status != THARSIS_PENDING) finish(lifecycle::step::stop);
}

// A start that came back too late may have shown its services; they are withdrawn like any others.
void plugin_host::destroy() {
  step_open_ = running_ = false;
  blocking_limit_ = later(instant_from(strand_->loop->now(strand_->loop->self)), entry_->stop_deadline / 2);
  shared_.registry->withdraw_all(id_, [this] {
    inbox_->send([this] { destroy_now(); });
  });
}

// Such work may use the plugin's memory: a start that failed, or a stop that was late, may have left some
// under way. When it does not come back, the memory stays.
void plugin_host::await_blocking(uint32_t count) {
  const tharsis_loop& loop = *strand_->loop;
  const instant now = instant_from(loop.now(loop.self));
  const auto look_again = [](void* self, tharsis_handle) {
    of(self).inbox_->send([self] { of(self).destroy_now(); });  // Not when it was given up meanwhile.
  };
  if (now < blocking_limit_ && loop.timer_set(loop.self, nanoseconds(now + blocking_look), look_again, this, 0, nullptr) == THARSIS_OK)
    return;
  finish(lifecycle::step::destroy, std::to_string(count) + " blocking call(s) have not come back, so it was not destroyed");
}

void plugin_host::destroy_now() {
  if (const auto blocking = audit().blocking; blocking > 0) return await_blocking(blocking);
  const std::string thrown = enter("destroy", [&] { library_->destroy(instance_); });
  if (!thrown.empty()) log(THARSIS_LOG_ERROR, thrown);
  instance_ = nullptr;
  life_.reset();
  report_leaks();
  close();
  finish(lifecycle::step::destroy);
}

void plugin_host::close() {
  interposed("closed", nullptr);
  shared_.metrics->clear_gauges(id_);
  network_.end_watches();
  shared_.registry->remove_consumer(id_);
  watchers_.clear();
  strand_->close(strand_->self);
  inbox_->close();
}

tharsis_strand_audit plugin_host::audit() const {
  tharsis_strand_audit open{};
  open.size = sizeof open;
  strand_->audit(strand_->self, &open);
  return open;
}

// What a plugin leaves open is closed for it, and named, so that its author can mend it.
void plugin_host::report_leaks() {
  leak_audit::others others{files_.close_all(), {}, reinterpret_cast<const void*>(library_->create)};
  for (const auto& [id, pattern] : subscribed_) others.subscriptions.push_back(pattern);
  std::vector<std::string> left = leaks_->sentences(*strand_, others);
  if (const size_t watches = network_.end_watches(); watches > 0)
    left.push_back("left " + std::to_string(watches) + (watches > 1 ? " watches" : " watch") + " on the network open when it was destroyed");
  for (const std::string& sentence : left) log(THARSIS_LOG_WARNING, sentence);
  shared_.on_gone(index_, left);
  subscribed_.clear();
  shared_.bus->remove(id_);
}

void plugin_host::rebind(const std::string& id, const void* table) {
  const auto found = bound_.find(id);
  if (found == bound_.end() || found->second == table) return;
  found->second = table;
  strand_->begins(strand_->self, THARSIS_RUNS_SERVICE, found->first.c_str());
  try {
    for (const watcher& w : std::vector<watcher>(watchers_[id])) w.told(w.context, table);
  } catch (...) {
    caught(this);  // Here, because the change must be acknowledged.
  }
}

void plugin_host::use_extension(const std::string& id, const borrower& f) {
  strand_->begins(strand_->self, THARSIS_RUNS_COMMAND, id_.c_str());
  try {
    const void* const table = library_->query != nullptr && instance_ != nullptr ? library_->query(instance_, id.c_str()) : nullptr;
    f(table, instance_, life_);
  } catch (...) {
    caught(this);
  }
}

const void* plugin_host::query(void* self, const char* id) {
  static constexpr tharsis_machine machine = {sizeof machine, 0};
  plugin_host& host = of(self);
  const std::string_view wanted = id != nullptr ? id : "";
  const std::pair<std::string_view, const void*> tables[] = {
      {THARSIS_LOOP_ID, host.strand_->loop},
      {THARSIS_NET_ID, host.strand_->net},
      {THARSIS_FILES_ID, host.files_.table()},
      {THARSIS_RANDOM_ID, host.shared_.platform->random},
      {THARSIS_BUS_ID, &host.bus_},
      {THARSIS_REGISTRY_ID, &host.registry_},
      {THARSIS_SETTINGS_ID, host.settings_.table()},
      {THARSIS_LOG_ID, host.log_.table()},
      {THARSIS_PATHS_ID, &host.paths_},
      {THARSIS_METRICS_ID, &host.metrics_},
      {THARSIS_NETWORK_ID, host.network_.table()},
      {THARSIS_CONSOLE_ID, host.shared_.console},
      {THARSIS_MACHINE_ID, host.shared_.platform->simulated != 0 ? nullptr : &machine},
  };
  for (const auto& [name, table] : tables)
    if (name == wanted) return table;
  return nullptr;
}

void plugin_host::ready(void* self) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return void(host.not_here(nullptr, "ready"));
  if (!host.step_open_ || host.pending_ != lifecycle::step::start) return;
  host.started();
}

void plugin_host::stopped(void* self) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return void(host.not_here(nullptr, "stopped"));
  if (host.step_open_ && host.pending_ == lifecycle::step::stop) host.finish(lifecycle::step::stop);
}

void plugin_host::failed(void* self, const tharsis_error* reason) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return void(host.not_here(nullptr, "failed"));
  host.on_failure(reason != nullptr && reason->text[0] != '\0' ? reason->text : "it gave no reason");
}

bool plugin_host::on_own_strand() const { return strand_->loop->current(strand_->loop->self) == strand_->id; }

std::string wrong_thread_sentence(std::string_view function, std::string_view plugin) {
  return std::string(function) + "() was called on a thread that does not run a callback of plugin '" + std::string(plugin) + "'; post() to its strand and call it there";
}

tharsis_status plugin_host::not_here(tharsis_error* error, std::string_view function) const {
  const std::string text = wrong_thread_sentence(function, id_);
  log(THARSIS_LOG_ERROR, text);
  return fail(error, THARSIS_E_INVALID, text);
}

void plugin_host::on_failure(std::string reason) {
  if (step_open_ && pending_ == lifecycle::step::start) return finish(lifecycle::step::start, std::move(reason));
  shared_.on_failed(index_, std::move(reason));
}

tharsis_status plugin_host::bus_declare(void* self, const tharsis_topic* topic, tharsis_handle* id,
                                        tharsis_error* error) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return host.not_here(error, "declare");
  if (topic == nullptr || id == nullptr || topic->name == nullptr)
    return fail(error, THARSIS_E_INVALID, "declare needs a topic with a name and a place for its id");
  const auto& allowed = host.entry_->manifest->published;
  if (std::none_of(allowed.begin(), allowed.end(), [&](const placed_name& p) { return topic_matches(p.name, topic->name); }))
    return fail(error, THARSIS_E_DENIED,
                "topic '" + std::string(topic->name) + "' is not in `publishes` of " + host.entry_->manifest->file());
  return host.shared_.bus->declare(host.id_, host.strand_, topic, id, error);
}

tharsis_status plugin_host::bus_publish(void* self, tharsis_handle topic, const void* payload) {
  return payload == nullptr ? THARSIS_E_INVALID : of(self).shared_.bus->publish(of(self).id_, topic, payload);
}

tharsis_status plugin_host::bus_subscribe(void* self, const char* pattern, const tharsis_subscription* wanted,
                                          tharsis_handle* id, tharsis_error* error) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return host.not_here(error, "subscribe");
  if (pattern == nullptr || wanted == nullptr || id == nullptr)
    return fail(error, THARSIS_E_INVALID, "subscribe needs a pattern, a subscription and a place for its id");
  const auto& allowed = host.entry_->manifest->subscribed;
  if (std::none_of(allowed.begin(), allowed.end(),
                   [&](const placed_name& p) { return p.name == pattern || topic_matches(p.name, pattern); }))
    return fail(error, THARSIS_E_DENIED,
                "'" + std::string(pattern) + "' is not in `subscribes` of " + host.entry_->manifest->file());
  const tharsis_status status = host.shared_.bus->subscribe(host.id_, host.strand_, pattern, *wanted, id, error);
  if (status == THARSIS_OK) host.subscribed_[*id] = pattern;
  return status;
}

tharsis_status plugin_host::bus_unsubscribe(void* self, tharsis_handle id) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return host.not_here(nullptr, "unsubscribe");
  host.subscribed_.erase(id);
  return host.shared_.bus->unsubscribe(host.id_, id);
}

tharsis_status plugin_host::registry_provide(void* self, const char* id, const void* table, int32_t rank,
                                             tharsis_error* error) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return host.not_here(error, "provide");
  if (id == nullptr || table == nullptr) return fail(error, THARSIS_E_INVALID, "provide needs an id and a table");
  if (!holds(host.entry_->manifest->provided, id))
    return fail(error, THARSIS_E_DENIED, "'" + std::string(id) + "' is not in `provides` of " + host.entry_->manifest->file());
  const tharsis_status status = host.shared_.registry->provide(host.id_, id, table, rank);
  if (status != THARSIS_OK)
    return fail(error, status, "'" + std::string(id) + (status == THARSIS_E_GONE ? "' comes too late: the plugin was given up"
                                                                                : "' is provided already"));
  if (host.running_) host.shared_.registry->publish(host.id_);
  return THARSIS_OK;
}

tharsis_status plugin_host::registry_withdraw(void* self, const char* id, tharsis_on_service done, void* context) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return host.not_here(nullptr, "withdraw");
  if (id == nullptr || done == nullptr) return THARSIS_E_INVALID;
  return host.shared_.registry->withdraw(host.id_, id, [&host, done, context] {
    host.inbox_->send([done, context] { done(context, nullptr); });
  });
}

const void* plugin_host::registry_bound(void* self, const char* id) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return (host.not_here(nullptr, "bound"), nullptr);
  const auto found = host.bound_.find(id != nullptr ? id : "");
  return found == host.bound_.end() ? nullptr : found->second;
}

tharsis_status plugin_host::registry_watch(void* self, const char* id, tharsis_on_service told, void* context,
                                           tharsis_error* error) {
  plugin_host& host = of(self);
  if (!host.on_own_strand()) return host.not_here(error, "watch");
  if (id == nullptr || told == nullptr) return fail(error, THARSIS_E_INVALID, "watch needs an id and a function");
  auto found = host.bound_.find(id);
  const auto& wanted = host.entry_->manifest->wanted;
  if (found == host.bound_.end() && std::any_of(wanted.begin(), wanted.end(), [&](const placed_name& wish) { return meets(wish.name, id); }))
    found = host.bound_.emplace(id, host.shared_.registry->best(id)).first;
  if (found == host.bound_.end())
    return fail(error, THARSIS_E_DENIED,
                "'" + std::string(id) + "' is neither in `requires` nor in `wants` of " + host.entry_->manifest->file());
  host.watchers_[id].push_back({told, context});
  if (found->second != nullptr) told(context, found->second);
  return THARSIS_OK;
}

tharsis_status plugin_host::metrics_cells(void* self, const tharsis_metric* wanted, uint64_t** cells, tharsis_error* error) {
  return of(self).shared_.metrics->lend(of(self).id_, wanted, cells, error);
}
void plugin_host::metrics_visit(void* self, void (*visit)(void*, const tharsis_metric_value*), void* context) {
  if (visit != nullptr) of(self).shared_.metrics->visit(visit, context);
}

tharsis_text plugin_host::data_path(void* self) { return text_of(of(self).data_path_); }
tharsis_text plugin_host::plugin_path(void* self) { return text_of(of(self).plugin_path_); }

}  // namespace tharsis::runtime
