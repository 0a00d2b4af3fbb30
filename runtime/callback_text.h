// A callback as words for a person.
#pragma once
#include <string>

#include "sdk/abi/platform.h"

namespace tharsis::runtime {

// "an event of stn.link", "a timer (hello::tick in hello.so)".
std::string callback_text(const tharsis_activity& running);

}  // namespace tharsis::runtime
