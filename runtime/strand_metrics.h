// What a strand counts (sdk/abi/platform.h), under the names by which people see it.
#pragma once
#include <string>

#include "runtime/metrics.h"
#include "sdk/abi/platform.h"

namespace tharsis::runtime {

// Before the strand's first wake. A strand that replaces another of the same plugin counts on.
void count_into(const tharsis_strand& strand, metrics& all, const std::string& plugin);

}  // namespace tharsis::runtime
