#include "runtime/simulation/simulated_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/simulation/bounds.h"
#include "runtime/simulation/edited_profile.h"
#include "runtime/simulation/shipped_files.h"
#include "runtime/simulation/simulated_machine.h"
#include "sdk/sim/dice.h"
#include "sdk/sim/fault_injector.h"
#include "sdk/sim/world.h"

namespace tharsis::runtime {
namespace {

constexpr uint64_t wakes_most = 200'000;  // In a virtual second; a loop that never rests makes a million.

class run {
 public:
  run(const simulation& of, uint64_t seed, const timeline& tell)
      : of_(of), seed_(seed), tell_(tell), world_(seed), begin_(world_.now()), disk_(world_.make_disk()) {}

  seed_outcome go() {
    build();
    if (start()) {
      work();
      stop();
    }
    audit();
    out_.took = world_.now() - begin_;
    out_.wakes = world_.steps();
    out_.digest = digest_ ^ world_.trace();
    return std::move(out_);
  }

 private:
  // ---- the world

  void build() {
    world_.share_loopback();
    sim::dice chance(seed_);
    std::vector<sim::machine*> all;
    std::vector<std::vector<std::string>> plugins;
    for (const simulation::machine& m : of_.machines) {
      const std::string address = "10.0.0." + std::to_string(all.size() + 1);
      all.push_back(&world_.add_machine(m.name, {address}, disk_));
      world_.add_name(m.name, {address});
      plugins.emplace_back();
      for (const plugin_entry& entry : m.plan.plugins) plugins.back().push_back(entry.id), put_files(shipped_files(*entry.manifest), *disk_);
    }
    for (const auto& [name, addresses] : of_.faults.hosts) world_.add_name(name, addresses);
    for (size_t i = 0; i < all.size(); ++i)
      for (size_t k = 0; k < i; ++k) {  // How far they are from each other is drawn, too.
        world_.between(*all[i], *all[k]).delay = 1ms + chance.up_to(80ms);
        world_.between(*all[i], *all[k]).jitter = chance.up_to(20ms);
      }
    auto plan = sim::draw_faults(of_.faults.rates, sim::targets_of(all, plugins, of_.run_for), seed_);
    for (const sim::fault& f : plan) ++out_.drawn[std::string(facts_of(f.kind).name)];
    faults_ = std::make_unique<sim::fault_injector>(world_, all, std::move(plan));
    faults_->on_strike([this](const sim::fault& f, bool begins) {
      if (begins) ++out_.struck[std::string(facts_of(f.kind).name)];
      heard("(fault)", begins ? text(f) : std::string(facts_of(f.kind).name) + " is over");
      if (f.kind == sim::fault_kind::reload) reload(f, begins);
    });
    for (size_t i = 0; i < all.size(); ++i) machines_.push_back(make(*all[i], of_.machines[i].plan));
  }

  std::unique_ptr<simulated_machine> make(sim::machine& on, const profile& plan) {
    const std::string where = of_.machines.size() > 1 ? " on " + on.name() : "";
    simulated_machine::ears e;
    e.heard = [this, where](const std::string& who, const std::string& what) { heard(who + where, what); };
    e.failed = [this, &on, &plan](const std::string& plugin, const std::string& reason) { failed(on, plan, plugin, reason); };
    e.wrong = [this, where](const std::string& sentence) { problem(sentence + where); };
    e.events = static_cast<bool>(tell_);
    return std::make_unique<simulated_machine>(on, plan, std::move(e));
  }

  // With a change first, and then as it was; nothing before the runtime is there.
  void reload(const sim::fault& f, bool begins) {
    for (size_t i = 0; i < machines_.size(); ++i)
      if (machines_[i]->machine().name() == f.on.machine && started_[i])
        machines_[i]->reload(begins ? edited(of_.machines[i].plan, static_cast<uint64_t>(f.amount)) : of_.machines[i].plan);
  }

