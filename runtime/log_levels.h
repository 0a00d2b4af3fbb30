// The levels of a log that runs, in words: "stn/dialer=debug".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/log_hub.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Takes {"stn/dialer": "debug", "stn": "default"} as a whole, or nothing of it. A tag may be one that no line had yet.
//   THARSIS_E_NOT_FOUND  there is no such plugin.   THARSIS_E_INVALID  no such level.
std::optional<error> change_levels(log_hub& hub, const std::map<std::string, std::string>& words);

// [{"plugin":"stn","tag":"dialer","level":"debug","origin":"override"}, ..]; else the origin is "setting".
std::string levels_json(log_hub& hub);

}  // namespace tharsis::runtime
