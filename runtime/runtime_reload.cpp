// The part of a runtime that changes to another profile; its decisions are in reload.h.
#include <algorithm>
#include <utility>

#include "runtime/runtime.h"
#include "sdk/abi/command.h"

namespace tharsis::runtime {
namespace {

const plugin_entry* entry_in(const profile& plan, const std::string& id) {
  const auto found = std::find_if(plan.plugins.begin(), plan.plugins.end(), [&](const plugin_entry& e) { return e.id == id; });
  return found == plan.plugins.end() ? nullptr : &*found;
}

// The only host key that an instance has for life; the others are asked for when they are needed.
bool needs_new_strand(const setting_change& c) { return c.of_host && c.path == "loop"; }

}  // namespace

void runtime::reload(profile next, on_reloaded done) {
  // Whatever becomes of the runtime, somebody waits for this answer.
  const std::shared_ptr<on_reloaded> once(new on_reloaded(std::move(done)), [](on_reloaded* f) {
    if (*f) (*f)({{}, error{THARSIS_E_CANCELLED, "the runtime has stopped; nothing was changed"}});
    delete f;
  });
  inbox_->send([this, next = std::move(next), once] { begin_reload(next, once); });
}

void runtime::begin_reload(profile next, std::shared_ptr<on_reloaded> done) {
  if (reloading_ || rereading_) {
    const on_reloaded tell = std::exchange(*done, nullptr);
    return tell({{}, error{THARSIS_E_BUSY, "another reload is under way; try again when it has ended"}});
  }
  reloading_.emplace();
  ++reloads_;
  reloading_->before = options_.plan;
  reloading_->next = std::move(next);
  reloading_->changes = difference(reloading_->before, reloading_->next);
  reloading_->done = std::move(done);
  advance();
}

// All has settled: who has to take what, and how?
void runtime::plan_reload() {
  std::vector<reload::part> parts;
  std::optional<error> impossible;
  for (const plugin_entry& entry : reloading_->next.plugins) index_of(entry);
  lifecycle_->change(plans_of(reloading_->before), {}, now());  // New ones have a place, and are not wanted yet.
  for (size_t i = 0; i < recipes_.size(); ++i)
    if (lifecycle_->state(i) == plugin_state::running) reloading_->must_run.push_back(i);
  for (const plugin_difference& d : reloading_->changes.plugins) {
    const plugin_entry* const entry = entry_in(reloading_->next, d.id);
    if (entry == nullptr) continue;  // It goes.
    const size_t i = index_of(*entry);
    const auto part = part_of(d, i);
    if (!part) continue;
    if (lifecycle_->stuck(i))
      impossible = error{THARSIS_E_INVALID, "plugin '" + d.id + "' is stuck, so only a new process can run it with other settings; nothing was changed"};
    if (part->how != reload::treatment::retried) reloading_->must_run.push_back(i);
    parts.push_back(*part);
  }
  reloading_->course.emplace(std::move(parts), runtime_settings{}.reload_patience);
  if (impossible) return reloading_->course->refuse(*impossible);
  reloading_->course->start(now());
}

std::optional<reload::part> runtime::part_of(const plugin_difference& d, size_t plugin) const {
  using how = reload::treatment;
  const auto made = [&](how h) { return std::optional(reload::part{plugin, d.id, h}); };
  const plugin_state state = d.is == plugin_difference::kind::added ? plugin_state::stopped : lifecycle_->state(plugin);
  switch (d.is) {
    case plugin_difference::kind::added:
    case plugin_difference::kind::moved: return made(how::renewed);
    case plugin_difference::kind::removed: return {};
    case plugin_difference::kind::unchanged:
      if (state == plugin_state::disabled || (state == plugin_state::failed && !lifecycle_->stuck(plugin))) return made(how::retried);
      return {};
    case plugin_difference::kind::changed: break;
  }
  if (std::any_of(d.changes.begin(), d.changes.end(), needs_new_strand)) return made(how::renewed);
  if (std::all_of(d.changes.begin(), d.changes.end(), [](const setting_change& c) { return c.of_host; })) return {};
  return made(state == plugin_state::running && hosts_[plugin]->configures() ? how::asked : how::renewed);
}

// Answers whether the lifecycle has something to do again.
bool runtime::advance_reload() {
  if (!reloading_) return false;
  if (!reloading_->course) {
    if (!stopping_ && !lifecycle_->settled()) return false;
    if (!stopping_) plan_reload();
  }
  if (stopping_ && reloading_->course) reloading_->course->cancel();
  if (!reloading_->course) return false;  // It ends before it began.
  class reload& course = *reloading_->course;
  // One that stops running by itself never answers, or has forgotten what it prepared.
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (lifecycle_->state(i) != plugin_state::running) course.on_gone(i);
  for (const auto& action : course.take_actions()) take(action);
  if (const auto change = course.take_change()) return change_profile(*change), true;
  if (course.settling() && lifecycle_->settled()) return course.on_settled(missing_after_reload(), now()), true;
  return false;
}

void runtime::take(const struct reload::action& action) {
  plugin_host& host = *hosts_[action.plugin];
  switch (action.step) {
    case reload::step::prepare: return host.prepare(*entry_in(action.back ? reloading_->before : reloading_->next, host.id()), reloads_);
    case reload::step::commit: return host.commit(reloads_);
    case reload::step::abort: return host.abort();
  }
}

void runtime::change_profile(const struct reload::change& change) {
  const profile& plan = change.back ? reloading_->before : reloading_->next;
  for (recipe& r : recipes_) {
    const plugin_entry* const entry = entry_in(plan, r.entry.id);
    if (entry != nullptr) r.entry = *entry;
    r.disabled.clear();
  }
  for (size_t i = 0; i < hosts_.size(); ++i) {
    if (hosts_[i] && !hosts_[i]->spent()) hosts_[i].reset();  // It was made of the old entry, and never used.
    if (lifecycle_->state(i) == plugin_state::running) watch(i);  // With the limits of its new entry.
  }
  {
    const std::lock_guard lock(report_mutex_);
    options_.plan = plan;
  }
  lifecycle_->change(plans_of(plan), change.renewed, now());
}

// "plugin 'a' failed: no disk": the first that should run and does not.
std::optional<std::string> runtime::missing_after_reload() const {
  for (const size_t i : reloading_->must_run) {
    const plugin_state state = lifecycle_->state(i);
    if (state == plugin_state::running || !lifecycle_->wanted(i)) continue;
    return "plugin '" + recipes_[i].entry.id + "' " + (state == plugin_state::waiting ? "does not start: " : "failed: ") +
           lifecycle_->reason(i);
  }
  return {};
}

// A reload that is over is one no more; the answer tells whoever asked for it, once the report is true.
std::function<void()> runtime::ended_reload() {
  if (!reloading_ || !(reloading_->course ? reloading_->course->over() : stopping_)) return {};
  const std::optional<error> failure = reloading_->course ? reloading_->course->failure()
                                                          : error{THARSIS_E_CANCELLED, "the runtime stops; nothing was changed"};
  auto done = std::exchange(*reloading_->done, nullptr);
  auto changes = std::move(reloading_->changes);
  reloading_.reset();
  log_.write_unprinted(failure ? THARSIS_LOG_WARNING : THARSIS_LOG_INFO, "runtime",
                       failure ? "the profile was not changed: " + failure->text : "the profile was changed");
  if (!failure) return begin_rereads(std::move(changes), std::move(done)), nullptr;
  return [done = std::move(done), changes = std::move(changes), failure] { done({changes, failure}); };
}

// The files that settings name may be others now, whether or not the settings are.
void runtime::begin_rereads(profile_difference changes, on_reloaded done) {
  rereading_ = rereading{{std::move(changes), {}, true, {}}, std::move(done)};
  std::vector<std::string> plugins;
  std::vector<live_calls::wish> all;
  for (const plugin_entry& entry : options_.plan.plugins) {
    plugins.push_back(entry.id);
    all.push_back({entry.id, THARSIS_REREAD_ID, "reread", {}, {}, false});
  }
  rereads_.begin_all(std::move(all), [this, plugins](const std::vector<live_calls::outcome>& said) {
    inbox_->send([this, plugins, said] {
      if (!rereading_) return;  // The runtime stops.
      rereading_->so_far.add_rereads(plugins, said);
      rereading_->over = true;
      advance();
    });
  });
}

std::function<void()> runtime::ended_rereads() {
  if (!rereading_) return {};
  rereads_.look();  // One that goes in the middle says nothing by itself.
  if (!rereading_->over && !stopping_) return {};
  if (!rereading_->over) rereading_->so_far.failure = error{THARSIS_E_CANCELLED, "the profile is taken, but the runtime stops before all files it names were read again"};
  const auto ended = std::make_shared<const rereading>(std::move(*rereading_));
  rereading_.reset();
  if (const auto& refused = ended->so_far.failure) log_.write_unprinted(THARSIS_LOG_WARNING, "runtime", refused->text);
  return [ended] { ended->done(ended->so_far); };
}

}  // namespace tharsis::runtime
