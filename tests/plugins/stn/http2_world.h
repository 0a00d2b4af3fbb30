// The worlds of http_world.h and short_world.h with a server of HTTP/2: nghttp2's own, which does as a test says.
#pragma once
#include "tests/plugins/stn/http_world.h"
#include "tests/sdk/async/http2_peer.h"

namespace tharsis::test {

// All connections to one server.
struct http2_site {
  struct connection {
    connection(http2_peer::settings s, std::unique_ptr<stream> w) : peer(s), wire(std::move(w)) {}
    http2_peer peer;
    std::unique_ptr<stream> wire;
    bool over = false;
    size_t requests = 0;
    int32_t highest = 0, last = INT32_MAX;  // For who goes away: what was carried out, and what still is.
  };
  http2_peer::settings how;
  std::vector<std::unique_ptr<connection>> connections;
  std::function<void(connection&, int32_t)> on_request;  // One is whole.

  size_t requests() const {
    size_t all = 0;
    for (const auto& c : connections) all += c->requests;
    return all;
  }
};

inline bool move_bytes(http2_site::connection& c) {
  std::vector<uint8_t> chunk(16 * 1024);
  for (size_t count = 0;;) {
    const tharsis_status status = c.wire->read(chunk, count);
    if (status == THARSIS_PENDING) break;
    if (status < 0 || count == 0 || !c.peer.on_bytes(std::span<const uint8_t>(chunk).first(count))) return false;
  }
  if (const auto out = c.peer.take_output(); !out.empty()) c.wire->write(out);
  return !c.peer.over();
}

inline task<void> speak_http2(http2_site* site, std::unique_ptr<stream> wire) {
  site->connections.push_back(std::make_unique<http2_site::connection>(site->how, std::move(wire)));
  http2_site::connection& c = *site->connections.back();
  c.peer.on_request = [site, &c](int32_t id) {
    ++c.requests;
    if (site->on_request) site->on_request(c, id);
  };
  while (move_bytes(c)) co_await c.wire->events().wait();
  c.over = true;
  c.wire->end();
}

template <class World>
class with_http2 : public World {
 public:
  explicit with_http2(uint64_t seed) : World(seed) {}
  ~with_http2() {
    this->elsewhere.on_strand([&] {
      this->servers.close();
      site.connections.clear();
    });
  }

  // With TLS; without it the client has to know.
  void serve_http2(uint16_t port = 443, bool secure = true) {
    std::optional<tls_context> tls;
    if (secure) tls = this->trusted_server({"web.test"}, true);
    this->elsewhere.on_strand([&] {
      this->servers.listen(World::ip, port, std::move(tls), [this](http_servers&, std::unique_ptr<stream> wire) { return speak_http2(&site, std::move(wire)); });
    });
  }
  // Something of the server's own, on its strand; what it has to say leaves.
  void there(std::function<void(http2_site::connection&)> act, size_t which = 0) {
    this->elsewhere.on_strand([&] {
      act(*site.connections.at(which));
      site.connections[which]->wire->events().raise(stream::nudged);
    });
  }

  http2_site site;
};

using http2_world = with_http2<http_world>;

}  // namespace tharsis::test
