#include "runtime/simulation/plugin_trials.h"

#include <algorithm>

#include "runtime/os_library.h"
#include "runtime/os_memory.h"
#include "runtime/os_profile_files.h"
#include "runtime/simulation/exported_symbols.h"
#include "runtime/simulation/harder_trials.h"
#include "runtime/simulation/lent_host.h"
#include "runtime/simulation/simulated_run.h"

namespace tharsis::runtime {
namespace {

constexpr size_t library_largest = 512 << 20;
constexpr uint64_t draws = 20;        // Of settings, for each way to draw them.
constexpr uint64_t worlds = 12;       // For each kind of trouble.
constexpr int cycles = 100, warm = 30;
constexpr uint64_t growth_most = 2048;  // Bytes in one cycle; what the allocator keeps for itself is not counted.
constexpr uint64_t steps_of_start = 60;  // A stop is tried after each so many of them.

// ---- the library

result<exported_symbols> symbols_of(const plugin_bench& bench) {
  const auto bytes = read_text_file(bench.manifest().library_path(), library_largest);
  if (!bytes) return bytes.failure();
  return read_exported_symbols(*bytes);
}

void exports(const plugin_bench& bench, uint64_t, trial_notes& notes) {
  const auto symbols = symbols_of(bench);
  if (!symbols) return notes.wrong(symbols.failure().text);
  std::vector<std::string> others;
  for (const std::string& name : symbols->exported)
    if (name != "tharsis_plugin_entry") others.push_back(name);
  if (others.size() == symbols->exported.size()) notes.wrong("it does not export tharsis_plugin_entry");
  if (others.empty()) return;
  const size_t count = others.size();
  others.resize(std::min<size_t>(count, 3));
  notes.wrong("it exports " + std::to_string(count) + " symbols beside tharsis_plugin_entry, like " + listed(others) +
              "; link it with a version script, as tharsis_plugin() does");
}

void unique(const plugin_bench& bench, uint64_t, trial_notes& notes) {
  const auto symbols = symbols_of(bench);
  if (!symbols) return notes.wrong(symbols.failure().text);
  if (!symbols->unique.empty())
    notes.wrong(std::to_string(symbols->unique.size()) + " symbols are one for the whole process (STB_GNU_UNIQUE), like " + symbols->unique[0] +
                "; compile with -fno-gnu-unique and hidden visibility");
  if (std::binary_search(symbols->needed.begin(), symbols->needed.end(), std::string("__cxa_thread_atexit")))
    notes.note("has thread-local objects with destructors, which run on whichever thread made them");
}

// The table, or null: that was told.
const tharsis_plugin* loaded(const plugin_bench& bench, trial_notes& notes) {
  const auto table = load_library(bench.manifest().library_path(), {});
  if (!table) notes.wrong(table.failure().text);
  return table ? *table : nullptr;
}

void table(const plugin_bench& bench, uint64_t, trial_notes& notes) {
  const tharsis_plugin* const t = loaded(bench, notes);
  if (t == nullptr) return;
  const plugin_manifest& m = bench.manifest();
  if (t->id != m.id) notes.wrong("its library says that it is '" + std::string(t->id) + "', its plugin.yaml '" + m.id + "'");
  if (t->version != m.version) notes.wrong("its library is version '" + std::string(t->version) + "', its plugin.yaml '" + m.version + "'");
  if (t->abi_minor > THARSIS_ABI_MINOR) notes.wrong("it was compiled for a later contract, minor " + std::to_string(t->abi_minor));
}

void entry(const plugin_bench& bench, uint64_t, trial_notes& notes) {
  const tharsis_plugin* const t = loaded(bench, notes);
  if (t == nullptr) return;
  for (const uint32_t major : {0u, 2u, 99u, 0xFFFFFFFFu}) {
    notes.at("tharsis_plugin_entry(" + std::to_string(major) + ")");
    if (library_entry(bench.manifest().library_path(), major) != nullptr)
      notes.wrong("tharsis_plugin_entry(" + std::to_string(major) + ") answers a table; it speaks major " + std::to_string(THARSIS_ABI_MAJOR) + " only, or says so");
  }
  notes.at("tharsis_plugin_entry() a thousand times");
  for (int i = 0; i < 1000; ++i)
    if (library_entry(bench.manifest().library_path(), THARSIS_ABI_MAJOR) != t) return notes.wrong("tharsis_plugin_entry() answers another table each time");
}

// ---- settings

// Does the sentence help the person who wrote the profile? It names a setting, or where it stands.
bool names_a_setting(const std::string& sentence, const setting& group) {
  if (sentence.find("bench.yaml") != std::string::npos) return true;
  return std::any_of(group.members.begin(), group.members.end(), [&](const setting& s) { return sentence.find(s.name) != std::string::npos || names_a_setting(sentence, s); });
}

void settings(const plugin_bench& bench, uint64_t seed, drawing how, trial_notes& notes) {
  uint64_t ran = 0, refused = 0;
  for (uint64_t i = seed; i < seed + (how == drawing::any || how == drawing::nonsense ? draws : 1); ++i) {
    const auto plan = bench.plan(how, i);
    if (!plan) continue;  // The host has refused them: the schema says more than what was drawn by.
    notes.at(with_seed(i, "these settings"));
    trial_notes here = notes;
    here.wrong = [&](const std::string& what) { notes.wrong(with_seed(i, what)); };
    sim::world world(i);
    trial_run run(bench, world, "here", *plan, here);
    if (run.start()) {
      ++ran;
      world.run_for(5s);
    } else {
      ++refused;
      const std::string reason = run.reason();
      if (reason.empty()) here.wrong("it does not start with settings that its schema allows, and says not why");
      else if (how != drawing::needed && !names_a_setting(reason, bench.manifest().settings)) here.wrong("it refuses settings without naming one: " + reason);
      if (how == drawing::needed) here.wrong("it does not start with its defaults: " + reason);
    }
    run.stop();
  }
  if (how == drawing::any || how == drawing::nonsense) notes.note(std::to_string(ran) + " ran, " + std::to_string(refused) + " were refused with a sentence");
}
template <drawing how>
void settings_of(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  settings(bench, seed, how, notes);
}

// ---- one run in a world, for most of the others

void extensions(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  once(bench, seed, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
    if (!run.start()) return here.wrong("it does not start: " + run.reason());
    for (const char* id : {"", "tharsis.nothing/1", "tharsis.command", "tharsis.command/1x", "tharsis.command/2", "tharsis.command/1 ", "THARSIS.COMMAND/1", "/", "\xFF\xFE"}) {
      here.at("query(\"" + std::string(id) + "\")");
      bool asked = false, answered = false;
      run.ask_extension(id, [&](const void* found) { asked = true, answered = found != nullptr; });
      world.run_until([&] { return asked; }, world.now() + 10s);
      if (!asked) here.wrong("query() of '" + std::string(id) + "' was never answered");
      if (answered) here.wrong("it answers a table for '" + std::string(id) + "', which it cannot know; answer null for what you do not know");
    }
  });
}

void host_lacks(const plugin_bench& bench, uint64_t seed, trial_notes& notes, const std::string& what, lent_host& host) {
  notes.at(what);
  once(bench, seed, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
    host.stand_on(run.machine(), bench.id());
    if (run.start()) world.run_for(5s);
    else if (run.reason().empty()) here.wrong(what + ": it does not start, and says not why");
    // The runtime's own stop reaches the plugin's table, so what it lacked it lacks to the end.
    run.stop();
  });
}

