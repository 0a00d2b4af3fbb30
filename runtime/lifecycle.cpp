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
    case plugin_state::disabled: return "disabled";
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

// Nothing more will happen to it by itself, unless a failed one is to be started again.
bool at_rest(plugin_state state) {
  return state == plugin_state::stopped || state == plugin_state::failed || state == plugin_state::waiting ||
         state == plugin_state::resolved || state == plugin_state::disabled;
}

bool holds(const std::vector<std::vector<size_t>>& groups, size_t plugin) {
  return std::any_of(groups.begin(), groups.end(),
                     [&](const auto& group) { return std::find(group.begin(), group.end(), plugin) != group.end(); });
}

duration restart_wait(const restart_policy& policy, uint32_t failures) {
  duration wait = policy.wait;
  for (uint32_t i = 1; i < failures && wait < policy.wait_longest; ++i) wait *= 2;
  return std::min(wait, policy.wait_longest);
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
  for (entry& e : entries_)
    if (e.state == plugin_state::failed) e.deadline = never;
  advance(now);
}

void lifecycle::change(std::vector<plan> plans, const std::vector<size_t>& renewed, instant now) {
  entries_.resize(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    entry& e = entries_[i];
    if (plans[i].wanted || e.facts.id.empty())
      e.facts = std::move(plans[i]);
    else
      e.facts.wanted = false;  // It goes with the deadlines that it had.
    if (e.stuck) continue;
    const bool renew = std::find(renewed.begin(), renewed.end(), i) != renewed.end();
    if (!at_rest(e.state)) {
      if (!e.facts.wanted) go(i, departure::ended, {});
      if (renew) go(i, departure::renewed, {});
    } else if (!e.facts.wanted) {
      e.state = plugin_state::stopped;
      e.deadline = never;
      e.reason.clear();
    } else if (renew || e.state == plugin_state::stopped || (e.state == plugin_state::disabled && e.facts.disabled.empty())) {
      e.state = plugin_state::resolved;
      e.deadline = never;
      e.reason.clear();
      e.failures = 0;
      e.ran = false;
    }
  }
  advance(now);
}

void lifecycle::begin(size_t plugin, plugin_state state, step s, instant deadline) {
  entries_[plugin].state = state;
  entries_[plugin].deadline = deadline;
  actions_.push_back({plugin, s});
}

void lifecycle::go(size_t plugin, departure why, std::string reason) {
  entries_[plugin].goes = why;
  entries_[plugin].reason = std::move(reason);
}

void lifecycle::on_done(size_t plugin, step s, std::string failure, instant now) {
  entry& e = entries_[plugin];
  if (!is_in_step(e.state) || step_of(e.state) != s) return;  // It came back after its deadline.
  e.deadline = never;
  switch (s) {
    case step::create:
      if (!failure.empty()) return fail(plugin, std::move(failure), now);
      e.created = true;
      if (stopping_ && e.goes == departure::none) go(plugin, departure::ended, {});
      if (const auto* group = lost_group(e); group != nullptr && e.goes == departure::none)
        go(plugin, departure::waits, absence(group->front()));
      if (e.goes != departure::none) return destroy(plugin, now);
      begin(plugin, plugin_state::starting, step::start, later(now, e.facts.start_deadline));
      break;
    case step::start:
      if (!failure.empty()) return fail(plugin, std::move(failure), now);
      e.state = plugin_state::running;
      e.running_since = now;
      e.ran = true;
      break;
    case step::withdraw:
      begin(plugin, plugin_state::stopping, step::stop, later(now, e.facts.stop_deadline));
      break;
    case step::stop: return destroy(plugin, now);
    case step::destroy:
      e.created = false;
      e.stuck = !failure.empty();
      if (e.stuck) go(plugin, departure::failed, e.goes == departure::failed ? e.reason : std::move(failure));
      rest(plugin, now);
      break;
  }
  advance(now);
}

void lifecycle::on_failed(size_t plugin, std::string reason, instant now) {
  entry& e = entries_[plugin];
  if (e.state == plugin_state::starting) return fail(plugin, std::move(reason), now);
  if (e.state != plugin_state::running) return;
  go(plugin, departure::failed, std::move(reason));
  advance(now);
}

void lifecycle::fail(size_t plugin, std::string reason, instant now) {
  entry& e = entries_[plugin];
  go(plugin, departure::failed, std::move(reason));
  e.deadline = never;
  if (e.created) return destroy(plugin, now);
  rest(plugin, now);
  advance(now);
}

