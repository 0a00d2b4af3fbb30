// What lies beside a plugin's library and is read by it: its manifest, and tables and texts that are shipped with it.
#pragma once
#include <map>
#include <string>

#include "runtime/manifest.h"
#include "sdk/sim/disk.h"

namespace tharsis::runtime {

// Texts by paths, as they lie on the real disk. What a linker makes (.so, .a, .o) is not among them: no plugin reads it, and in the
// folder where a plugin is built it weighs more than all else. Nor is what is larger than `shipped_largest`.
std::map<std::string, std::string> shipped_files(const plugin_manifest& manifest);

// Each where it lies on the real disk.
void put_files(const std::map<std::string, std::string>& files, sim::disk& disk);

}  // namespace tharsis::runtime
