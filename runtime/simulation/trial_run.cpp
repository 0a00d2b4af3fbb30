#include "runtime/simulation/trial_run.h"

#include <utility>

#include "runtime/plugin_host.h"
#include "runtime/simulation/bounds.h"

namespace tharsis::runtime {
namespace {

constexpr uint64_t steps_most = 2'000'000;  // Of a world; what never rests makes more.

}  // namespace

trial_run::trial_run(const plugin_bench& bench, sim::world& world, const std::string& machine, profile plan, trial_notes& notes)
    : bench_(bench), world_(world), machine_(world.add_machine(machine, {machine == "here" ? "10.0.0.1" : "10.0.0.2"})), notes_(notes) {
  bench_.ship_to(*machine_.storage());
  simulated_machine::ears e;
  e.heard = [this](const std::string& who, const std::string& line) {
    if (who == bench_.id() && is_of_wrong_thread(line, bench_.id())) notes_.wrong(line);
  };
  e.failed = [](const std::string&, const std::string&) {};
  e.wrong = [this](const std::string& sentence) { notes_.wrong(sentence); };
  on_ = std::make_unique<simulated_machine>(machine_, std::move(plan), std::move(e));
}

bool trial_run::begin() {
  const auto failure = on_->start();
  if (failure) notes_.wrong("it cannot be loaded: " + failure->text);
  return begun_ = !failure;
}

void trial_run::settle() {
  const uint64_t before = world_.steps();
  const auto done = [&] { return on_->look(), on_->settled() || world_.steps() - before > steps_most; };
  if (!world_.run_until(done, world_.now() + settle_limit) || !on_->settled())
    notes_.wrong(world_.steps() - before > steps_most ? "its loop never rests while it starts" : "its start has not come to an end within 60 s");
}

bool trial_run::running() const {
  for (const auto& r : on_->report())
    if (r.id == bench_.id()) return r.state == plugin_state::running;
  return false;
}

std::string trial_run::reason() const {
  for (const auto& r : on_->report())
    if (r.id == bench_.id()) return r.reason;
  return {};
}

void trial_run::reload(profile next) {
  on_->reload(std::move(next));
  world_.run_until([&] { return on_->look(), on_->answered_all_reloads(); }, world_.now() + settle_limit);
  if (!on_->answered_all_reloads()) notes_.wrong("a reload was never answered");
}

void trial_run::stop() {
  if (!begun_ || std::exchange(stopped_, true)) return;
  on_->stop();
  const uint64_t before = world_.steps();
  const auto done = [&] { return on_->look(), on_->ended() || world_.steps() - before > steps_most; };
  world_.run_until(done, world_.now() + stop_limit);
  for (const auto& r : on_->report()) {
    if (r.id != bench_.id()) continue;
    if (r.stuck) notes_.wrong("it is stuck: " + r.reason);
    else if (is_in_step(r.state)) notes_.wrong("it has not stopped: it is " + std::string(name(r.state)));
  }
  if (world_.steps() - before > steps_most) notes_.wrong("its loop never rests while it stops");
  for (const std::string& leak : on_->leaks())
    if (leak.starts_with("plugin '" + bench_.id() + "' ")) notes_.wrong(leak);
}

std::string with_seed(uint64_t seed, const std::string& what) { return "seed " + std::to_string(seed) + ": " + what; }

void once(const plugin_bench& bench, uint64_t seed, trial_notes& notes, const std::function<void(sim::world&, trial_run&, trial_notes&)>& meanwhile, bool wanted) {
  const auto plan = bench.plan(drawing::needed, 1, wanted);
  if (!plan) return notes.wrong(plan.failure().text);
  trial_notes here = notes;
  here.wrong = [&](const std::string& what) { notes.wrong(with_seed(seed, what)); };
  sim::world world(seed);
  trial_run run(bench, world, "here", *plan, here);
  meanwhile(world, run, here);
  run.stop();
}

bool is_of_wrong_thread(const std::string& line, const std::string& plugin) {
  return line.find(wrong_thread_sentence({}, plugin)) != std::string::npos;
}

}  // namespace tharsis::runtime