// The end of every plugin that was created, unless its services may still be called.
void lifecycle::destroy(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  if (e.held || used_by_stuck(plugin)) {
    e.stuck = true;
    rest(plugin, now);
  } else {
    begin(plugin, plugin_state::destroying, step::destroy, later(now, e.facts.stop_deadline));
  }
  advance(now);
}

// It is down, or as far down as it gets: what becomes of it?
void lifecycle::rest(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  const departure why = std::exchange(e.goes, departure::none);
  e.deadline = never;
  if (why == departure::failed) return rest_failed(e, now);
  const bool comes_back = e.facts.wanted && !e.stuck && !stopping_;
  if ((why == departure::renewed || why == departure::ended) && comes_back) {
    e.failures = 0;
    e.ran = false;
    e.state = plugin_state::resolved;
  } else if (why == departure::waits && e.facts.wanted && !e.stuck) {
    e.state = plugin_state::waiting;
  } else {
    e.state = plugin_state::stopped;
  }
}

void lifecycle::rest_failed(entry& e, instant now) {
  e.state = plugin_state::failed;
  const restart_policy& policy = e.facts.restart;
  if (e.stuck || stopping_ || !e.facts.wanted || policy.on == restart_policy::when::never) return;
  if (policy.on == restart_policy::when::on_failure && !e.ran) return;
  if (e.running_since != never && now - e.running_since >= runtime_settings{}.restart_steady) e.failures = 0;
  e.running_since = never;
  if (++e.failures <= policy.limit)
    e.deadline = later(now, restart_wait(policy, e.failures));
  else
    e.reason += "; it has failed " + std::to_string(e.failures) + " times in a row and is not restarted again";
}

instant lifecycle::deadline() const {
  instant first = never;
  for (const entry& e : entries_) first = std::min(first, e.deadline);
  return first;
}

void lifecycle::on_deadline(instant now) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    entry& e = entries_[i];
    if (e.deadline > now) continue;
    if (is_in_step(e.state)) {
      on_late_step(i, now);
    } else {
      e.state = plugin_state::resolved;
      e.deadline = never;
      e.reason.clear();
    }
  }
  advance(now);
}

void lifecycle::on_late_step(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  const step late = step_of(e.state);
  const duration limit = late == step::create || late == step::start ? e.facts.start_deadline : e.facts.stop_deadline;
  if (e.goes != departure::failed)
    go(plugin, departure::failed,
       std::string(step_name(late)) + " has not finished within " + std::to_string(milliseconds(limit)) + " ms");
  e.deadline = never;
  if (late == step::start || late == step::stop) return destroy(plugin, now);
  e.held = late == step::withdraw;
  if (e.held) return begin(plugin, plugin_state::stopping, step::stop, later(now, e.facts.stop_deadline));
  e.stuck = true;
  rest(plugin, now);
}

std::vector<lifecycle::action> lifecycle::take_actions() { return std::exchange(actions_, {}); }

// It runs, and nothing is known that would end that.
bool lifecycle::stays(size_t plugin) const {
  const entry& e = entries_[plugin];
  return e.state == plugin_state::running && e.goes == departure::none && e.facts.wanted && !stopping_;
}

// It is on its way to running.
bool lifecycle::comes(size_t plugin) const {
  const entry& e = entries_[plugin];
  if (e.goes != departure::none) return e.goes == departure::renewed;
  return e.state == plugin_state::resolved || e.state == plugin_state::creating || e.state == plugin_state::starting;
}

bool lifecycle::lost(const std::vector<size_t>& providers) const {
  return std::none_of(providers.begin(), providers.end(), [&](size_t p) { return stays(p); });
}

// The providers of something it requires, none of which stays; null: it has what it needs.
const std::vector<size_t>* lifecycle::lost_group(const entry& e) const {
  const auto& all = e.facts.requires_;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& group) { return !group.empty() && lost(group); });
  return found == all.end() ? nullptr : &*found;
}

