#include "runtime/lifecycle.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tharsis::runtime {

std::string_view name(plugin_state state) {
  switch (state) {
    case plugin_state::resolved: return "resolved";
    case plugin_state::creating: return "creating";
    case plugin_state::starting: return "starting";
    case plugin_state::running: return "running";
    case plugin_state::waiting: return "waiting";
    case plugin_state::withdrawing: return "withdrawing";
    case plugin_state::stopping: return "stopping";
    case plugin_state::destroying: return "destroying";
    case plugin_state::stopped: return "stopped";
    case plugin_state::failed: return "failed";
  }
  return "?";
}

bool is_in_step(plugin_state state) {
  return state == plugin_state::creating || state == plugin_state::starting || state == plugin_state::withdrawing ||
         state == plugin_state::stopping || state == plugin_state::destroying;
}

namespace {
std::string_view step_name(lifecycle::step s) {
  switch (s) {
    case lifecycle::step::create: return "create";
    case lifecycle::step::start: return "start";
    case lifecycle::step::withdraw: return "withdraw";
    case lifecycle::step::stop: return "stop";
    case lifecycle::step::destroy: return "destroy";
  }
  return "?";
}

lifecycle::step step_of(plugin_state state) {
  switch (state) {
    case plugin_state::creating: return lifecycle::step::create;
    case plugin_state::starting: return lifecycle::step::start;
    case plugin_state::withdrawing: return lifecycle::step::withdraw;
    case plugin_state::stopping: return lifecycle::step::stop;
    default: return lifecycle::step::destroy;
  }
}

// Nothing more will happen to it by itself.
bool at_rest(plugin_state state) {
  return state == plugin_state::stopped || state == plugin_state::failed || state == plugin_state::waiting ||
         state == plugin_state::resolved;
}
}  // namespace

lifecycle::lifecycle(std::vector<plan> plugins) {
  for (plan& p : plugins) {
    entry e;
    e.facts = std::move(p);
    entries_.push_back(std::move(e));
  }
}

void lifecycle::start(instant now) {
  starting_ = true;
  advance(now);
}

void lifecycle::stop(instant now) {
  stopping_ = true;
  advance(now);
}

void lifecycle::begin(size_t plugin, plugin_state state, step s, instant deadline) {
  entries_[plugin].state = state;
  entries_[plugin].deadline = deadline;
  actions_.push_back({plugin, s});
}

void lifecycle::on_done(size_t plugin, step s, std::string failure, instant now) {
  entry& e = entries_[plugin];
  if (!is_in_step(e.state) || step_of(e.state) != s) return;  // It came back after its deadline.
  e.deadline = never;
  switch (s) {
    case step::create:
      if (!failure.empty()) return fail(plugin, std::move(failure), now);
      e.created = true;
      if (stopping_) return destroy(plugin, now);
      begin(plugin, plugin_state::starting, step::start, later(now, e.facts.start_deadline));
      break;
    case step::start:
      if (!failure.empty()) return fail(plugin, std::move(failure), now);
      e.state = plugin_state::running;
      break;
    case step::withdraw:
      begin(plugin, plugin_state::stopping, step::stop, later(now, e.facts.stop_deadline));
      break;
    case step::stop: return destroy(plugin, now);
    case step::destroy:
      e.created = false;
      e.stuck = !failure.empty();
      if (e.reason.empty()) e.reason = std::move(failure);
      e.state = e.reason.empty() ? plugin_state::stopped : plugin_state::failed;
      break;
  }
  advance(now);
}

void lifecycle::on_failed(size_t plugin, std::string reason, instant now) {
  entry& e = entries_[plugin];
  if (e.state == plugin_state::starting) return fail(plugin, std::move(reason), now);
  if (e.state != plugin_state::running) return;
  e.reason = std::move(reason);
  advance(now);
}

void lifecycle::fail(size_t plugin, std::string reason, instant now) {
  entry& e = entries_[plugin];
  e.reason = std::move(reason);
  e.deadline = never;
  if (e.created) return destroy(plugin, now);
  e.state = plugin_state::failed;
  advance(now);
}