  void heard(const std::string& who, const std::string& what) {
    for (const std::string* text : {&who, &what})
      for (const char c : *text) digest_ = (digest_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    if (tell_) tell_(world_.now() - begin_, who, what);
  }
  void problem(std::string sentence) {
    heard("(problem)", sentence);
    out_.problems.push_back(std::move(sentence));
  }

  // ---- from start to end

  // False: it can go no further.
  bool advance_until(const std::function<bool()>& done, duration within) {
    const instant limit = world_.now() + within;
    const bool reached = world_.run_until([&] { return look(), done() || restless_; }, limit);
    look();
    return reached && !restless_;
  }

  void look() {
    for (const auto& m : machines_) m->look();
    if (world_.now() < window_end_) {
      if (world_.steps() - window_wakes_ > wakes_most && !std::exchange(restless_, true)) problem(busiest());
      return;
    }
    window_end_ = world_.now() + 1s;
    window_wakes_ = world_.steps();
  }

  // Whose loop it is that never rests.
  std::string busiest() const {
    std::string who;
    uint64_t most = 0;
    for (const auto& m : machines_)
      for (const auto& [strand, wakes] : m->machine().wakes())
        if (wakes > most) most = wakes, who = strand;
    return "an event loop never rests: " + std::to_string(wakes_most) + " wakes in a second of virtual time, most of plugin '" + who + "'";
  }

  bool start() {
    started_.resize(machines_.size());
    for (size_t i = machines_.size(); i-- > 0;) {
      if (const auto failure = machines_[i]->start()) return problem("cannot be started: " + failure->text), false;
      started_[i] = true;
      if (i > 0 && !advance_until([&] { return machines_[i]->settled(); }, settle_limit)) return unsettled(*machines_[i]);
    }
    return true;
  }

  bool unsettled(simulated_machine& m) {
    if (!restless_) problem("the start on " + m.machine().name() + " has not come to an end within " + std::to_string(settle_limit / 1s) + " s");
    stop();
    return false;
  }

  void work() {
    const instant end = world_.now() + of_.run_for;
    const bool done = advance_until([&] { return machines_[0]->code().has_value(); }, of_.run_for);
    if (!done && !restless_) world_.run_for(end - world_.now());  // Nothing was left to happen.
    out_.code = machines_[0]->code();
    if (of_.judge_work && out_.code.value_or(0) != 0 && faults_->struck().empty())
      problem("the work failed with exit code " + std::to_string(*out_.code) + ", without any fault");
  }

  void stop() {
    for (const auto& m : machines_) m->stop();
    advance_until([&] { return std::all_of(machines_.begin(), machines_.end(), [](const auto& m) { return m->ended(); }); }, stop_limit);
  }

  // ---- what was wrong

  void failed(sim::machine& on, const profile& plan, const std::string& plugin, const std::string& reason) {
    if (excuse(on, plan, plugin) == sim::fault_excuse::nothing)
      problem("plugin '" + plugin + "' failed without a fault that explains it: " + reason);
  }

  // The best excuse of what has struck so far: the plugin, one that it requires, its machine or a disk.
  sim::fault_excuse excuse(const sim::machine& on, const profile& plan, const std::string& plugin) const {
    auto best = sim::fault_excuse::nothing;
    for (const auto& [f, at] : faults_->struck()) {
      const auto& facts = sim::facts_of(f.kind);
      const bool its_own = facts.scope == sim::fault_scope::disk || f.on.machine == on.name();
      const bool concerns = facts.scope != sim::fault_scope::plugin || f.on.other == plugin || requires_it(plan, plugin, f.on.other);
      if (its_own && concerns) best = std::max(best, facts.excuse);
    }
    return best;
  }

  // Also by way of others.
  static bool requires_it(const profile& plan, const std::string& plugin, const std::string& provider) {
    for (const plugin_entry& entry : plan.plugins) {
      if (entry.id != plugin) continue;
      for (const placed_name& need : entry.manifest->required)
        for (const plugin_entry& other : plan.plugins)
          if (holds(other.manifest->provided, need.name) && (other.id == provider || requires_it(plan, other.id, provider))) return true;
    }
    return false;
  }

  void audit() {
    for (const auto& m : machines_) {
      for (const auto& r : m->report()) {
        out_.ends[r.id + " on " + m->machine().name()] = name(r.state);
        const bool late = excuse(m->machine(), m->plan(), r.id) == sim::fault_excuse::being_late;
        if (r.stuck && !late) problem("plugin '" + r.id + "' is stuck: " + r.reason);
        if (!m->ended() && !restless_ && is_in_step(r.state) && !late)
          problem("plugin '" + r.id + "' has not stopped: it is " + std::string(name(r.state)));
        if (m->ended() && (r.state == plugin_state::failed || r.state == plugin_state::waiting) && r.reason.empty())
          problem("plugin '" + r.id + "' is " + std::string(name(r.state)) + " and gave no reason");
      }
      for (const std::string& leak : m->leaks()) problem(leak);
      if (!restless_ && !m->answered_all_reloads()) problem("a reload on " + m->machine().name() + " was never answered");
    }
  }

  const simulation& of_;
  const uint64_t seed_;
  const timeline& tell_;
  seed_outcome out_;
  uint64_t digest_ = 0xcbf29ce484222325u;
  sim::world world_;
  const instant begin_;
  const std::shared_ptr<sim::disk> disk_;
  std::unique_ptr<sim::fault_injector> faults_;
  std::vector<std::unique_ptr<simulated_machine>> machines_;
  std::vector<bool> started_;  // Of the machines.
  bool restless_ = false;
  instant window_end_{};
  uint64_t window_wakes_ = 0;
};

}  // namespace

seed_outcome run_seed(const simulation& of, uint64_t seed, const timeline& tell) { return run(of, seed, tell).go(); }

}  // namespace tharsis::runtime