// "plugin 'a', which has failed: no disk"
std::string lifecycle::absence(size_t provider) const {
  const entry& e = entries_[provider];
  const std::string text = "it requires plugin '" + e.facts.id + "', which ";
  if (e.state == plugin_state::waiting || e.goes == departure::waits) return text + "waits itself: " + e.reason;
  if (e.state == plugin_state::disabled) return text + "is left out: " + e.reason;
  if (e.goes == departure::renewed || comes(provider)) return text + "is being restarted";
  if (!e.reason.empty())
    return text + "has failed: " + e.reason + (retry(provider) != never ? "; it will be tried again" : "");
  return text + "does not run any more";
}

// Is there a requirement that will not come for now? Then the plugin waits and says why.
bool lifecycle::blocked(size_t plugin) {
  entry& e = entries_[plugin];
  for (const auto& group : e.facts.requires_) {
    if (group.empty() || std::any_of(group.begin(), group.end(), [&](size_t p) { return stays(p) || comes(p); })) continue;
    e.state = plugin_state::waiting;
    e.reason = absence(group.front());
    return true;
  }
  return false;
}

// Does a plugin that is not at rest require this one, with nobody to take its place?
bool lifecycle::needed(size_t plugin) const {
  const auto only = [&](const std::vector<size_t>& group) {
    if (std::find(group.begin(), group.end(), plugin) == group.end()) return false;
    return std::none_of(group.begin(), group.end(), [&](size_t p) { return p != plugin && stays(p); });
  };
  return std::any_of(entries_.begin(), entries_.end(), [&](const entry& e) {
    return !at_rest(e.state) && std::any_of(e.uses.begin(), e.uses.end(), only);
  });
}

bool lifecycle::used_by_stuck(size_t plugin) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const entry& e) { return e.stuck && holds(e.uses, plugin); });
}

bool lifecycle::advance_start(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  if (!starting_ || stopping_ || !e.facts.wanted) return false;
  if (e.state != plugin_state::resolved && e.state != plugin_state::waiting) return false;
  const plugin_state before = e.state;
  if (!e.facts.disabled.empty()) {
    e.state = plugin_state::disabled;
    e.reason = e.facts.disabled;
    return true;
  }
  if (blocked(plugin)) return e.state != before;
  e.state = plugin_state::resolved;
  e.reason.clear();
  // All who provide it are waited for, so that the best one is bound from the beginning.
  const bool there = std::all_of(e.facts.requires_.begin(), e.facts.requires_.end(), [&](const auto& group) {
    return group.empty() || (!lost(group) && std::none_of(group.begin(), group.end(), [&](size_t p) { return comes(p); }));
  });
  const bool awaited = std::any_of(e.facts.awaits.begin(), e.facts.awaits.end(), [&](size_t p) { return entries_[p].facts.wanted && comes(p); });
  if (there && !awaited) {
    e.uses = e.facts.requires_;
    begin(plugin, plugin_state::creating, step::create, later(now, e.facts.start_deadline));
  }
  return e.state != before;
}

// A running plugin goes when everything stops, when it has failed, or when one it requires goes.
bool lifecycle::advance_stop(size_t plugin, instant now) {
  entry& e = entries_[plugin];
  if (e.state != plugin_state::running) return false;
  if (stopping_ && e.goes != departure::failed) go(plugin, departure::ended, {});
  if (e.goes == departure::none) {
    const auto* const group = lost_group(e);
    if (group == nullptr) return false;
    go(plugin, departure::waits, absence(group->front()));
    if (needed(plugin)) return true;
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

bool lifecycle::given_up(size_t plugin) const {
  const entry& e = entries_[plugin];
  if (e.state == plugin_state::failed) return e.deadline == never;
  if (e.state != plugin_state::waiting) return false;
  const auto absent = [&](size_t p) {
    const plugin_state s = entries_[p].state;
    return s == plugin_state::disabled || s == plugin_state::stopped || given_up(p);
  };
  return std::any_of(e.facts.requires_.begin(), e.facts.requires_.end(),
                     [&](const auto& group) { return !group.empty() && std::all_of(group.begin(), group.end(), absent); });
}

bool lifecycle::settled() const {
  return starting_ && !stopping_ && std::all_of(entries_.begin(), entries_.end(), [](const entry& e) {
    return (e.state == plugin_state::running && e.goes == departure::none) ||
           (at_rest(e.state) && e.state != plugin_state::resolved);
  });
}

bool lifecycle::ended() const {
  return stopping_ &&
         std::all_of(entries_.begin(), entries_.end(), [](const entry& e) { return at_rest(e.state); });
}

}  // namespace tharsis::runtime
