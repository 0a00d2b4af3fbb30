#include "runtime/runtime.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <utility>

#include "runtime/interface_wish.h"
#include "runtime/os_clock.h"
#include "runtime/strand_metrics.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {

runtime::runtime(options o)
    : options_(std::move(o)),
      bus_([this] { return wall(); }, &metrics_),
      log_({[this] { return wall_of_line(); }, [this] { return options_.platform->thread(options_.platform->self); }},
           options_.print, metrics_.own<shared_counter>("runtime", "log_dropped", "1", "Log lines that were lost because no sink took them"),
           options_.hear),
      registry_(&metrics_),
      network_(bus_, network_settings{}),
      journal_(options_.platform->files),
      rereads_([this](const std::string& plugin, const std::string& extension, live_calls::borrower f) { borrow_extension(plugin, extension, std::move(f)); },
               [this] { return nanoseconds(now()); }) {
  log_.level_of("runtime", "");  // Its own lines have one, too.
  shared_ = {options_.platform, &bus_, &registry_, &log_, &metrics_, &network_, options_.console, options_.plan.data_folder, {}, {}, {}};
  shared_.on_gone = [this](size_t plugin, const std::vector<std::string>& left) { note_leaks(plugin, left); };
  shared_.on_step = [this](size_t plugin, lifecycle::step step, std::string failure) {
    inbox_->send([this, plugin, step, failure = std::move(failure)] {
      lifecycle_->on_done(plugin, step, failure, now());
      advance();
    });
  };
  shared_.on_prepared = [this](size_t plugin, uint64_t reload, tharsis_status status, std::string sentence) {
    inbox_->send([this, plugin, reload, status, sentence = std::move(sentence)] {
      if (reload == reloads_ && reloading_ && reloading_->course)  // Not a late answer to one before.
        reloading_->course->on_answer(plugin, status, sentence, now());
      advance();
    });
  };
  shared_.on_committed = [this](size_t plugin, uint64_t reload) {
    inbox_->send([this, plugin, reload] {
      if (reload == reloads_ && reloading_ && reloading_->course) reloading_->course->on_committed(plugin);
      advance();
    });
  };
  shared_.on_failed = [this](size_t plugin, std::string reason) {
    inbox_->send([this, plugin, reason = std::move(reason)] {
      lifecycle_->on_failed(plugin, reason, now());
      advance();
    });
  };
  registry_.add_consumer(
      "(runtime)", {THARSIS_LOG_SINK_ID}, [this](std::function<void()> f) { inbox_->send(std::move(f)); },
      [this](const std::string&, const void* table) { log_.set_sink(static_cast<const tharsis_log_sink*>(table)); });
  for (const plugin_entry& entry : options_.plan.plugins) index_of(entry);
}

runtime::~runtime() {
  hosts_.clear();
  retired_.clear();
  if (inbox_) inbox_->abandon();
}

instant runtime::now() const { return instant_from(strand_->loop->now(strand_->loop->self)); }
int64_t runtime::wall() const { return strand_->loop->wall(strand_->loop->self); }
// The host logs before there is a strand, and on threads of its own; a simulated world has but one thread, and no time
// before it begins.
int64_t runtime::wall_of_line() const {
  if (options_.platform->simulated == 0) return wall_now();
  return strand_ != nullptr ? wall() : 0;
}

// Where the plugin's things are; a new plugin gets its place.
size_t runtime::index_of(const plugin_entry& entry) {
  for (size_t i = 0; i < recipes_.size(); ++i)
    if (recipes_[i].entry.id == entry.id) return i;
  recipes_.push_back({entry, {}});
  hosts_.push_back(nullptr);
  const std::lock_guard lock(report_mutex_);
  report_.push_back({entry.id, plugin_state::resolved, {}});
  return recipes_.size() - 1;
}

