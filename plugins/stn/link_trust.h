// A link's certificates and keys, from their files.
#pragma once
#include <string>

#include "plugins/stn/core/tls_settings.h"
#include "sdk/abi/files.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::stn {

// `link` names it in sentences. [a thread that may block]
result<tls_context> read_trust(const tharsis_files& files, const std::string& link, const tls_settings& s);

}  // namespace tharsis::stn
