// The groups of `script/bench dns`.
#pragma once
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

std::vector<figure> lookup_figures();  // What is remembered, through libtharsis.
std::vector<figure> memory_figures();  // What it takes, and how soon it is there.
std::vector<figure> wire_figures();    // Messages.
std::vector<figure> server_figures();  // Questions to a server on this machine.

}  // namespace tharsis::bench
