// All chance in a world.
#pragma once
#include "sdk/pure/dice.h"

namespace tharsis::sim {

using tharsis::dice;

}  // namespace tharsis::sim
