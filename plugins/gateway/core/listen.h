// Where the gateway may listen: loopback, unless the profile says otherwise, and in the open only
// with TLS, unless the profile says otherwise too.
#pragma once
#include <string>

#include "plugins/gateway/core/settings.h"
#include "sdk/pure/address.h"
#include "sdk/pure/error.h"

namespace tharsis::gateway {

struct listen_place {
  tharsis_address address{};
  bool tls = false;
};

inline result<listen_place> place_to_listen(const settings& s) {
  const auto wanted = parse_endpoint(s.listen);
  if (!wanted) return error{THARSIS_E_INVALID, "gateway.listen: " + wanted.failure().text};
  if (wanted->scheme != "tcp" && wanted->scheme != "tcps")
    return error{THARSIS_E_INVALID, "gateway.listen: '" + s.listen + "' must begin with tcp:// or tcps://"};
  auto address = parse_ip(wanted->host == "localhost" ? "127.0.0.1" : wanted->host);
  if (!address)
    return error{THARSIS_E_INVALID, "gateway.listen: '" + wanted->host + "' is no address of this machine, such as 127.0.0.1"};
  address->port = wanted->port;
  const bool tls = wanted->scheme == "tcps";
  if (!is_loopback(*address) && !s.open)
    return error{THARSIS_E_DENIED, "gateway.listen: " + s.listen +
                                       " can be reached by other machines; set gateway.open: true if that is wanted"};
  if (!is_loopback(*address) && !tls && !s.plain_allowed)
    return error{THARSIS_E_DENIED, "gateway.listen: " + s.listen +
                                       " sends everything unencrypted; use tcps://, or set gateway.plain: allowed"};
  return listen_place{*address, tls};
}

}  // namespace tharsis::gateway
