// The settings of shipping, as the profile has them.
#pragma once
#include "plugins/xlog/core/ship_settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

// THARSIS_E_INVALID with where and what.
result<ship_settings> read_ship_settings(const host& h);

}  // namespace tharsis::xlog
