// The figures of `script/bench runtime`, a group for each part of the runtime.
//
// The budget of what else happens in a callback: a metric is one relaxed add without a lock prefix
// where the strand is its only writer, the watchdog two relaxed stores for each turn of a strand.
// Together they may cost 2 ns of the figures below.
#pragma once
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

std::vector<figure> call_figures();        // Services, through the table and through the guard.
std::vector<figure> bus_figures();         // Publishing inline and queued.
std::vector<figure> peer_figures();        // What others take for the same.
std::vector<figure> strand_figures();      // Posts, hand-off, timers.
std::vector<figure> metric_figures();      // Counting.
std::vector<figure> program_figures();     // Start, memory, check.
std::vector<figure> simulation_figures();  // Simulated time against real time.

}  // namespace tharsis::bench
