// stn's part of the profile, read and checked beyond what the schema can say.
#pragma once
#include "plugins/stn/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

result<settings> read_settings(const host& tables);

}  // namespace tharsis::stn
