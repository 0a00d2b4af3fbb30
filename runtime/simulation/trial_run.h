// One run of the plugin on the bench in a simulated world, and everything about it that no plugin may do.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/simulation/plugin_bench.h"
#include "runtime/simulation/simulated_machine.h"

namespace tharsis::runtime {

// What a trial has to say. What it is at is told before it does it: a trial may die of it.
struct trial_notes {
  std::function<void(std::string)> at;
  std::function<void(std::string)> wrong;
  std::function<void(std::string)> note;     // Not wrong, but worth to be read.
  std::function<void(std::string)> skipped;  // There is nothing to try, because of this.
};

class trial_run {
 public:
  // The world and the bench outlive it.
  trial_run(const plugin_bench& bench, sim::world& world, const std::string& machine, profile plan, trial_notes& notes);
  trial_run(const trial_run&) = delete;

  sim::machine& machine() { return machine_; }
  // Begins the start, and waits for nothing.
  bool begin();
  // Until all have started, or cannot.
  void settle();
  // begin() and settle(); answers whether the plugin runs.
  bool start() { return begin() && (settle(), running()); }
  bool running() const;
  // Why it does not run; empty: it does, or has said nothing.
  std::string reason() const;
  // What its query() answers to this id, told on its strand.
  void ask_extension(const std::string& id, std::function<void(const void* table)> told) {
    on_->with_extension(bench_.id(), id, [told = std::move(told)](const void* table, void*) { told(table); });
  }
  bus& events() { return on_->events(); }
  // Another profile while it runs; until that is answered.
  void reload(profile next);
  // Stops all, waits, and says what is left; harmless when called again.
  void stop();

 private:
  const plugin_bench& bench_;
  sim::world& world_;
  sim::machine& machine_;
  trial_notes& notes_;
  bool begun_ = false, stopped_ = false;
  std::unique_ptr<simulated_machine> on_;
};

std::string with_seed(uint64_t seed, const std::string& what);

// Runs it with its defaults in a world of this seed, and `meanwhile` once its machine is there, which starts it. `wanted`: with those whose
// events and services it wants, too.
void once(const plugin_bench& bench, uint64_t seed, trial_notes& notes, const std::function<void(sim::world&, trial_run&, trial_notes&)>& meanwhile, bool wanted = false);

// What the runtime says of a call that is for the plugin's own strand and came on another thread.
bool is_of_wrong_thread(const std::string& line, const std::string& plugin);

}  // namespace tharsis::runtime
