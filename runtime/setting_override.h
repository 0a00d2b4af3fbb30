// One `--set stn.tasks.timeout=5s` or THARSIS__stn__tasks__timeout=5s: laid over what the profile says.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/yaml_tree.h"

namespace tharsis::runtime {

// Puts the value into `plugins`, the map of plugins by id. The value is YAML: a scalar, or a list or
// map in brackets. What stood there is replaced; maps on the way are made. `owner`: the plugin that
// the path is inside of; empty: the path begins with a plugin's id.
void override_setting(yaml_node& plugins, const std::string& text, const std::string& owner, diagnostics& problems);

// The same for each variable that begins with THARSIS__, in the order of their names. Two underscores
// separate the steps of the path; what cannot stand in a variable's name (a dot, a hyphen) is one.
// Where a plugin's library lies is never taken from the environment.
void override_settings(yaml_node& plugins, const std::map<std::string, std::string>& environment, diagnostics& problems);

}  // namespace tharsis::runtime
