// The program around a benchmark: options, rounds, table, file.
//
// A new benchmark is a main() that calls run() with its groups of figures, and one line of
// CMakeLists.txt beside this file; `script/bench` finds it there.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

// Made when its turn has come, and gone before the next one is made: groups do not disturb each other.
using group = std::function<std::vector<figure>()>;

// Answers main()'s exit code: 0, also where a target is missed, which is a result; 2 for wrong words.
int run(int count, char** words, const std::vector<group>& groups);

}  // namespace tharsis::bench
