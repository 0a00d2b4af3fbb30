// A client's certificates and keys, from their files: whom it trusts, and what it shows.
#pragma once
#include <string>

#include "plugins/stn/core/tls_settings.h"
#include "sdk/abi/files.h"
#include "sdk/async/task.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::stn {

struct client_trust {
  std::string setting;  // Where the profile says it, "links.main.tls", for sentences.
  tls_settings tls;
  // As of tls_client_settings.
  bool http1 = false, http2 = false;
};

// Reads them where that may block. `files` outlives the strand's work.
//   THARSIS_E_BUSY  no thread was free. Else as read_whole() and tls_context::client() say, with the setting's name.
task<result<tls_context>> load_client_trust(strand& place, const tharsis_files* files, client_trust wanted);

}  // namespace tharsis::stn