const void* everything_it_has(const std::string&, const void* table) { return table; }

void lacks_a_table(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  lent_host whole(everything_it_has, false);
  host_lacks(bench, seed, notes, "a host that has everything", whole);
  for (const std::string& id : whole.asked()) {
    lent_host host([&](const std::string& asked, const void* table) { return asked == id ? nullptr : table; }, false);
    host_lacks(bench, seed, notes, "a host without " + id, host);
  }
  notes.note(std::to_string(whole.asked().size()) + " tables, each missing once");
}

void lacks_everything(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  lent_host host([](const std::string&, const void*) -> const void* { return nullptr; }, false);
  host_lacks(bench, seed, notes, "a host without any table", host);
}

void later_host(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  lent_host host(everything_it_has, true);
  once(bench, seed, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
    host.stand_on(run.machine(), bench.id());
    if (!run.start()) here.wrong("it does not start in a host of a later minor version: " + run.reason());
    world.run_for(5s);
    run.stop();
  });
}

// ---- life

void start_refused(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  once(bench, seed, notes, [&](sim::world&, trial_run& run, trial_notes&) {
    run.machine().interpose([&](const std::string& who, const std::string& step, const tharsis_host*&, tharsis_error* error) {
      return who == bench.id() && step == "start" ? fail(error, THARSIS_E_BUSY, "the bench does not let it start") : tharsis_status{THARSIS_OK};
    });
    run.start();
    run.stop();
    run.machine().interpose({});
  });
}

void stop_while_starting(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  for (uint64_t after = 0; after < steps_of_start; ++after) {
    notes.at(with_seed(seed, "a stop after " + std::to_string(after) + " steps of the world"));
    once(bench, seed + after, notes, [&](sim::world& world, trial_run& run, trial_notes&) {
      if (!run.begin()) return;
      const uint64_t begun = world.steps();
      world.run_until([&] { return world.steps() - begun >= after; }, world.now() + 10s);
    });
  }
}

