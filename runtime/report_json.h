// How the plugins of a runtime are, as JSON, for programs.
#pragma once
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace tharsis::runtime {

// [{"id":..,"state":..,"since":..,"reason":..,"stuck":..,"retry":..,"leaks":[..]}]
std::string report_json(const std::vector<runtime::plugin_report>& plugins);

}  // namespace tharsis::runtime
