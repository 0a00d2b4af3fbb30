// The folder in which plugins keep their data.
#pragma once
#include <optional>
#include <string>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Makes the folder and its missing parents, 0700, and sees that files can be made in it. Nothing: it
// is good.
std::optional<error> prepare_state_folder(const std::string& path);

}  // namespace tharsis::runtime
