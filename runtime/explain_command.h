// `tharsis explain`: what a setting is, what it is set to, and by which layers.
#pragma once
#include <string>

#include "runtime/command_line.h"
#include "runtime/profile.h"
#include "runtime/setting_lookup.h"

namespace tharsis::runtime {

int explain_command(const command_line& line);

std::string explanation(const found_setting& found);
std::string explanation_json(const found_setting& found);

// A table of all settings of all plugins.
std::string explanation(const profile& plan);
std::string explanation_json(const profile& plan);

}  // namespace tharsis::runtime