void again_and_again(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  uint64_t at_warm = 0;
  for (int i = 0; i < cycles; ++i) {
    notes.at("start and stop " + std::to_string(i + 1));
    once(bench, seed, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
      if (!run.start()) here.wrong("start " + std::to_string(i + 1) + " in one process fails: " + run.reason());
      world.run_for(1s);
    });
    if (i + 1 == warm) at_warm = allocated_bytes();
  }
  const uint64_t now = allocated_bytes(), grown = now > at_warm ? (now - at_warm) / (cycles - warm) : 0;
  if (grown > growth_most) notes.wrong("each start and stop leaves " + std::to_string(grown) + " bytes of memory behind");
  notes.note(std::to_string(cycles) + " times; " + (now == 0 ? "how much memory stays is not known here" : std::to_string(grown) + " bytes stay each time"));
}

void two_instances(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  const auto plan = bench.plan(drawing::needed, 1);
  if (!plan) return notes.wrong(plan.failure().text);
  sim::world world(seed);
  trial_run first(bench, world, "here", *plan, notes), second(bench, world, "there", *plan, notes);
  if (!first.start()) return notes.wrong("it does not start: " + first.reason());
  if (!second.start()) notes.wrong("a second one in the same process does not start: " + second.reason());
  world.run_for(5s);
  first.stop();
  world.run_for(5s);
  if (second.reason().empty() && !second.running()) notes.wrong("the second one does not outlive the first");
  second.stop();
}

void idle(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  once(bench, seed, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
    const uint64_t empty = allocated_bytes();
    if (!run.start()) return here.wrong("it does not start: " + run.reason());
    const uint64_t full = allocated_bytes();
    world.run_for(10s);
    const auto wakes = [&] {
      const auto all = run.machine().wakes();
      const auto mine = all.find(bench.id());
      return mine == all.end() ? 0 : mine->second;
    };
    const uint64_t before = wakes();
    constexpr uint64_t minutes = 10, wakes_most = 60'000;  // 100 in a second: a laptop's processor never sleeps.
    world.run_for(minutes * 60s);
    const uint64_t each = (wakes() - before) / minutes;
    here.note(std::to_string(each) + " wakes a minute, about " + std::to_string((full > empty ? full - empty : 0) / 1024) + " KiB when it has started");
    if (each * minutes > wakes_most) here.wrong("it wakes " + std::to_string(each) + " times a minute with nothing to do");
  });
}

// ---- trouble: as `tharsis simulate` makes it

void trouble(const plugin_bench& bench, uint64_t seed, const sim::fault_rates& rates, bool wanted, trial_notes& notes) {
  int struck = 0;
  for (uint64_t s = seed; s < seed + worlds; ++s) {
    notes.at(with_seed(s, "a world with these faults"));
    auto plan = bench.plan(drawing::needed, 1, wanted);
    if (!plan) return notes.wrong(plan.failure().text);
    simulation of;
    of.machines.push_back({"here", std::move(*plan)});
    of.faults.rates = rates;
    of.run_for = 30s;
    of.judge_work = false;  // What it is for may well need more than itself.
    const seed_outcome outcome = run_seed(of, s);
    for (const std::string& problem : outcome.problems) notes.wrong(with_seed(s, problem));
    for (const auto& [name, count] : outcome.struck) struck += count;
  }
  if (!rates.empty()) notes.note(std::to_string(worlds) + " worlds, " + std::to_string(struck) + " faults struck");
}

sim::fault_rates rates_of(std::initializer_list<sim::fault_kind> kinds, double rate = 0.7) {
  sim::fault_rates rates;
  for (const sim::fault_kind k : kinds) rates[k].rate = rate;
  return rates;
}

using k = sim::fault_kind;

void schedules(const plugin_bench& b, uint64_t seed, trial_notes& n) { trouble(b, seed, {}, false, n); }
void queues(const plugin_bench& b, uint64_t seed, trial_notes& n) { trouble(b, seed, rates_of({k::publish_refused}, 1), false, n); }

// With settings that its schema allows, and back to those it had; it may refuse, but goes on running.
void reloads(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  for (uint64_t s = seed; s < seed + worlds; ++s) {
    notes.at(with_seed(s, "other settings while it runs"));
    once(bench, s, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
      if (!run.start()) return here.wrong("it does not start: " + run.reason());
      for (const drawing how : {drawing::any, drawing::most, drawing::needed}) {
        const auto next = bench.plan(how, s);
        if (!next) continue;
        run.reload(*next);
        world.run_for(2s);
        if (!run.running()) return here.wrong("it does not run after a reload: " + run.reason());
      }
    });
  }
  trouble(bench, seed, rates_of({k::reload, k::configure_refused}), false, notes);
}

