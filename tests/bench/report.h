// What a benchmark prints and writes: a table for people, JSON for programs.
#pragma once
#include <string>
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

std::string table_head(bool colours);
std::string table_row(const result& r, bool colours);
std::string absent_row(const figure& f);

// [{name, value, unit, reference, ratio, spread, target, met}, ...]
std::string to_json(const std::vector<result>& results);

}  // namespace tharsis::bench
