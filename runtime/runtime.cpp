#include "runtime/runtime.h"

#include <algorithm>
#include <utility>

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

}  // namespace

runtime::runtime(options o) : options_(std::move(o)) {}

runtime::~runtime() {
  hosts_.clear();
  if (inbox_) inbox_->abandon();
}

instant runtime::now() const { return instant_from(strand_->loop->now(strand_->loop->self)); }

tharsis_status runtime::start(tharsis_error* error) {
  const tharsis_platform* const platform = options_.platform;
  const tharsis_status opened =
      platform->strand_open(platform->self, "runtime", THARSIS_STRAND_SHARED, &strand_, error);
  if (opened != THARSIS_OK) return opened;
  inbox_ = std::make_unique<strand_inbox>(strand_);
  const auto wall = [loop = strand_->loop] { return loop->wall(loop->self); };
  bus_ = std::make_unique<bus>(wall);
  log_ = std::make_unique<log_hub>(log_hub::clock{wall, [platform] { return platform->thread(platform->self); }},
                                   options_.print);
  shared_ = {platform, bus_.get(), &registry_, log_.get(), options_.console, options_.plan.data_folder, {}, {}};
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
      [this](const std::string&, const void* table) { log_->set_sink(static_cast<const tharsis_log_sink*>(table)); });

  for (const plugin_entry& entry : options_.plan.plugins) {
    auto host = std::make_unique<plugin_host>(shared_, hosts_.size(), entry);
    tharsis_error reason = no_error();
    if (const tharsis_status s = host->open(&reason); s != THARSIS_OK)
      return fail(error, s, "plugin '" + entry.id + "': " + reason.text);
    hosts_.push_back(std::move(host));
  }
  lifecycle_ = std::make_unique<lifecycle>(lifecycle_plan(options_.plan));
  inbox_->send([this] {
    lifecycle_->start(now());
    advance();
  });
  return THARSIS_OK;
}

void runtime::stop() {
  inbox_->send([this] {
    lifecycle_->stop(now());
    advance();
  });
}

// After every input: carry out what was decided, tell what has become of it.
void runtime::advance() {
  for (auto actions = lifecycle_->take_actions(); !actions.empty(); actions = lifecycle_->take_actions())
    for (const auto& action : actions) carry_out(action);
  {
    const std::lock_guard lock(report_mutex_);
    report_.resize(hosts_.size());
    for (size_t i = 0; i < hosts_.size(); ++i) {
      plugin_report r{hosts_[i]->entry().id, lifecycle_->state(i), lifecycle_->reason(i), lifecycle_->stuck(i)};
      if (r.state == plugin_state::failed && report_[i].state != plugin_state::failed)
        log_->write(THARSIS_LOG_ERROR, r.id, "failed: " + r.reason);
      report_[i] = std::move(r);
    }
  }
  arm();
  if (!settled_told_ && lifecycle_->settled()) {
    settled_told_ = true;
    if (options_.on_settled) options_.on_settled();
  }
  if (!ended_told_ && lifecycle_->ended()) {
    ended_told_ = true;
    strand_->close(strand_->self);
    const auto tell = std::move(options_.on_ended);  // It may destroy this.
    if (tell) tell();
  }
}

void runtime::carry_out(const lifecycle::action& action) { hosts_[action.plugin]->take(action.step); }

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
          [host = hosts_[i].get(), extension, f] { f(host->extension(extension.c_str()), host->instance()); });
      return;
    }
    f(nullptr, nullptr);
  });
}

}  // namespace tharsis::runtime
