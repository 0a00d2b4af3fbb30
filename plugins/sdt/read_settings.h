// The profile's words for core/settings.h.
#pragma once
#include "plugins/sdt/core/settings.h"
#include "sdk/async/host.h"

namespace tharsis::sdt {

settings read_settings(const host& tables);

}  // namespace tharsis::sdt
