// The profile's words for core/domain_rules.h.
#pragma once
#include "plugins/dns/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

// `into` has the servers and the mode of all names. Fails where a rule makes no sense, and says where it stands. [may block]
error read_domains(const host& tables, settings& into);

}  // namespace tharsis::dns
