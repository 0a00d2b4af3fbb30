#include "plugins/stn/fleet_command.h"

#include "plugins/stn/configuration.h"
#include "plugins/stn/core/fleet_heeds.h"
#include "plugins/stn/core/fleet_plot.h"
#include "plugins/stn/fleet_file.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view fleet_help =
    "tharsis stn simulate-fleet [OPTION]...\n"
    "  What a fleet of clients does to its servers when some of them fail, vanish or are drained: the decisions of real links\n"
    "  (reconnect, heartbeat, silence, dial) on virtual time. Of each incident: in what time 95 % of the clients that noticed\n"
    "  are on a working server again, and how many come to one server in its worst second. Beside it a naive back-off, and\n"
    "  Mars' constants.\n"
    "  --clients N         so many clients, 1 to 1000000 (1000000, which takes some 2 GB)\n"
    "  --scenario FILE     what happens, as YAML\n"
    "  --print-scenario    print the scenario, to begin a file with, and end\n"
    "  --svg FILE          write a plot\n"
    "  --alone             nothing beside it\n"
    "  --seed S            another chance (1)\n"
    "  --overload          instead: servers that slow down under the tasks they have, and what repetitions do to them then; of 20000\n"
    "                      clients, unless --clients says otherwise. tasks.budget, tasks.rest and breaker are what counts\n"
    "  --set links.main.KEY=VALUE   another setting of the link than what is shipped, like reconnect.spread=30s\n"
    "  --json              print one JSON object instead of a table\n"
    "  Exit codes: 0 the link's settings met the goal (60 s, 1.5x) in every incident, or the fleet recovered, 1 they did not, 2 the\n"
    "  command is wrong.";

// So much of the scenario at a time on a thread that may block; between two of them a stop is heard.
constexpr duration slice = 20s;

}  // namespace

void fleet_command::run(const command_call& call) {
  call_ = call;
  const error wrong = read(call);
  if (wrong.status != THARSIS_OK) return call_->refuse(wrong.text);
  if (help_) call_->print(fleet_help);
  else if (print_) call_->print(scenario_yaml(*scenario_));
  else return work_.spawn(overload_ ? overload() : work());
  call_->finish(0);
}

error fleet_command::read(const command_call& call) {
  option_words known("stn simulate-fleet");
  known.flag("--json", json_).flag("--alone", alone_).flag("--print-scenario", print_).flag("--overload", overload_);
  known.value("--clients", take_whole(clients_, 1, fleet_clients_max)).value("--seed", take_whole(seed_, 0, INT64_MAX));
  known.value("--svg", plot_).value("--scenario", file_);
  const error wrong = known.read(call.words());
  help_ = known.help();
  if (wrong.status != THARSIS_OK || help_) return wrong;
  if (error without = unused(); without.status != THARSIS_OK) return without;
  scenario_ = std::make_shared<fleet_scenario>(default_fleet_scenario());
  if (!file_.empty()) {
    auto told = read_fleet_scenario(host_);
    if (!told) return told.failure();
    *scenario_ = std::move(*told);
  }
  if (clients_ > 0) scenario_->clients = clients_;
  auto link = read_link_alone(host_);
  if (!link) return link.failure();
  policies_.push_back(our_policy(*link));
  if (!alone_) policies_.push_back(naive_policy()), policies_.push_back(mars_policy());
  const care_settings care = read_care(host_);
  overload_policies_.push_back(our_overload_policy(care.tasks, care.breaker));
  if (!alone_) overload_policies_.insert(overload_policies_.end(), {naive_overload_policy(), budgeted_overload_policy(care.tasks.budget), mars_overload_policy()});
  return fine();
}

// What was said and would change nothing.
error fleet_command::unused() const {
  const std::string who = "stn simulate-fleet: ";
  const auto both = [&](std::string_view said, std::string_view with) { return error{THARSIS_E_INVALID, who + std::string(said) + " has no effect with " + std::string(with) + "; leave one of them out"}; };
  if (overload_ && print_) return both("--print-scenario", "--overload, which has servers of its own");
  if (overload_ && !file_.empty()) return both("--scenario", "--overload, which has servers of its own");
  if (overload_ && !plot_.empty()) return both("--svg", "--overload, of which there is no plot");
  if (print_ && json_) return both("--json", "--print-scenario, which prints YAML");
  if (print_ && !plot_.empty()) return both("--svg", "--print-scenario, which simulates nothing");
  if (print_ && alone_) return both("--alone", "--print-scenario, which simulates nothing");
  if (print_ && seed_) return both("--seed", "--print-scenario, which simulates nothing");
  for (const std::string& link : host_.keys("links"))
    if (link != "main") return {THARSIS_E_INVALID, who + host_.where("links." + link) + " has no effect: all clients have the settings of links.main"};
  return unheeded();
}

