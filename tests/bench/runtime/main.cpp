#include "tests/bench/bench.h"
#include "tests/bench/runtime/groups.h"

int main(int count, char** words) {
  using namespace tharsis::bench;
  return run(count, words,
             {call_figures, bus_figures, peer_figures, strand_figures, metric_figures, program_figures, simulation_figures});
}
