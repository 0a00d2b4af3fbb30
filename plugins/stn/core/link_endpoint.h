// Which endpoints a long link may have.
#pragma once
#include <optional>
#include <string>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"

namespace tharsis {

inline bool operator==(const endpoint& a, const endpoint& b) { return a.scheme == b.scheme && a.host == b.host && a.port == b.port; }

}  // namespace tharsis

namespace tharsis::stn {

// What the profile says of a link that matters for its endpoints.
struct endpoint_terms {
  bool plain_allowed = false;  // tcp:// outside loopback.
  bool trusts = true;          // There is an authority that could vouch for a tcps:// server.
  bool operator==(const endpoint_terms&) const = default;
};

// `at`: where the link's settings stand, "links.main". Port 0 leaves it to dns' signed table, which has names alone.
inline result<endpoint> link_endpoint(std::string_view text, const endpoint_terms& terms, const std::string& at) {
  auto e = parse_endpoint(text);
  if (!e) return e.failure();
  const auto ip = parse_ip(e->host);
  if (e->scheme != "tcp" && e->scheme != "tcps")
    return error{THARSIS_E_INVALID, "'" + std::string(text) + "' is neither tcps:// nor tcp://"};
  if (e->port == 0 && ip) return error{THARSIS_E_INVALID, "'" + std::string(text) + "' has port 0, for which dns' table says one, and there are only names in it; write the port"};
  if (e->scheme == "tcp" && !terms.plain_allowed && ip && !is_loopback(*ip))
    return error{THARSIS_E_INVALID, "'" + std::string(text) + "' would send everything unencrypted; use tcps://, or set " + at + ".plain: allowed"};
  if (e->scheme == "tcps" && !terms.trusts)
    return error{THARSIS_E_INVALID, "no certificate is trusted; name the server's authority in " + at + ".tls.ca, or set " + at + ".tls.system_store: true"};
  return e;
}

}  // namespace tharsis::stn
