#include "sdk/sim/faults.h"

#include <algorithm>
#include <cassert>
#include <cstdio>

#include "sdk/sim/dice.h"

namespace tharsis::sim {
namespace {

constexpr duration delay_most = 3s;           // Of a path that is slow: worse than any satellite.
constexpr int64_t lost_least = 20, lost_most = 400;  // Of a thousand packets; beyond it, TCP stands still.
constexpr duration jump_most = 48h;           // Somebody set the date, or the time zone, wrong.

int64_t amount_of(fault_kind kind, dice& d) {
  switch (kind) {
    case fault_kind::path_slow:
    case fault_kind::disk_slow:
    case fault_kind::names_slow: return d.up_to(delay_most).count();
    case fault_kind::path_lossy: return lost_least + static_cast<int64_t>(d.below(lost_most - lost_least));
    case fault_kind::clock_jumps: return (d.up_to(2 * jump_most) - jump_most).count();
    case fault_kind::reload: return static_cast<int64_t>(d.below(INT64_MAX));
    default: return 0;
  }
}

// What goes wrong in a step does so the first time; else it must wait for a restart, which may never come.
duration begin_of(fault_kind kind, duration span, dice& d) {
  const bool of_a_step = kind == fault_kind::create_fails || kind == fault_kind::start_fails;
  // Most happens early: a start, a first connection; and the work may be done long before the span is over.
  constexpr int64_t parts[] = {1, 10, 100};
  const duration drawn = d.up_to(span / parts[d.below(3)]);
  return of_a_step && d.chance(0.7) ? duration{} : drawn;
}

bool meant(const fault_rate& rate, const fault_target& t) {
  const auto is = [&](const std::string& name) { return name == t.machine || name == t.other; };
  return rate.only.empty() || std::any_of(rate.only.begin(), rate.only.end(), is);
}

std::string seconds(duration d) {
  char number[32];
  std::snprintf(number, sizeof number, "%.3f s", static_cast<double>(d.count()) / 1e9);
  return number;
}

std::string amount_text(const fault& f) {
  if (f.kind == fault_kind::path_lossy) return " (" + std::to_string(f.amount) + " of 1000 packets)";
  return f.amount == 0 || f.kind == fault_kind::reload ? "" : " (" + seconds(duration(f.amount)) + ")";
}

}  // namespace

const std::vector<fault_facts>& all_faults() {
  using k = fault_kind;
  using s = fault_scope;
  using x = fault_excuse;
  static const std::vector<fault_facts> all = {
      {k::create_fails, s::plugin, x::failing, "create_fails", 0s, "create() fails once"},
      {k::start_fails, s::plugin, x::failing, "start_fails", 0s, "start() fails once"},
      {k::configure_refused, s::plugin, x::nothing, "configure_refused", 60s, "new settings are refused"},
      {k::vanishes, s::plugin, x::failing, "vanishes", 0s, "it fails while it runs, calls to its services are open"},
      {k::stalls, s::plugin, x::being_late, "stalls", 2s, "a callback takes that long"},
      {k::publish_refused, s::plugin, x::nothing, "publish_refused", 5s, "its events meet a queue that is full"},
      {k::disk_full, s::disk, x::failing, "disk_full", 10s, "no space is left"},
      {k::disk_read_only, s::disk, x::failing, "disk_read_only", 10s, "the file system is read-only"},
      {k::disk_broken, s::disk, x::failing, "disk_broken", 5s, "every operation fails"},
      {k::disk_torn, s::disk, x::failing, "disk_torn", 2s, "writing fails, and half of the bytes stay"},
      {k::disk_slow, s::machine, x::being_late, "disk_slow", 10s, "work that may block takes up to 3 s longer"},
      {k::names_fail, s::machine, x::nothing, "names_fail", 20s, "the system resolves no name"},
      {k::names_slow, s::machine, x::nothing, "names_slow", 20s, "the system's resolver takes up to 3 s longer"},
      {k::clock_jumps, s::machine, x::nothing, "clock_jumps", 60s, "the wall clock is wrong by up to two days"},
      {k::path_lossy, s::path, x::nothing, "path_lossy", 20s, "2 % to 40 % of the packets are lost"},
      {k::path_slow, s::path, x::nothing, "path_slow", 20s, "packets take up to 3 s longer"},
      {k::path_silent, s::path, x::nothing, "path_silent", 20s, "nothing arrives, nobody is told"},
      {k::path_refuses, s::path, x::nothing, "path_refuses", 10s, "new connections are refused"},
      {k::connections_reset, s::path, x::nothing, "connections_reset", 0s, "every connection ends with a reset"},
      {k::connections_forgotten, s::path, x::nothing, "connections_forgotten", 0s, "every connection is half-open on both sides"},
      {k::network_lost, s::machine, x::nothing, "network_lost", 20s, "it is in no network"},
      {k::network_switches, s::machine, x::nothing, "network_switches", 30s, "it is in another network, with another address"},
      {k::machine_sleeps, s::machine, x::nothing, "machine_sleeps", 30s, "nothing of it runs, and it loses what is sent to it"},
      {k::reload, s::machine, x::nothing, "reload", 20s, "its profile is reloaded with one change, and then as it was"},
  };
  return all;
}

const fault_facts& facts_of(fault_kind kind) {
  const fault_facts& f = all_faults()[static_cast<size_t>(kind)];
  assert(f.kind == kind);
  return f;
}

std::string text(const fault& f) {
  const fault_facts& facts = facts_of(f.kind);
  std::string whom = f.on.machine;
  if (facts.scope == fault_scope::plugin) whom = f.on.other + " on " + f.on.machine;
  if (facts.scope == fault_scope::path) whom = f.on.machine + " and " + f.on.other;
  const std::string when = f.lasts.count() == 0 ? " at " + seconds(f.at) : " from " + seconds(f.at) + " to " + seconds(f.at + f.lasts);
  return std::string(facts.name) + (facts.scope == fault_scope::path ? " between " : facts.scope == fault_scope::plugin ? ": " : " on ") +
         whom + when + amount_text(f);
}

std::vector<fault> draw_faults(const fault_rates& rates, const fault_targets& targets, uint64_t seed) {
  std::vector<fault> plan;
  for (const auto& [kind, rate] : rates) {
    const fault_facts& facts = facts_of(kind);
    const auto scope = targets.list.find(facts.scope);
    if (scope == targets.list.end()) continue;
    for (size_t i = 0; i < scope->second.size(); ++i) {
      dice d(dice(dice(seed).next() + static_cast<uint64_t>(kind)).next() + i);
      const fault_target& on = scope->second[i];
      if (!d.chance(rate.rate) || !meant(rate, on)) continue;
      fault f{kind, on, begin_of(kind, targets.span, d), {}, amount_of(kind, d)};
      if (facts.lasts.count() > 0) f.lasts = d.up_to(rate.lasts.value_or(facts.lasts));
      plan.push_back(std::move(f));
    }
  }
  std::stable_sort(plan.begin(), plan.end(), [](const fault& a, const fault& b) { return a.at < b.at; });
  return plan;
}

}  // namespace tharsis::sim
