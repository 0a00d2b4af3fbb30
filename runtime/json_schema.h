// The manifests' schemas as one JSON Schema (draft 2020-12) of a profile, for editors that complete,
// explain and check what is typed. Looser than `tharsis check` where JSON Schema has no words:
// ranges of durations and sizes, schemes of endpoints and what plugins require of each other.
#pragma once
#include <string>

#include "runtime/manifest.h"

namespace tharsis::runtime {

std::string json_schema(const plugin_catalogue& plugins);

}  // namespace tharsis::runtime
