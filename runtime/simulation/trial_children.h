// Trials in child processes, some at a time: what one of them breaks, it breaks alone.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/simulation/plugin_trials.h"

namespace tharsis::runtime {

struct trial_outcome {
  const plugin_trial* trial = nullptr;
  std::vector<std::string> wrong;  // Sentences; empty: it is passed.
  std::vector<std::string> notes;
  std::string skipped;  // Why there was nothing to try.
  duration took{};      // Of real time.
};

// Hears of each trial once, in the order of the list. A failure: no child process could be started.
std::optional<error> run_trials(const plugin_bench& bench, const std::vector<const plugin_trial*>& trials, uint64_t seed, duration patience,
                                const std::function<void(const trial_outcome&)>& hear);

}  // namespace tharsis::runtime
