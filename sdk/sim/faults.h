// What can go wrong in a world, how often, and a plan of it for one run. Pure: the same seed, the same plan.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::sim {

enum class fault_kind : uint8_t {
  create_fails, start_fails, configure_refused, vanishes, stalls, publish_refused,
  disk_full, disk_read_only, disk_broken, disk_torn, disk_slow, names_fail, names_slow, clock_jumps,
  path_lossy, path_slow, path_silent, path_refuses, connections_reset, connections_forgotten,
  network_lost, network_switches, machine_sleeps, reload,  // New ones at the end: what is drawn depends on the number.
};

// Whom it strikes.
enum class fault_scope : uint8_t { plugin, machine, disk, path };

// What a plugin may do when it is struck, and be no worse for it. Bad networks, wrong clocks and full queues
// are no reason to fail: they are what it is for.
enum class fault_excuse : uint8_t {
  nothing,
  failing,
  being_late,  // Also for a step that misses its deadline, or never comes back.
};

struct fault_facts {
  fault_kind kind;
  fault_scope scope;
  fault_excuse excuse;
  std::string_view name;  // As a faults file spells it.
  duration lasts;         // At most, unless the file says otherwise; zero: it is over at once.
  std::string_view about;
};
const std::vector<fault_facts>& all_faults();
const fault_facts& facts_of(fault_kind kind);

struct fault_rate {
  double rate = 0;  // How likely it strikes each target in one run, 0 to 1.
  std::optional<duration> lasts;
  std::vector<std::string> only;  // Plugins or machines; empty: all.
};
using fault_rates = std::map<fault_kind, fault_rate>;

// Of a plugin: its machine and its id. Of a path: both machines. Of a disk or a machine: that machine.
struct fault_target {
  std::string machine;
  std::string other;
  bool operator==(const fault_target&) const = default;
};

struct fault {
  fault_kind kind;
  fault_target on;
  duration at;         // After the start of the run.
  duration lasts;
  int64_t amount = 0;  // Nanoseconds of a delay or a jump; packets of a thousand that are lost; a reload's own chance.
};
// "disk_full on client from 3.200 s to 8.100 s"
std::string text(const fault& f);

struct fault_targets {
  std::map<fault_scope, std::vector<fault_target>> list;
  duration span;  // Faults begin within it.
};

// In the order of their time. What is drawn for one target depends on the seed, the kind and the target's
// place alone: turn a rate down, and all other faults stay where they were.
std::vector<fault> draw_faults(const fault_rates& rates, const fault_targets& targets, uint64_t seed);

}  // namespace tharsis::sim
