// What stands in the files that a plugin's command is given, `tharsis stn simulate-fleet --scenario FILE`: YAML that is
// described and checked as settings are. In plugin.yaml:
//
//     command_files: { simulate-fleet: { scenario: { type: group, settings: { ... } } } }
//
// The command finds it among its settings, under `scenario`; its option is --scenario, and --set scenario.key=value is
// stronger than the file. Where the command's usage line begins with it, "sign-table SOURCE ...", it is no option but the word
// right behind the command. As with all settings of a command, what is required but missing the command has to notice.
#pragma once
#include <string>
#include <vector>

#include "runtime/diagnostic.h"
#include "runtime/manifest.h"
#include "runtime/yaml_tree.h"

namespace tharsis::runtime {

// `words`: the command and what was typed behind it. Gives the plugin's manifest in `catalogue` these settings, and
// its part of `plugins` what the files say.
void add_command_files(const std::string& plugin, const std::vector<std::string>& words, plugin_catalogue& catalogue,
                       yaml_node& plugins, diagnostics& problems);

}  // namespace tharsis::runtime
