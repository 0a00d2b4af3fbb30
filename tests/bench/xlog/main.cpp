#include "tests/bench/bench.h"
#include "tests/bench/xlog/groups.h"

int main(int count, char** words) {
  using namespace tharsis::bench;
  return run(count, words, {call_figures, pace_figures, disk_figures, block_figures});
}