std::vector<lifecycle::plan> runtime::plans_of(const profile& plan) const {
  std::vector<lifecycle::plan> all(recipes_.size());
  std::map<std::string, std::vector<size_t>> providers;
  std::vector<const plugin_entry*> entries(recipes_.size());
  for (size_t i = 0; i < recipes_.size(); ++i)
    for (const plugin_entry& entry : plan.plugins) {
      if (entry.id != recipes_[i].entry.id) continue;
      entries[i] = &entry;
      for (const placed_name& provided : entry.manifest->provided) providers[provided.name].push_back(i);
    }
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].id = recipes_[i].entry.id;
    all[i].disabled = recipes_[i].disabled;
    all[i].wanted = entries[i] != nullptr;
    if (entries[i] == nullptr) continue;
    all[i].start_deadline = entries[i]->start_deadline;
    all[i].stop_deadline = entries[i]->stop_deadline;
    all[i].restart = entries[i]->restart;
    for (const placed_name& need : entries[i]->manifest->required) all[i].requires_.push_back(providers[need.name]);
    // The order of starting goes against a wish only where that would be a circle.
    for (const placed_name& wish : entries[i]->manifest->wanted)
      for (const auto& [name, able] : providers)
        if (meets(wish.name, name)) std::copy_if(able.begin(), able.end(), std::back_inserter(all[i].awaits), [i](size_t p) { return p < i; });
  }
  return all;
}

std::optional<error> runtime::start() {
  leave_interrupted_out();
  if (auto failure = load_libraries()) return failure;
  if (auto failure = open_strand()) return failure;
  lifecycle_ = std::make_unique<lifecycle>(plans_of(options_.plan));
  watch_for_stalls();
  inbox_->send([this] {
    stalls_->begin();
    observe_network();
    lifecycle_->start(now());
    advance();
  });
  return {};
}

// Before the first plugin, so that it finds what there is instead of being told of a change.
void runtime::observe_network() {
  network_hub::outside o;
  o.platform = options_.platform;
  o.strand = strand_;
  o.send = [this](std::function<void()> f) { inbox_->send(std::move(f)); };
  o.on_change = [this] {
    for (const auto& host : hosts_)
      if (host && host->spent()) host->network_changed();
  };
  o.log = [this](const std::string& line) { log_.write(THARSIS_LOG_INFO, "runtime", line); };
  network_.open(std::move(o));
}

void runtime::leave_interrupted_out() {
  if (options_.journal.empty()) return;
  const interrupted_steps interrupted = journal_.open(options_.plan.data_folder, options_.journal);
  for (recipe& r : recipes_)
    if (const auto found = interrupted.find(r.entry.id); found != interrupted.end())
      r.disabled = "the process died in its " + found->second + " the last time; the next start, or a reload, tries it again";
}

// All of them are tried, so that one run names every one that cannot be loaded.
std::optional<error> runtime::load_libraries() {
  std::optional<error> failure;
  for (size_t i = 0; i < recipes_.size(); ++i) {
    if (!recipes_[i].disabled.empty()) continue;
    hosts_[i] = std::make_unique<plugin_host>(shared_, i, recipes_[i].entry);
    tharsis_error reason = no_error();
    journal_.begin(hosts_[i]->id(), "load");
    const tharsis_status s = hosts_[i]->load(&reason);
    journal_.end(hosts_[i]->id());
    if (s == THARSIS_OK) continue;
    if (!failure) failure = error{s, {}};
    failure->text += (failure->text.empty() ? "plugin '" : "\nplugin '") + hosts_[i]->id() + "': " + reason.text;
  }
  return failure;
}

std::optional<error> runtime::open_strand() {
  // A thread of its own: a plugin that blocks its thread must not stop the one who watches it.
  const tharsis_platform* const platform = options_.platform;
  tharsis_error reason = no_error();
  const tharsis_status s = platform->strand_open(platform->self, "runtime", THARSIS_STRAND_DEDICATED, &strand_, &reason);
  if (s != THARSIS_OK) return error_from(s, reason);
  count_into(*strand_, metrics_, "runtime");
  inbox_ = std::make_unique<strand_inbox>(strand_);
  return {};
}

void runtime::watch_for_stalls() {
  stall_watch::acts acts{shared_.on_failed, [] { std::abort(); }, [this] { note_states(); }};
  stalls_ = std::make_unique<stall_watch>(*options_.platform, *strand_, bus_, log_, std::move(acts));
  for (size_t i = 0; i < recipes_.size(); ++i) watch(i);
}

