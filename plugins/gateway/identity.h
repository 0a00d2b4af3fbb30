// The gateway's certificate authority and server certificate: made once in its data folder, used
// again while they fit.
#pragma once
#include <string>
#include <vector>

#include "sdk/abi/files.h"
#include "sdk/abi/host_facts.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/error.h"

namespace tharsis::gateway {

struct identity_wish {
  std::string folder;
  std::vector<std::string> names;
  int days = 0;
  int64_t wall_seconds = 0;
};

struct server_identity {
  tls_server_settings tls;
  bool made = false;  // Not found, or no longer fitting.
};

// Leaves ca.pem (what clients trust), ca-key.pem and server.pem (chain and key) in the folder.
// Blocks: call it where it may.
result<server_identity> load_or_make_identity(const tharsis_files& files, const tharsis_random& random,
                                              identity_wish wish);

}  // namespace tharsis::gateway