// A setting that somebody has said, and that decides nothing here.
error fleet_command::unheeded() const {
  const std::string here = print_      ? "with --print-scenario, which simulates nothing"
                           : overload_ ? "with --overload, where timeout, retries, answers, budget and rest of tasks, and breaker decide"
                                       : "without --overload: reconnect, heartbeat, dial, connect_timeout and answer_timeout of links.main decide";
  const heeded by = print_ ? heeded::nowhere : overload_ ? heeded::by_overload : heeded::by_links;
  for (const fleet_heed& h : fleet_heeds) {
    const std::string said = host_.where(std::string(h.path));
    if (said.empty() || said == "default" || (h.is == by && !print_)) continue;
    const std::string otherwise = h.is == heeded::nowhere || print_ ? "" : overload_ ? ", or leave out --overload" : ", or say --overload";
    return {THARSIS_E_INVALID, "stn simulate-fleet: " + said + " has no effect " + here + "; leave it out" + otherwise};
  }
  return fine();
}

// Each policy's run takes a second or two on a thread that may block.
task<void> fleet_command::overload() {
  overload_scenario s;
  if (clients_ > 0) s.clients = clients_;
  std::vector<overload_result> results;
  for (const overload_policy& policy : overload_policies_) {
    (void)call_->live("simulating " + std::to_string(s.clients) + " clients, " + policy.name);
    auto work = [s, policy, seed = seed()] { return overload_run(s, policy, seed).run(); };
    auto done = co_await blocking(place_, std::move(work));
    if (!done) {
      call_->refuse("stn simulate-fleet: the host has no thread free to work on");
      co_return;
    }
    results.push_back(std::move(*done));
  }
  call_->print(json_ ? overload_json(s, seed(), results) : overload_table(s, results));
  call_->finish(results[0].recovers() ? 0 : 1);
}

task<void> fleet_command::work() {
  for (const fleet_policy& policy : policies_) {
    const bool through = co_await simulate(policy);
    if (!through) {
      call_->refuse("stn simulate-fleet: the host has no thread free to work on");
      co_return;
    }
  }
  if (!plot_.empty()) {
    const bool written = co_await write_plot();
    if (!written) co_return;
  }
  bool met = true;
  for (const fleet_figures& f : results_[0].incidents) met = met && f.met();
  call_->print(json_ ? fleet_json(*scenario_, seed(), results_) : fleet_table(*scenario_, results_, call_->colours()));
  call_->finish(met ? 0 : 1);
}

// The run belongs to whichever thread advances it; this coroutine only waits.
task<bool> fleet_command::simulate(fleet_policy policy) {
  struct state {
    std::shared_ptr<const fleet_scenario> scenario;
    fleet_policy policy;
    std::optional<fleet_run> run;
  };
  const auto s = std::make_shared<state>();
  s->scenario = scenario_;
  s->policy = std::move(policy);
  for (duration now{}; now <= scenario_->length; now += slice) {
    progress(s->policy.name, now);
    const auto step = [s, now, seed = seed()] {
      if (!s->run) s->run.emplace(*s->scenario, s->policy, seed);
      s->run->advance(std::min(now + slice, s->scenario->length));
      return true;
    };
    const auto done = co_await blocking(place_, step);
    if (!done) co_return false;
  }
  results_.push_back(fleet_result_of(s->policy.name, *s->run));
  co_return true;
}

void fleet_command::progress(const std::string& policy, duration now) const {
  (void)call_->live("simulating " + std::to_string(scenario_->clients) + " clients, " + policy + ": " + std::to_string(now / 1s) + " of " +
                    std::to_string(scenario_->length / 1s) + " s");
}

task<bool> fleet_command::write_plot() {
  const tharsis_files* const files = host_.files;
  const auto write = [files, path = call_->absolute(plot_), text = fleet_svg(*scenario_, results_)] {
    tharsis_error why = no_error();
    const tharsis_status status = files->replace(files->self, text_of(path), bytes_of(as_bytes(text)), &why);
    return status == THARSIS_OK ? fine() : error_from(status, why);
  };
  const auto written = co_await blocking(place_, write);
  if (written && written->status == THARSIS_OK) co_return true;
  call_->complain("stn simulate-fleet: --svg: " + (written ? written->text : "the host has no thread free to write it"));
  call_->finish(1);
  co_return false;
}

task<void> fleet_command::stop() {
  work_.clear();
  co_await blocking_over(place_);
}

}  // namespace tharsis::stn
