// The variables that the process was started with; the only place where they are read as a whole.
#pragma once
#include <map>
#include <string>

namespace tharsis::runtime {

using environment_map = std::map<std::string, std::string>;

environment_map process_environment();

}  // namespace tharsis::runtime