void runtime::watch(size_t plugin) {
  const plugin_entry& entry = recipes_[plugin].entry;
  // Known before it has a strand, so that the watch looks as often as its limit needs from the beginning.
  const bool there = hosts_[plugin] && hosts_[plugin]->strand() != nullptr;
  stalls_->watch(plugin, {entry.id, there ? hosts_[plugin]->strand()->id : 0, entry.stall_limit, entry.stall,
                                            metrics_.own<counter>(entry.id, "stalls", "1", "Callbacks that ran for too long")});
}

void runtime::stop() {
  if (lifecycle_ == nullptr) return;  // start() failed: nothing runs.
  inbox_->send([this] {
    stopping_ = true;
    journal_.forget();  // Whoever is killed while it stops was not killed by a start.
    lifecycle_->stop(now());
    advance();
  });
}

void runtime::take(const lifecycle::action& action) {
  const std::string& id = recipes_[action.plugin].entry.id;
  if (action.step == lifecycle::step::create) {
    journal_.begin(id, "create");
    const auto& host = hosts_[action.plugin];
    const std::string failure = host && !host->spent() ? open_host(action.plugin) : make_host(action.plugin);
    if (!failure.empty()) return lifecycle_->on_done(action.plugin, action.step, failure, now());
  }
  if (action.step == lifecycle::step::start) journal_.begin(id, "start");
  hosts_[action.plugin]->take(action.step);
}

// For a plugin that is created again, or for the first time by a reload. Answers why it cannot be.
std::string runtime::make_host(size_t plugin) {
  auto made = std::make_unique<plugin_host>(shared_, plugin, recipes_[plugin].entry);
  tharsis_error reason = no_error();
  if (made->load(&reason) != THARSIS_OK) return reason.text;
  retire(plugin);
  hosts_[plugin] = std::move(made);
  return open_host(plugin);
}

// Its strand is opened no earlier than it is created, so that it has one only if it is destroyed as well.
std::string runtime::open_host(size_t plugin) {
  tharsis_error reason = no_error();
  if (hosts_[plugin]->open(&reason) != THARSIS_OK) {
    hosts_[plugin].reset();
    return reason.text;
  }
  watch(plugin);
  return {};
}

// A thread that a plugin has left behind may still call its tables, so the last hosts stay for a while.
void runtime::retire(size_t plugin) {
  if (!hosts_[plugin]) return;
  retired_.push_back(std::move(hosts_[plugin]));
  if (retired_.size() > retired_most) retired_.pop_front();
}

// After every input: carry out what was decided, tell what has become of it.
void runtime::advance() {
  do {
    for (auto actions = lifecycle_->take_actions(); !actions.empty(); actions = lifecycle_->take_actions())
      for (const auto& action : actions) take(action);
  } while (advance_reload());
  const auto tell_reload = ended_reload();
  const auto tell_rereads = ended_rereads();
  const bool failure = note_states();
  arm();
  if (tell_reload) tell_reload();
  if (tell_rereads) tell_rereads();
  if (failure && options_.on_failure) options_.on_failure();
  if (!settled_told_ && lifecycle_->settled()) {
    settled_told_ = true;
    if (options_.on_settled) options_.on_settled();
  }
  if (!ended_told_ && lifecycle_->ended()) {
    ended_told_ = true;
    strand_->close(strand_->self);
    inbox_->close();
    const auto tell = std::move(options_.on_ended);  // It may destroy this.
    if (tell) tell();
  }
}

// Answers whether a plugin has failed, or is left out, since the last time.
bool runtime::note_states() {
  bool failure = false;
  for (size_t i = 0; i < recipes_.size(); ++i) failure = note_state(i) || failure;
  return failure;
}

void runtime::note_leaks(size_t i, const std::vector<std::string>& left) {
  std::string id;
  {
    const std::lock_guard lock(report_mutex_);
    id = report_[i].id;
    report_[i].leaks = left;
  }
  for (const std::string& sentence : left)
    if (options_.on_leak) options_.on_leak(id, sentence);
}

