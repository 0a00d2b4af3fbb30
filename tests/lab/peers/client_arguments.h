// What is typed behind the name of a peer's client; the same words as for `tharsis stn send`.
#pragma once
#include <string>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "tests/lab/peers/load_loop.h"

namespace tharsis::lab {

struct client_arguments {
  std::vector<endpoint> endpoints;  // At least one; several are addresses of one server, in this order.
  bool tls = false;                 // tcps://, the same for all of them.
  std::string name;                 // Of the server, for TLS and HTTP.
  std::string body_file;
  std::string ca_file;  // Empty: what the system trusts.
  load asked;
  std::vector<std::string> flags;  // Those of the client that were given.
  bool json = false;
  bool help = false;

  bool has(const std::string& flag) const;
};

// `flags`: what this client alone knows, like "--http2". A failure is a sentence for the person who typed it.
result<client_arguments> parse_client_arguments(const std::vector<std::string>& words,
                                                const std::vector<std::string>& flags);

}  // namespace tharsis::lab
