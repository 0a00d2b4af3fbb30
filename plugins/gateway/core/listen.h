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

// `text` is the value of setting `name`; its scheme is `plain`, or `plain` with an 's' for TLS.
inline result<listen_place> place_to_listen(const std::string& text, const std::string& name, const std::string& plain, const settings& s) {
  const auto wanted = parse_endpoint(text);
  if (!wanted) return error{THARSIS_E_INVALID, name + ": " + wanted.failure().text};
  if (wanted->scheme != plain && wanted->scheme != plain + "s")
    return error{THARSIS_E_INVALID, name + ": '" + text + "' must begin with " + plain + ":// or " + plain + "s://"};
  auto address = parse_ip(wanted->host == "localhost" ? "127.0.0.1" : wanted->host);
  if (!address) return error{THARSIS_E_INVALID, name + ": '" + wanted->host + "' is no address of this machine, such as 127.0.0.1"};
  address->port = wanted->port;
  const bool tls = wanted->scheme != plain;
  if (!is_loopback(*address) && !s.open)
    return error{THARSIS_E_DENIED, name + ": " + text + " can be reached by other machines; set gateway.open: true (of `stn serve`: --open) if that is wanted"};
  if (!is_loopback(*address) && !tls && !s.plain_allowed)
    return error{THARSIS_E_DENIED, name + ": " + text + " sends everything unencrypted; use " + plain + "s://, or set gateway.plain: allowed (of `stn serve`: --plain)"};
  return listen_place{*address, tls};
}

// Where datagrams are taken: they are sealed with keys of TLS connections, so that they may be in the open where those are.
inline result<tharsis_address> place_for_datagrams(const settings& s, bool tls) {
  const auto wanted = parse_endpoint(s.udp);
  if (!wanted) return error{THARSIS_E_INVALID, "gateway.udp: " + wanted.failure().text};
  if (wanted->scheme != "udp") return error{THARSIS_E_INVALID, "gateway.udp: '" + s.udp + "' must begin with udp://"};
  auto address = parse_ip(wanted->host == "localhost" ? "127.0.0.1" : wanted->host);
  if (!address) return error{THARSIS_E_INVALID, "gateway.udp: '" + wanted->host + "' is no address of this machine, such as 127.0.0.1"};
  address->port = wanted->port;
  if (!tls) return error{THARSIS_E_INVALID, "gateway.udp: datagrams are sealed with keys of TLS connections; set gateway.listen to a tcps:// address"};
  if (!is_loopback(*address) && !s.open)
    return error{THARSIS_E_DENIED, "gateway.udp: " + s.udp + " can be reached by other machines; set gateway.open: true if that is wanted"};
  return *address;
}

// Canary pages are no secret, and whoever changes what is encrypted would not show.
inline result<tharsis_address> place_for_canary(const settings& s) {
  settings open_page = s;
  open_page.plain_allowed = true;
  const auto there = place_to_listen(s.canary.listen, "gateway.canary.listen", "http", open_page);
  if (!there) return there.failure();
  if (there->tls) return error{THARSIS_E_INVALID, "gateway.canary.listen: '" + s.canary.listen + "' must begin with http://: it is what is changed on the way that these pages show"};
  return there->address;
}

inline result<listen_place> place_to_listen(const settings& s) { return place_to_listen(s.listen, "gateway.listen", "tcp", s); }

}  // namespace tharsis::gateway
