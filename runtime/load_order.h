// In which order plugins start: providers before those who require them.
#pragma once
#include <cstddef>
#include <vector>

#include "runtime/diagnostic.h"
#include "runtime/manifest.h"

namespace tharsis::runtime {

// Indices into `plugins`. `requires` is binding: a missing provider or a circle is a problem, placed at
// the manifest's line. `wants` is honoured where it is not part of a circle, and never a problem.
// Otherwise the given order stays. `known` are plugins that could be loaded, for advice.
// With problems, the answer holds what could be ordered.
std::vector<size_t> load_order(const std::vector<const plugin_manifest*>& plugins,
                               const std::vector<const plugin_manifest*>& known, diagnostics& problems);

}  // namespace tharsis::runtime
