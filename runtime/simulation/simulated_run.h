// One run of one or more profiles in a simulated world, from one seed, and what was wrong with it.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/profile.h"
#include "runtime/simulation/faults_file.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

struct simulation {
  struct machine {
    std::string name;
    profile plan;
  };
  std::vector<machine> machines;  // The first one's work ends the run; the others are started before it.
  faults_file faults;
  duration run_for = 60s;
  bool judge_work = true;  // Work that fails without any fault is a problem.
};

// What a run has come to. Two runs of one seed are equal.
struct seed_outcome {
  std::vector<std::string> problems;  // Sentences; empty: nothing is wrong.
  std::map<std::string, int> drawn, struck;  // Faults by name.
  std::map<std::string, std::string> ends;   // "stn on demo": "stopped", "failed", "waiting".
  std::optional<int> code;  // How the work ended; nothing: the time was over.
  duration took{};          // Of virtual time.
  uint64_t wakes = 0;
  uint64_t digest = 0;  // Of everything that happened.
};

// Hears of everything as it happens: when, where, what.
using timeline = std::function<void(duration at, const std::string& who, const std::string& what)>;

seed_outcome run_seed(const simulation& of, uint64_t seed, const timeline& tell = {});

}  // namespace tharsis::runtime
