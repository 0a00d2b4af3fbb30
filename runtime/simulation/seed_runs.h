// Many seeds, spread over child processes, so that a crash or an endless loop has a seed's number.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/simulation/simulated_run.h"

namespace tharsis::runtime {

struct seed_range {
  uint64_t first = 1;
  uint64_t count = 100;
  unsigned jobs = 1;         // Child processes at a time.
  uint64_t twice_every = 16;  // So often a seed is run twice, and both runs must be equal.
  duration patience = 60s;   // Of real time, for one seed.
};

using on_outcome = std::function<void(uint64_t seed, const seed_outcome&)>;

// Hears of each seed once, as they come to an end. A failure: no child process could be started.
std::optional<error> run_seeds(const simulation& of, const seed_range& range, const on_outcome& hear);

// An outcome as one line of text, and back. Nothing: this is no such line.
std::string outcome_line(uint64_t seed, const seed_outcome& outcome);
std::optional<std::pair<uint64_t, seed_outcome>> read_outcome(const std::string& line);

}  // namespace tharsis::runtime
