// How long something took, as sentences say it.
#pragma once
#include <string>

#include "sdk/pure/time.h"

namespace tharsis::stn {

inline std::string wait_text(duration d) { return std::to_string(milliseconds(d)) + " ms"; }

}  // namespace tharsis::stn
