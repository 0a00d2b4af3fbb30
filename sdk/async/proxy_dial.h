// Through a proxy to a server: the stream to the proxy becomes the tunnel.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "sdk/async/resolver.h"
#include "sdk/async/stream.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/proxy.h"

namespace tharsis {

// `wire` leads to the proxy, without TLS; with TLS where it is an https:// proxy, which needs `trust` to vouch for it,
// whose pins, certificate and HTTP/2 are the server's alone (tls_context::for_proxy()).
task<result<std::unique_ptr<stream>>> enter_proxy(strand& place, std::unique_ptr<stream> wire, proxy through,
                                                  std::optional<tls_context> trust, instant deadline);

// `wire` leads to the proxy, without TLS; what it is afterwards leads to host:port, or why not, as proxy_handshake says.
// Its peer() stays the proxy. An https:// proxy needs `trust`, which must vouch for it.
task<result<std::unique_ptr<stream>>> make_tunnel(strand& place, std::unique_ptr<stream> wire, proxy through,
                                                  std::optional<tls_context> trust, std::string host, uint16_t port,
                                                  instant deadline);

// The same from the proxy's address on.
task<result<std::unique_ptr<stream>>> dial_tunnel(strand& place, const tharsis_net& net, tharsis_address at, proxy through,
                                                  std::optional<tls_context> trust, std::string host, uint16_t port,
                                                  instant deadline);

}  // namespace tharsis
