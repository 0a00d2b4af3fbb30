// The torture bench: what every plugin should bear, one trial for each thing. Each runs in a process of its own.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/simulation/trial_run.h"

namespace tharsis::runtime {

struct plugin_trial {
  std::string_view name;
  std::string_view about;  // What holds if nothing is wrong.
  void (*run)(const plugin_bench& bench, uint64_t seed, trial_notes& notes);
};

const std::vector<plugin_trial>& plugin_trials();

}  // namespace tharsis::runtime
