// One `--set stn.tasks.timeout=5s`: the strongest layer, laid over what the profile says.
#pragma once
#include <string>
#include <vector>

#include "runtime/yaml_tree.h"

namespace tharsis::runtime {

// Puts the value into `plugins`, the map of plugins by id. The value is YAML: a scalar, or a list or
// map in brackets. What stood there is replaced; maps on the way are made. `owner`: the plugin that
// the path is inside of; empty: the path begins with a plugin's id.
void override_setting(yaml_node& plugins, const std::string& text, const std::string& owner, diagnostics& problems);

}  // namespace tharsis::runtime
