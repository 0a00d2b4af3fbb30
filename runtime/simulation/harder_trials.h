// Trials that need more than a world with faults in it: what others publish, threads, settings that are taken back, files of an
// earlier life, and the machine underneath.
#pragma once
#include <cstdint>

#include "runtime/simulation/trial_run.h"

namespace tharsis::runtime {

void foreign_payloads(const plugin_bench& bench, uint64_t seed, trial_notes& notes);
void wrong_threads(const plugin_bench& bench, uint64_t seed, trial_notes& notes);
void reloads_given_up(const plugin_bench& bench, uint64_t seed, trial_notes& notes);
void own_files(const plugin_bench& bench, uint64_t seed, trial_notes& notes);
void real_sockets(const plugin_bench& bench, uint64_t seed, trial_notes& notes);

}  // namespace tharsis::runtime
