// The groups of figures of `script/bench xlog`.
#pragma once
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

std::vector<figure> call_figures();   // What a line costs the thread that writes it, with room in its ring.
std::vector<figure> pace_figures();   // The same while the log is written: some lines now and then.
std::vector<figure> disk_figures();   // From the calls to the file, as fast as it goes; and memory.
std::vector<figure> block_figures();  // Of that, making blocks; and reading them.

// Of `script/bench xlog-read`, beside what reading costs.
std::vector<figure> compact_figures();  // Bytes of a line that was compacted.

}  // namespace tharsis::bench
