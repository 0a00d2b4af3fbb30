#include "sdk/async/http_dial.h"

#include <algorithm>
#include <utility>

#include "sdk/async/proxy_dial.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis {
namespace {

// The share of `left` addresses in the time until the deadline.
instant share_of(instant now, instant deadline, size_t left) {
  if (deadline == never || now >= deadline) return deadline;
  return now + (deadline - now) / static_cast<int64_t>(left);
}

// Up to where TLS begins.
task<result<std::unique_ptr<stream>>> dial_plain(strand& place, const tharsis_net& net, std::optional<tls_context> trust,
                                                 url to, tharsis_address at, std::optional<proxy> through, instant deadline) {
  if (through) {
    auto tunnel = co_await dial_tunnel(place, net, at, *through, std::move(trust), to.host, to.port, deadline);
    co_return std::move(tunnel);
  }
  auto wire = co_await dial_tcp(place, net, at, deadline);
  if (!wire) co_return wire.failure();
  co_return std::unique_ptr<stream>(std::move(*wire));
}

task<result<std::unique_ptr<stream>>> dial_one(strand& place, const tharsis_net& net, std::optional<tls_context> trust,
                                               url to, tharsis_address at, std::optional<proxy> through, instant deadline) {
  auto wire = co_await dial_plain(place, net, trust, to, at, std::move(through), deadline);
  if (!wire || !to.secure) co_return std::move(wire);
  co_return co_await tls_connect(place, std::move(*wire), *trust, to.host, deadline);
}

}  // namespace

task<result<std::unique_ptr<stream>>> dial_url(strand& place, const tharsis_net& net, resolver& names,
                                               std::optional<tls_context> trust, url to, instant deadline,
                                               std::optional<proxy> through) {
  if (to.secure && !trust)
    co_return error{THARSIS_E_INVALID, to.origin() + " needs TLS, and nobody was named to be trusted; name an authority"};
  const std::string name = through ? through->host : to.host;
  auto addresses = co_await names.resolve(name, deadline);
  if (!addresses) co_return error{addresses.status(), (through ? "the proxy " + through->text() + ": " : "") + addresses.failure().text};
  error last{THARSIS_E_UNREACHABLE, "it has no address"};
  for (size_t i = 0; i < addresses->size(); ++i) {
    if (i > 0 && place.now() >= deadline) break;
    tharsis_address address = (*addresses)[i];
    address.port = through ? through->port : to.port;
    const instant until = share_of(place.now(), deadline, addresses->size() - i);
    auto wire = co_await dial_one(place, net, trust, to, address, through, until);
    if (wire) co_return std::move(*wire);
    last = wire.failure();
  }
  co_return error{last.status, "cannot reach " + to.place() + ": " + last.text};
}

http_dialler dial_with(strand& place, const tharsis_net& net, resolver& names, std::optional<tls_context> trust,
                        std::optional<proxy> through) {
  return [&place, &net, &names, trust = std::move(trust), through = std::move(through)](url to, instant deadline) {
    return dial_url(place, net, names, trust, std::move(to), deadline, through);
  };
}

}  // namespace tharsis
