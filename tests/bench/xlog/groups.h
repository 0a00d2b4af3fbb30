// The groups of figures of `script/bench xlog`.
#pragma once
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

std::vector<figure> call_figures();  // What a line costs the thread that writes it.

}  // namespace tharsis::bench
