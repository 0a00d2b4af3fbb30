// What a person or a plugin wants looked into: NAME, IP:PORT, tcp://, tcps://, http:// or https://. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/pure/error.h"

namespace tharsis::sdt {

struct aim {
  std::string given;   // As it was said; empty: the network as a whole.
  std::string scheme;  // tcp, tcps, http, https.
  std::string host;    // A name in lower case, or an address without brackets.
  uint16_t port = 0;
  std::string page = "/";  // Of http and https.
  std::optional<tharsis_address> literal;  // The host, where it is an address; with the port.
  bool loopback = false;                   // It is this machine.

  bool any() const { return !host.empty(); }
  bool has_tls() const { return scheme == "tcps" || scheme == "https"; }
  bool has_http() const { return scheme == "http" || scheme == "https"; }
};

// A name alone is asked on port 443 with TLS, "IP:PORT" with TCP. The error says what is wrong and how it should look.
result<aim> parse_aim(std::string_view text);

// Does an endpoint, as stn names it, lead to this host and port?
bool leads_to(std::string_view endpoint, std::string_view host, uint16_t port);

}  // namespace tharsis::sdt
