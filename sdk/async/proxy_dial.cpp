#include "sdk/async/proxy_dial.h"

#include <array>

#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// Reads what there is, never beyond the proxy's own words. False: the stream is dead.
bool feed(stream& wire, proxy_handshake& talk) {
  std::array<uint8_t, 512> piece;
  while (talk.wants() > 0) {
    size_t count = 0;
    const tharsis_status s = wire.read(std::span(piece).first(std::min(piece.size(), talk.wants())), count);
    if (s == THARSIS_PENDING) return true;
    if (s < 0) return false;
    if (count == 0) talk.on_end();
    else talk.on_bytes(std::span<const uint8_t>(piece).first(count));
    const std::string more = talk.take_output();
    if (!more.empty() && wire.write(as_bytes(more)) != THARSIS_OK) return false;
  }
  return true;
}

error lost(const stream& wire, const proxy& through) {
  const std::string why = wire.failure();
  return {THARSIS_E_RESET, "the proxy " + through.text() + ": " + (why.empty() ? "the connection to it was cut" : why)};
}

}  // namespace

task<result<std::unique_ptr<stream>>> enter_proxy(strand& place, std::unique_ptr<stream> wire, proxy through,
                                                  std::optional<tls_context> trust, instant deadline) {
  if (!through.secure) co_return std::move(wire);
  if (!trust) co_return error{THARSIS_E_INVALID, "the proxy " + through.text() + ": nobody was named to be trusted"};
  auto safe = co_await tls_connect(place, std::move(wire), trust->for_proxy(), through.host, deadline);
  if (!safe) co_return error{safe.status(), "the proxy " + through.text() + ": " + safe.failure().text};
  co_return std::move(*safe);
}

task<result<std::unique_ptr<stream>>> make_tunnel(strand& place, std::unique_ptr<stream> wire, proxy through,
                                                  std::optional<tls_context> trust, std::string host, uint16_t port,
                                                  instant deadline) {
  auto entered = co_await enter_proxy(place, std::move(wire), through, std::move(trust), deadline);
  if (!entered) co_return entered.failure();
  wire = std::move(*entered);
  proxy_handshake talk(through, host, port);
  if (talk.status() != THARSIS_PENDING) co_return talk.failure();
  bool alive = wire->write(as_bytes(talk.take_output())) == THARSIS_OK && feed(*wire, talk);
  while (alive && talk.status() == THARSIS_PENDING) {
    co_await wire->events().wait(deadline);
    alive = feed(*wire, talk);
    if (alive && talk.status() == THARSIS_PENDING && place.now() >= deadline)
      co_return error{THARSIS_E_TIMEOUT, "the proxy " + through.text() + ": it made no tunnel before the deadline"};
  }
  if (talk.status() == THARSIS_PENDING) co_return lost(*wire, through);
  if (talk.status() != THARSIS_OK) co_return talk.failure();
  wire->events().raise(stream::readable);  // The server's first bytes may have come with the proxy's last.
  co_return std::move(wire);
}

task<result<std::unique_ptr<stream>>> dial_tunnel(strand& place, const tharsis_net& net, tharsis_address at, proxy through,
                                                  std::optional<tls_context> trust, std::string host, uint16_t port,
                                                  instant deadline) {
  auto tcp = co_await dial_tcp(place, net, at, deadline);
  if (!tcp) co_return error{tcp.status(), "the proxy " + through.text() + ": " + tcp.failure().text};
  auto tunnel = co_await make_tunnel(place, std::move(*tcp), std::move(through), std::move(trust), std::move(host), port, deadline);
  co_return std::move(tunnel);
}

}  // namespace tharsis
