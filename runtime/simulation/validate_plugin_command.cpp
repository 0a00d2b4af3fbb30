#include "runtime/simulation/validate_plugin_command.h"

#include <algorithm>
#include <cstdio>
#include <regex>

#include "runtime/command_answer.h"
#include "runtime/os_clock.h"
#include "runtime/os_profile_files.h"
#include "runtime/simulation/trial_children.h"
#include "runtime/terminal.h"
#include "runtime/text_columns.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr duration patience = 120s;  // Of real time, for one trial; a sanitizer needs some of it.
constexpr size_t sentences_most = 3;  // Sentences of one trial, for a person.

// The trials whose names match, or why none does.
result<std::vector<const plugin_trial*>> chosen(const std::optional<std::string>& only) {
  std::vector<const plugin_trial*> all;
  std::vector<std::string> names;
  try {
    const std::regex wanted(only.value_or(""));
    for (const plugin_trial& t : plugin_trials()) {
      names.emplace_back(t.name);
      if (std::regex_search(names.back(), wanted)) all.push_back(&t);
    }
  } catch (const std::regex_error&) {
    return error{THARSIS_E_INVALID, "--only: " + in_quotes(*only) + " is no regular expression"};
  }
  if (all.empty()) return error{THARSIS_E_INVALID, "--only: no trial is called like " + in_quotes(*only) + "; there are " + listed(names)};
  return all;
}

std::string took_text(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(d.count()) / 1e9);
  return text;
}

std::string result_of(const trial_outcome& o) { return !o.wrong.empty() ? "FAILED" : o.skipped.empty() ? "passed" : "skipped"; }

std::string json_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& t : texts) list += (list.empty() ? "" : ",") + json_text(t);
  return "[" + list + "]";
}

// A trial that had nothing to try has not been passed.
struct trial_sums {
  size_t passed = 0, failed = 0, skipped = 0;

  void count(const trial_outcome& o) { ++(!o.wrong.empty() ? failed : o.skipped.empty() ? passed : skipped); }
};

std::string json_of(const plugin_bench& bench, uint64_t seed, const std::vector<trial_outcome>& outcomes, const trial_sums& sums) {
  std::string tests;
  for (const trial_outcome& o : outcomes)
    tests += (tests.empty() ? "" : ",") + json_object()
                                              .add("name", o.trial->name)
                                              .add("result", !o.wrong.empty() ? "failed" : result_of(o))
                                              .add("seconds", static_cast<double>(o.took.count()) / 1e9)
                                              .add_raw("problems", json_list(o.wrong))
                                              .add_raw("notes", json_list(o.skipped.empty() ? o.notes : std::vector<std::string>{o.skipped}))
                                              .text();
  return json_object()
      .add("plugin", bench.id())
      .add("version", bench.manifest().version)
      .add("seed", seed)
      .add("passed", sums.passed)
      .add("failed", sums.failed)
      .add("skipped", sums.skipped)
      .add_raw("tests", "[" + tests + "]")
      .text();
}

std::string table_of(const std::vector<trial_outcome>& outcomes) {
  std::vector<std::vector<std::string>> rows = {{"TRIAL", "RESULT", "TIME", "WHAT HOLDS"}};
  for (const trial_outcome& o : outcomes) {
    std::string what(o.trial->about);
    if (!o.skipped.empty()) what += " (" + o.skipped + ")";
    else if (!o.notes.empty()) what += " (" + o.notes.back() + ")";
    rows.push_back({std::string(o.trial->name), result_of(o), took_text(o.took), what});
  }
  return text_columns(rows, "  ");
}

std::string complaints_of(const std::vector<trial_outcome>& outcomes, const std::string& folder, uint64_t seed) {
  std::string text;
  for (const trial_outcome& o : outcomes) {
    if (o.wrong.empty()) continue;
    text += "\n" + std::string(o.trial->name) + ":\n";
    for (size_t i = 0; i < std::min(o.wrong.size(), sentences_most); ++i) text += "  " + o.wrong[i] + "\n";
    if (o.wrong.size() > sentences_most) text += "  and " + std::to_string(o.wrong.size() - sentences_most) + " more\n";
    text += "  again: tharsis validate-plugin " + folder + " --only '^" + std::string(o.trial->name) + "$' --seed " + std::to_string(seed) + "\n";
  }
  return text;
}

}  // namespace

int validate_plugin_command(const command_line& line) {
  const auto trials = chosen(line.only);
  if (!trials) return refuse("tharsis validate-plugin: " + trials.failure().text + "\n");
  const std::string& folder = line.arguments[0];
  if (!folder_exists(folder))
    return refuse("tharsis validate-plugin: there is no folder " + absolute_path(folder) + "; name the one that holds the plugin's plugin.yaml and library\n");
  diagnostics problems;
  const plugin_bench bench(folder, request_of(line), problems);
  if (!problems.empty()) return refuse(problems);
  const uint64_t seed = line.seed.value_or(1);
  std::vector<trial_outcome> outcomes;
  trial_sums sums;
  terminal screen({line.json, monotonic_now, [](int) {}});
  bool starts = true;
  const auto hear = [&](const trial_outcome& o) {
    outcomes.push_back(o);
    sums.count(o);
    if (o.trial->name == "defaults") starts = o.wrong.empty();
    const std::string live = std::to_string(outcomes.size()) + " of " + std::to_string(trials->size()) + " trials, " + std::to_string(sums.failed) + " failed";
    screen.table()->progress(screen.table()->self, text_of(live));
  };
  // Of one that does not even start the others would say the same again and again.
  const auto defaults = std::find_if(trials->begin(), trials->end(), [](const plugin_trial* t) { return t->name == "defaults"; });
  const auto rest = defaults == trials->end() ? trials->begin() : defaults + 1;
  auto failure = run_trials(bench, {trials->begin(), rest}, seed, patience, hear);
  if (!failure && starts) failure = run_trials(bench, {rest, trials->end()}, seed, patience, hear);
  screen.close();
  if (failure) return refuse("tharsis: " + failure->text + "\n");
  const std::string sum = bench.id() + " " + bench.manifest().version + ": " + std::to_string(sums.passed) + " of " + std::to_string(outcomes.size()) +
                          " trials passed, " + (sums.skipped == 0 ? "" : std::to_string(sums.skipped) + " had nothing to try, ") + "seed " + std::to_string(seed) +
                          (starts ? "\n" : "\nThe others need a plugin that starts; give what it cannot do without like --set " + bench.id() + ".KEY=VALUE\n");
  const int said = say(line.json ? json_of(bench, seed, outcomes, sums) + "\n" : table_of(outcomes) + complaints_of(outcomes, folder, seed) + "\n" + sum);
  return sums.failed == 0 ? said : exit_work_failed;
}

}  // namespace tharsis::runtime
