// The profile's words for core/settings.h.
#pragma once
#include "plugins/dns/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

// Fails where a pin's name is none or one of its addresses is none, and says where it stands.
result<settings> read_settings(const host& tables);

}  // namespace tharsis::dns