// The end of every plugin that was created, unless its services may still be called.
void lifecycle::destroy(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  if (e.held || used_by_stuck(plugin)) {
    e.stuck = true;
    e.state = e.reason.empty() ? plugin_state::stopped : plugin_state::failed;
  } else {
    begin(plugin, plugin_state::destroying, step::destroy, later(now, e.facts.stop_deadline));
  }
  advance(now);
}

instant lifecycle::deadline() const {
  instant first = never;
  for (const entry& e : entries_) first = std::min(first, e.deadline);
  return first;
}

void lifecycle::on_deadline(instant now) {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].deadline <= now) on_late_step(i, now);
  advance(now);
}

void lifecycle::on_late_step(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  const step late = step_of(e.state);
  const duration limit = late == step::create || late == step::start ? e.facts.start_deadline : e.facts.stop_deadline;
  if (e.reason.empty())
    e.reason = std::string(step_name(late)) + " has not finished within " + std::to_string(milliseconds(limit)) + " ms";
  e.deadline = never;
  if (late == step::start || late == step::stop) return destroy(plugin, now);
  e.held = late == step::withdraw;
  if (e.held) return begin(plugin, plugin_state::stopping, step::stop, later(now, e.facts.stop_deadline));
  e.stuck = true;
  e.state = plugin_state::failed;
}

std::vector<lifecycle::action> lifecycle::take_actions() { return std::exchange(actions_, {}); }

// Is there a requirement that will not come? Then the plugin waits and says why.
bool lifecycle::blocked(size_t plugin) {
  entry& e = entries_[plugin];
  for (const size_t r : e.facts.requires_) {
    const entry& needs = entries_[r];
    if (needs.state != plugin_state::failed && needs.state != plugin_state::waiting && needs.reason.empty()) continue;
    e.state = plugin_state::waiting;
    e.reason = "it requires plugin '" + needs.facts.id + "', which " +
               (needs.state == plugin_state::waiting ? "waits itself: " : "has failed: ") + needs.reason;
    return true;
  }
  return false;
}

// Does a plugin that is not at rest require this one?
bool lifecycle::needed(size_t plugin) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const entry& e) {
    const auto& r = e.facts.requires_;
    return !at_rest(e.state) && std::find(r.begin(), r.end(), plugin) != r.end();
  });
}

bool lifecycle::used_by_stuck(size_t plugin) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const entry& e) {
    const auto& r = e.facts.requires_;
    return e.stuck && std::find(r.begin(), r.end(), plugin) != r.end();
  });
}

bool lifecycle::advance_start(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  if (!starting_ || stopping_ || e.state != plugin_state::resolved) return false;
  if (blocked(plugin)) return true;
  const bool there = std::all_of(e.facts.requires_.begin(), e.facts.requires_.end(),
                                 [&](size_t r) { return entries_[r].state == plugin_state::running; });
  if (there) begin(plugin, plugin_state::creating, step::create, later(now, e.facts.start_deadline));
  return there;
}

// A running plugin goes when everything stops, when it has failed, or when one it requires goes.
bool lifecycle::advance_stop(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  if (e.state != plugin_state::running) return false;
  if (!stopping_ && e.reason.empty()) {
    const auto going = std::find_if(e.facts.requires_.begin(), e.facts.requires_.end(),
                                    [&](size_t r) { return !entries_[r].reason.empty(); });
    if (going == e.facts.requires_.end()) return false;
    e.reason = "it requires plugin '" + entries_[*going].facts.id + "', which has failed: " + entries_[*going].reason;
  }
  if (needed(plugin)) return false;
  begin(plugin, plugin_state::withdrawing, step::withdraw, later(now, e.facts.stop_deadline));
  return true;
}

void lifecycle::advance(instant now) {
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const std::string before = entries_[i].reason;
      if (advance_start(i, now) || advance_stop(i, now) || entries_[i].reason != before) moved = true;
    }
  }
}

bool lifecycle::settled() const {
  return starting_ && !stopping_ && std::all_of(entries_.begin(), entries_.end(), [](const entry& e) {
    return (e.state == plugin_state::running && e.reason.empty()) || (at_rest(e.state) && e.state != plugin_state::resolved);
  });
}

bool lifecycle::ended() const {
  return stopping_ &&
         std::all_of(entries_.begin(), entries_.end(), [](const entry& e) { return at_rest(e.state); });
}

}  // namespace tharsis::runtime
