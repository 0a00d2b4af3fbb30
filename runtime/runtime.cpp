#include "runtime/runtime.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/strand_metrics.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// Indices of the plugins that provide what each requires, from the manifests.
std::vector<lifecycle::plan> lifecycle_plan(const profile& plan) {
  std::vector<lifecycle::plan> all;
  for (const plugin_entry& entry : plan.plugins) {
    lifecycle::plan p;
    p.id = entry.id;
    p.start_deadline = entry.start_deadline;
    p.stop_deadline = entry.stop_deadline;
    for (const placed_name& need : entry.manifest->required)
      for (size_t i = 0; i < plan.plugins.size(); ++i)
        if (holds(plan.plugins[i].manifest->provided, need.name)) p.requires_.push_back(i);
    all.push_back(std::move(p));
  }
  return all;
}

// A strand on which nothing has happened yet.
void close_unused(const tharsis_strand& strand) {
  const auto close = [](void* context, tharsis_handle) {
    const auto* self = static_cast<const tharsis_strand*>(context);
    self->close(self->self);
  };
  strand.loop->post(strand.loop->self, strand.id, close, const_cast<tharsis_strand*>(&strand), 0);
}

}  // namespace

runtime::runtime(options o)
    : options_(std::move(o)),
      bus_([this] { return wall(); }, &metrics_),
      log_({[this] { return wall(); }, [this] { return options_.platform->thread(options_.platform->self); }},
           options_.print, metrics_.own<counter>("runtime", "log_dropped", "1", "Log lines that were lost because no sink took them"),
           options_.hear),
      registry_(&metrics_),
      network_(bus_, network_settings{}) {
  shared_ = {options_.platform, &bus_, &registry_, &log_, &metrics_, &network_, options_.console, options_.plan.data_folder, {}, {}};
  shared_.on_leak = options_.on_leak;
  shared_.on_step = [this](size_t plugin, lifecycle::step step, std::string failure) {
    inbox_->send([this, plugin, step, failure = std::move(failure)] {
      lifecycle_->on_done(plugin, step, failure, now());
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
  for (const plugin_entry& entry : options_.plan.plugins)
    hosts_.push_back(std::make_unique<plugin_host>(shared_, hosts_.size(), entry));
  for (const auto& host : hosts_) report_.push_back({host->entry().id, plugin_state::resolved, {}});
}

runtime::~runtime() {
  hosts_.clear();
  if (inbox_) inbox_->abandon();
}

instant runtime::now() const { return instant_from(strand_->loop->now(strand_->loop->self)); }
int64_t runtime::wall() const { return strand_->loop->wall(strand_->loop->self); }

std::optional<error> runtime::start() {
  if (auto failure = load_libraries()) return failure;
  if (auto failure = open_strands()) return failure;
  lifecycle_ = std::make_unique<lifecycle>(lifecycle_plan(options_.plan));
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
    for (const auto& host : hosts_) host->network_changed();
  };
  o.log = [this](const std::string& line) { log_.write(THARSIS_LOG_INFO, "runtime", line); };
  network_.open(std::move(o));
}

// All of them are tried, so that one run names every one that cannot be loaded.
std::optional<error> runtime::load_libraries() {
  std::optional<error> failure;
  for (const auto& host : hosts_) {
    tharsis_error reason = no_error();
    const tharsis_status s = host->load(&reason);
    if (s == THARSIS_OK) continue;
    if (!failure) failure = error{s, {}};
    failure->text += (failure->text.empty() ? "plugin '" : "\nplugin '") + host->entry().id + "': " + reason.text;
  }
  return failure;
}

std::optional<error> runtime::open_strands() {
  // A thread of its own: a plugin that blocks its thread must not stop the one who watches it.
  const tharsis_platform* const platform = options_.platform;
  tharsis_error reason = no_error();
  tharsis_status s = platform->strand_open(platform->self, "runtime", THARSIS_STRAND_DEDICATED, &strand_, &reason);
  if (s != THARSIS_OK) return error_from(s, reason);
  count_into(*strand_, metrics_, "runtime");
  inbox_ = std::make_unique<strand_inbox>(strand_);
  for (size_t i = 0; i < hosts_.size(); ++i) {
    s = hosts_[i]->open(&reason);
    if (s == THARSIS_OK) continue;
    for (size_t opened = 0; opened < i; ++opened) close_unused(*hosts_[opened]->strand());
    close_unused(*strand_);
    return error{s, "plugin '" + hosts_[i]->entry().id + "': " + reason.text};
  }
  return {};
}

void runtime::watch_for_stalls() {
  std::vector<stall_watch::watched> plugins;
  for (const auto& host : hosts_)
    plugins.push_back({host->entry().id, host->strand()->id, host->entry().stall_limit, host->entry().stall,
                       metrics_.own<counter>(host->entry().id, "stalls", "1", "Callbacks that ran for too long")});
  stall_watch::acts acts{shared_.on_failed, [] { std::abort(); }, [this] { note_states(); }};
  stalls_ = std::make_unique<stall_watch>(*options_.platform, *strand_, bus_, log_, std::move(plugins), std::move(acts));
}

void runtime::stop() {
  if (lifecycle_ == nullptr) return;  // start() failed: nothing runs.
  inbox_->send([this] {
    lifecycle_->stop(now());
    advance();
  });
}

// After every input: carry out what was decided, tell what has become of it.
void runtime::advance() {
  for (auto actions = lifecycle_->take_actions(); !actions.empty(); actions = lifecycle_->take_actions())
    for (const auto& action : actions) hosts_[action.plugin]->take(action.step);
  const bool failure = note_states();
  arm();
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

// Answers whether a plugin has failed since the last time.
bool runtime::note_states() {
  bool failure = false;
  const std::lock_guard lock(report_mutex_);
  for (size_t i = 0; i < hosts_.size(); ++i) {
    plugin_report r{hosts_[i]->entry().id, lifecycle_->state(i), lifecycle_->reason(i), lifecycle_->stuck(i), report_[i].since};
    if (r.stuck && hosts_[i]->crowded_out()) r.reason += "; its thread is busy with " + stalls_->who_holds_thread_of(i);
    if (r.reason.empty()) r.reason = stalls_->stall_of(i);
    const plugin_report& before = report_[i];
    if (r.state == plugin_state::failed && before.state != plugin_state::failed) {
      failure = true;
      log_.write_unprinted(THARSIS_LOG_ERROR, r.id, "failed: " + r.reason);
    }
    if (r.state == plugin_state::waiting && before.state != plugin_state::waiting)
      log_.write_unprinted(THARSIS_LOG_WARNING, r.id, "does not start: " + r.reason);
    if (r.state != before.state) r.since = wall();
    if (r.stuck && !before.stuck) hosts_[i]->give_up();
    report_[i] = std::move(r);
  }
  return failure;
}

void runtime::arm() {
  const tharsis_loop& loop = *strand_->loop;
  if (timer_ != 0) loop.timer_cancel(loop.self, std::exchange(timer_, 0));
  const instant next = lifecycle_->deadline();
  if (next != never) loop.timer_set(loop.self, nanoseconds(next), &runtime::on_timer, this, 0, &timer_);
}

void runtime::on_timer(void* context, tharsis_handle) {
  auto* self = static_cast<runtime*>(context);
  self->timer_ = 0;
  self->lifecycle_->on_deadline(self->now());
  self->advance();
}

std::vector<runtime::plugin_report> runtime::report() const {
  const std::lock_guard lock(report_mutex_);
  return report_;
}

void runtime::with_extension(const std::string& plugin, std::string extension,
                             std::function<void(const void*, void*)> f) {
  inbox_->send([this, plugin, extension = std::move(extension), f = std::move(f)] {
    for (size_t i = 0; i < hosts_.size(); ++i) {
      if (hosts_[i]->entry().id != plugin || lifecycle_->state(i) != plugin_state::running) continue;
      hosts_[i]->inbox().send(
          [host = hosts_[i].get(), extension, f] { host->use_extension(extension, f); });
      return;
    }
    f(nullptr, nullptr);
  });
}

}  // namespace tharsis::runtime
