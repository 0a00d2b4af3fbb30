#include "runtime/simulation/simulate_command.h"

#include <algorithm>
#include <cstdio>

#include "runtime/command_answer.h"
#include "runtime/os_child_linux.h"
#include "runtime/os_clock.h"
#include "runtime/simulation/faults_file.h"
#include "runtime/simulation/seed_runs.h"
#include "runtime/simulation/simulation_report.h"
#include "runtime/terminal.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr int some_failed = 1;
constexpr uint64_t seeds_usual = 100;
constexpr const char* simulated_state = "/state";  // On the disk that all machines share.

// "configs/demo.yaml" runs on the machine "demo".
std::string machine_name(const std::string& file, const std::vector<simulation::machine>& others) {
  std::string name = file.substr(file.rfind('/') + 1);
  name = name.substr(0, name.rfind('.'));
  const auto taken = [&] { return std::any_of(others.begin(), others.end(), [&](const auto& m) { return m.name == name; }); };
  while (taken()) name += "_";
  return name;
}

bool names_plugin(const std::string& set, const profile& plan) {
  return std::any_of(plan.plugins.begin(), plan.plugins.end(), [&](const plugin_entry& p) { return set.starts_with(p.id + "."); });
}

// Each profile gets the settings of its own plugins; what belongs to none is the first one's problem.
void load_machines(const command_line& line, simulation& into, diagnostics& problems) {
  std::vector<std::string> files = {line.arguments[0]};
  files.insert(files.end(), line.with.begin(), line.with.end());
  std::vector<profile_request> requests;
  std::vector<profile> bare;
  for (const std::string& file : files) {
    requests.push_back(request_of(line));
    requests.back().file = file;
    requests.back().sets.clear();
    requests.back().data_folder = line.state.value_or(simulated_state);
    diagnostics ignored;  // A set may mend it; it is told below.
    bare.push_back(load_profile(requests.back(), ignored));
  }
  for (const std::string& set : line.sets) {
    bool taken = false;
    for (size_t i = 0; i < files.size(); ++i)
      if (names_plugin(set, bare[i])) requests[i].sets.push_back(set), taken = true;
    if (!taken) requests[0].sets.push_back(set);
  }
  for (const profile_request& request : requests) {
    profile plan = load_profile(request, problems);
    check_libraries(plan, problems);
    into.machines.push_back({machine_name(request.file, into.machines), std::move(plan)});
  }
}

std::vector<std::string> targets(const simulation& s) {
  std::vector<std::string> names;
  for (const simulation::machine& m : s.machines) {
    names.push_back(m.name);
    for (const plugin_entry& p : m.plan.plugins)
      if (std::find(names.begin(), names.end(), p.id) == names.end()) names.push_back(p.id);
  }
  return names;
}

// As a person would type it again, without the seed.
std::string replay_command(const command_line& line) {
  const auto word = [](const std::string& text) {
    const bool plain = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,") == std::string::npos;
    if (plain) return " " + text;
    std::string quoted;
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return " '" + quoted + "'";
  };
  std::string text = "tharsis simulate" + word(line.arguments[0]);
  for (const std::string& f : line.with) text += " --with" + word(f);
  if (line.faults) text += " --faults" + word(*line.faults);
  if (line.run_for) text += " --for " + std::to_string(*line.run_for / 1ms) + "ms";
  for (const std::string& s : line.sets) text += " --set" + word(s);
  for (const std::string& p : line.plugin_folders) text += " --plugins" + word(p);
  if (line.state) text += " --state" + word(*line.state);
  return text + " --seed ";
}

// The whole timeline of one seed, then what was wrong.
int show_seed(const simulation& s, uint64_t seed, const std::string& replay, bool json) {
  FILE* const out = json ? stderr : stdout;
  const auto outcome = run_seed(s, seed, [out](duration at, const std::string& who, const std::string& what) {
    std::fprintf(out, "%14.6f  %-16s  %s\n", static_cast<double>(at.count()) / 1e9, who.c_str(), what.c_str());
  });
  simulation_report report;
  report.add(seed, outcome);
  const int said = say(json ? report.json(replay) + "\n" : "\n" + report.text(replay));
  return report.failed() == 0 ? said : some_failed;
}

int show_many(const simulation& s, const seed_range& range, const std::string& replay, bool json) {
  simulation_report report;
  terminal screen({json, monotonic_now, [](int) {}});
  const tharsis_console& console = *screen.table();
  const auto failure = run_seeds(s, range, [&](uint64_t seed, const seed_outcome& outcome) {
    report.add(seed, outcome);
    const std::string live = std::to_string(report.seeds()) + " of " + std::to_string(range.count) + " seeds, " +
                             std::to_string(report.failed()) + " failed";
    console.progress(console.self, text_of(live));
  });
  screen.close();
  if (failure) return refuse("tharsis: " + failure->text + "\n");
  const int said = say(json ? report.json(replay) + "\n" : report.text(replay));
  return report.failed() == 0 ? said : some_failed;
}

}  // namespace

int simulate_command(const command_line& line) {
  if (line.faults == "list") return say(faults_reference());
  if (line.arguments.empty()) return refuse("tharsis: 'tharsis simulate' needs a PROFILE; see tharsis help simulate\n");
  diagnostics problems;
  simulation s;
  load_machines(line, s, problems);
  if (!problems.empty()) return refuse(problems);
  if (line.faults) s.faults = read_faults(*line.faults, targets(s), problems);
  if (!problems.empty()) return refuse(problems);
  warn(problems);
  if (line.run_for) s.run_for = *line.run_for;
  const std::string replay = replay_command(line);
  if (line.seed) return show_seed(s, *line.seed, replay, line.json);
  seed_range range;
  range.count = line.seeds.value_or(seeds_usual);
  range.jobs = static_cast<unsigned>(std::min<uint64_t>(processors(), range.count));
  return show_many(s, range, replay, line.json);
}

}  // namespace tharsis::runtime
