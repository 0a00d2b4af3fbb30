#include "tests/bench/bench.h"
#include "tests/bench/dns/groups.h"

int main(int count, char** words) {
  using namespace tharsis::bench;
  return run(count, words, {lookup_figures, memory_figures, wire_figures, server_figures});
}
