#include "runtime/simulation/simulation_report.h"

#include <algorithm>
#include <vector>

#include "runtime/text_columns.h"
#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

constexpr size_t shown_most = 5;  // Failed seeds that are named.

std::string seconds(duration d) { return std::to_string(d / 1s); }

std::string counted(const std::map<std::string, uint64_t>& counts) {
  std::string text;
  for (const auto& [what, count] : counts) text += (text.empty() ? "" : ", ") + what + " " + std::to_string(count);
  return text;
}

std::string json_of(const std::map<std::string, uint64_t>& counts) {
  json_object o;
  for (const auto& [what, count] : counts) o.add(what, count);
  return o.text();
}

}  // namespace

void simulation_report::add(uint64_t seed, const seed_outcome& outcome) {
  const bool bad = !outcome.problems.empty();
  ++seeds_;
  if (bad) ++failed_;
  took_ += outcome.took;
  wakes_ += outcome.wakes;
  ++codes_[outcome.code ? "exit code " + std::to_string(*outcome.code) : "time was over"];
  for (const auto& [name, count] : outcome.drawn) {
    fault_count& f = faults_[name];
    const auto struck = outcome.struck.find(name);
    f.drawn += count;
    f.struck += struck != outcome.struck.end() ? struck->second : 0;
    ++f.seeds;
    if (bad) ++f.failed;
  }
  for (const auto& [plugin, state] : outcome.ends) ++ends_[plugin][state];
  if (!bad) return;
  worst_[seed] = outcome.problems;
  if (worst_.size() > shown_most) worst_.erase(std::prev(worst_.end()));
}

std::optional<uint64_t> simulation_report::first_failed() const {
  return worst_.empty() ? std::nullopt : std::optional(worst_.begin()->first);
}

std::string simulation_report::text(const std::string& replay) const {
  std::string text;
  if (!faults_.empty()) {
    std::vector<std::vector<std::string>> rows = {{"FAULT", "DRAWN", "STRUCK", "IN SEEDS", "OF WHICH FAILED"}};
    for (const auto& [name, f] : faults_)
      rows.push_back({name, std::to_string(f.drawn), std::to_string(f.struck), std::to_string(f.seeds), std::to_string(f.failed)});
    text += text_columns(rows, "  ") + "\n";
  }
  std::vector<std::vector<std::string>> rows = {{"AT THE END", "SEEDS"}};
  for (const auto& [plugin, states] : ends_) rows.push_back({plugin, counted(states)});
  rows.push_back({"the work", counted(codes_)});
  text += text_columns(rows, "  ") + "\n";
  text += std::to_string(seeds_) + (seeds_ == 1 ? " seed, " : " seeds, ") + seconds(took_) + " s of virtual time, " + std::to_string(wakes_) +
          " wakes; " + (failed_ == 0 ? "none failed\n" : std::to_string(failed_) + " failed\n");
  for (const auto& [seed, problems] : worst_) {
    text += "seed " + std::to_string(seed) + ":\n";
    for (const std::string& p : problems) text += "  " + p + "\n";
  }
  if (const auto first = first_failed()) text += "see it happen: " + replay + std::to_string(*first) + "\n";
  return text;
}

std::string simulation_report::json(const std::string& replay) const {
  json_object faults, ends;
  for (const auto& [name, f] : faults_)
    faults.add(name, json_object().add("drawn", f.drawn).add("struck", f.struck).add("seeds", f.seeds).add("failed", f.failed));
  for (const auto& [plugin, states] : ends_) ends.add_raw(plugin, json_of(states));
  std::string failures;
  for (const auto& [seed, problems] : worst_) {
    std::string list;
    for (const std::string& p : problems) list += (list.empty() ? "" : ",") + json_text(p);
    failures += (failures.empty() ? "" : ",") +
                json_object().add("seed", seed).add_raw("problems", "[" + list + "]").add("replay", replay + std::to_string(seed)).text();
  }
  return json_object()
      .add("seeds", seeds_).add("failed", failed_).add("virtual_seconds", took_ / 1s).add("wakes", wakes_)
      .add("faults", faults).add("ends", ends).add_raw("work", json_of(codes_)).add_raw("failures", "[" + failures + "]").text();
}

}  // namespace tharsis::runtime
