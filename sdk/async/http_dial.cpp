#include "sdk/async/http_dial.h"

#include <algorithm>
#include <utility>

#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis {
namespace {

// The share of `left` addresses in the time until the deadline.
instant share_of(instant now, instant deadline, size_t left) {
  if (deadline == never || now >= deadline) return deadline;
  return now + (deadline - now) / static_cast<int64_t>(left);
}

task<result<std::unique_ptr<stream>>> dial_one(strand& place, const tharsis_net& net, std::optional<tls_context> trust,
                                               std::string host, tharsis_address to, instant deadline) {
  auto wire = co_await dial_tcp(place, net, to, deadline);
  if (!wire) co_return wire.failure();
  if (!trust) co_return std::unique_ptr<stream>(std::move(*wire));
  co_return co_await tls_connect(place, std::move(*wire), *trust, std::move(host), deadline);
}

}  // namespace

task<result<std::unique_ptr<stream>>> dial_url(strand& place, const tharsis_net& net, resolver& names,
                                               std::optional<tls_context> trust, url to, instant deadline) {
  if (to.secure && !trust)
    co_return error{THARSIS_E_INVALID, to.origin() + " needs TLS, and nobody was named to be trusted; name an authority"};
  if (!to.secure) trust.reset();
  auto addresses = co_await names.resolve(to.host, deadline);
  if (!addresses) co_return addresses.failure();
  error last{THARSIS_E_UNREACHABLE, "it has no address"};
  for (size_t i = 0; i < addresses->size(); ++i) {
    if (i > 0 && place.now() >= deadline) break;
    tharsis_address address = (*addresses)[i];
    address.port = to.port;
    const instant until = share_of(place.now(), deadline, addresses->size() - i);
    auto wire = co_await dial_one(place, net, trust, to.host, address, until);
    if (wire) co_return std::move(*wire);
    last = wire.failure();
  }
  co_return error{last.status, "cannot reach " + to.place() + ": " + last.text};
}

http_dialler dial_with(strand& place, const tharsis_net& net, resolver& names, std::optional<tls_context> trust) {
  return [&place, &net, &names, trust = std::move(trust)](url to, instant deadline) {
    return dial_url(place, net, names, trust, std::move(to), deadline);
  };
}

}  // namespace tharsis