void disks(const plugin_bench& b, uint64_t seed, trial_notes& n) {
  trouble(b, seed, rates_of({k::disk_full, k::disk_read_only, k::disk_broken, k::disk_torn, k::disk_slow}, 0.4), false, n);
}
void networks(const plugin_bench& b, uint64_t seed, trial_notes& n) {
  trouble(b, seed, rates_of({k::names_fail, k::names_slow, k::path_lossy, k::path_slow, k::path_silent, k::path_refuses, k::connections_reset,
                             k::connections_forgotten, k::network_lost, k::network_switches}, 0.4), false, n);
}
void clocks(const plugin_bench& b, uint64_t seed, trial_notes& n) { trouble(b, seed, rates_of({k::clock_jumps, k::machine_sleeps}), false, n); }
void stalls(const plugin_bench& b, uint64_t seed, trial_notes& n) { trouble(b, seed, rates_of({k::stalls}), false, n); }
void failing(const plugin_bench& b, uint64_t seed, trial_notes& n) { trouble(b, seed, rates_of({k::create_fails, k::start_fails}), false, n); }
void everything(const plugin_bench& b, uint64_t seed, trial_notes& n) {
  sim::fault_rates rates;
  for (const sim::fault_facts& f : sim::all_faults()) rates[f.kind].rate = 0.2;
  trouble(b, seed, rates, true, n);
}

void services(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  const auto others = bench.others(true);
  if (others.empty()) return notes.skipped("it uses nobody's services, or nobody is found who provides what it wants");
  auto rates = rates_of({k::vanishes}, 1);
  rates[k::vanishes].only = others;
  trouble(bench, seed, rates, true, notes);
}

void same_twice(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  for (uint64_t s = seed; s < seed + worlds; ++s) {
    auto plan = bench.plan(drawing::needed, 1);
    if (!plan) return notes.wrong(plan.failure().text);
    simulation of;
    of.machines.push_back({"here", std::move(*plan)});
    of.run_for = 30s;
    of.judge_work = false;  // What it is for may well need more than itself.
    if (run_seed(of, s).digest != run_seed(of, s).digest)
      return notes.wrong(with_seed(s, "two runs are not the same: it draws on more than the world it runs in (a clock, a static variable, a file of its own)"));
  }
}

}  // namespace

const std::vector<plugin_trial>& plugin_trials() {
  static const std::vector<plugin_trial> all = {
      {"exports", "exports tharsis_plugin_entry and nothing else", exports},
      {"unique_symbols", "no symbol is one for the whole process", unique},
      {"table", "the library is what plugin.yaml says", table},
      {"entry", "the entry is pure, and refuses other majors", entry},
      {"defaults", "starts and stops with its defaults", settings_of<drawing::needed>},
      {"least_settings", "bears the least that its schema allows", settings_of<drawing::least>},
      {"most_settings", "bears the most that its schema allows", settings_of<drawing::most>},
      {"any_settings", "runs with settings in between, or says which are wrong", settings_of<drawing::any>},
      {"nonsense", "texts that mean nothing are refused by name", settings_of<drawing::nonsense>},
      {"unknown_extensions", "answers null for ids it does not know", extensions},
      {"missing_table", "a host without one of the tables", lacks_a_table},
      {"bare_host", "a host without any table", lacks_everything},
      {"later_host", "a host of a later minor version", later_host},
      {"never_started", "is destroyed without having been started", start_refused},
      {"stop_in_start", "is stopped at any moment of its start", stop_while_starting},
      {"hundred_times", "starts and stops a hundred times, and leaves no memory", again_and_again},
      {"two_instances", "two of it in one process", two_instances},
      {"same_twice", "two runs of a seed are equal", same_twice},
      {"schedules", "any order of what happens", schedules},
      {"services_go", "services that it uses go and come back", services},
      {"queues_full", "subscribers that take nothing", queues},
      {"foreign_payloads", "events that hold anything their types allow", foreign_payloads},
      {"wrong_threads", "asks its host on its own strand, also when threads are real", wrong_threads},
      {"reloads", "other settings while it runs", reloads},
      {"reloads_given_up", "new settings that another plugin refuses leave no trace", reloads_given_up},
      {"own_files", "files that it left, whole or damaged", own_files},
      {"disks", "disks that are full, read-only, broken, torn, slow", disks},
      {"networks", "networks that lose, delay, refuse, change and end", networks},
      {"clocks", "clocks that jump, machines that sleep", clocks},
      {"stalls", "callbacks that wait for seconds", stalls},
      {"failed_steps", "steps that fail", failing},
      {"everything", "all of that at once", everything},
      {"real_sockets", "real sockets, threads and files; strangers who connect", real_sockets},
      {"idle", "costs little when there is nothing to do", idle},
  };
  return all;
}

}  // namespace tharsis::runtime