// Only this strand writes the report, but for the leaks. Nobody is told anything with the lock held: whoever
// hears of it may look at the report.
bool runtime::note_state(size_t i) {
  const plugin_state state_before = report_[i].state;
  const bool given_up_before = report_[i].given_up, stuck_before = report_[i].stuck;
  plugin_report r{recipes_[i].entry.id, lifecycle_->state(i), lifecycle_->reason(i), lifecycle_->stuck(i), report_[i].since};
  // What a reload breaks it takes back; until then nothing is lost.
  r.given_up = !reloading_ && lifecycle_->wanted(i) && lifecycle_->given_up(i);
  r.gone = !lifecycle_->wanted(i) && !is_in_step(r.state) && r.state != plugin_state::running && !r.stuck;
  if (r.state != plugin_state::creating && r.state != plugin_state::starting) journal_.end(r.id);
  if (const instant at = lifecycle_->retry(i); at != never) r.retry = wall() + (at - now()).count();
  if (r.stuck && hosts_[i]->crowded_out()) r.reason += "; its thread is busy with " + stalls_->who_holds_thread_of(i);
  if (r.reason.empty()) r.reason = stalls_->stall_of(i);
  const bool news = r.state != state_before;
  if (news) r.since = wall();
  const bool out = r.state == plugin_state::failed || r.state == plugin_state::disabled;
  const bool failure = r.given_up ? !given_up_before : news && out;
  {
    const std::lock_guard lock(report_mutex_);
    r.leaks = std::move(report_[i].leaks);
    report_[i] = r;
  }
  if (news && r.state == plugin_state::failed)
    log_.write_unprinted(THARSIS_LOG_ERROR, r.id, "failed: " + r.reason + (r.retry != 0 ? "; it will be restarted" : ""));
  if (news && r.state == plugin_state::waiting) log_.write_unprinted(THARSIS_LOG_WARNING, r.id, "does not start: " + r.reason);
  if (news && r.state == plugin_state::disabled) log_.write_unprinted(THARSIS_LOG_WARNING, r.id, "is left out: " + r.reason);
  if (news && r.state == plugin_state::running) metrics_.own<counter>(r.id, "starts", "1", "Times that it was started").add();
  if (news && r.state == plugin_state::failed) metrics_.own<counter>(r.id, "failures", "1", "Times that it failed").add();
  if (r.stuck && !stuck_before) hosts_[i]->give_up();
  return failure;
}

void runtime::arm() {
  const tharsis_loop& loop = *strand_->loop;
  if (timer_ != 0) loop.timer_cancel(loop.self, std::exchange(timer_, 0));
  instant next = lifecycle_->deadline();
  if (reloading_ && reloading_->course) next = std::min(next, reloading_->course->deadline());
  if (rereading_) next = std::min(next, later(now(), runtime_settings{}.reread_look));
  if (next != never) loop.timer_set(loop.self, nanoseconds(next), &runtime::on_timer, this, 0, &timer_);
}

void runtime::on_timer(void* context, tharsis_handle) {
  auto* self = static_cast<runtime*>(context);
  self->timer_ = 0;
  self->lifecycle_->on_deadline(self->now());
  if (self->reloading_ && self->reloading_->course) self->reloading_->course->on_deadline(self->now());
  self->advance();
}

std::vector<runtime::plugin_report> runtime::report() const {
  const std::lock_guard lock(report_mutex_);
  std::vector<plugin_report> there;
  for (const plugin_report& r : report_)
    if (!r.gone) there.push_back(r);
  return there;
}

bool runtime::provides(const std::string& interface_id, std::vector<std::string>* known) const {
  const std::lock_guard lock(report_mutex_);
  bool found = false;
  for (const plugin_entry& entry : options_.plan.plugins)
    for (const placed_name& name : entry.manifest->provided) {
      found = found || name.name == interface_id;
      if (known != nullptr) known->push_back(name.name);
    }
  return found;
}

void runtime::with_extension(const std::string& plugin, std::string extension,
                             std::function<void(const void*, void*)> f) {
  borrow_extension(plugin, std::move(extension), [f = std::move(f)](const void* table, void* instance, const auto&) { f(table, instance); });
}

void runtime::borrow_extension(const std::string& plugin, std::string extension,
                               std::function<void(const void*, void*, std::weak_ptr<const void>)> f) {
  inbox_->send([this, plugin, extension = std::move(extension), f = std::move(f)] {
    for (size_t i = 0; i < hosts_.size(); ++i) {
      if (recipes_[i].entry.id != plugin || lifecycle_->state(i) != plugin_state::running) continue;
      hosts_[i]->inbox().send(
          [host = hosts_[i].get(), extension, f] { host->use_extension(extension, f); });
      return;
    }
    f(nullptr, nullptr, {});
  });
}

}  // namespace tharsis::runtime
