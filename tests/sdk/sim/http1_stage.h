// A client and a server of HTTP/1.1 on two machines of a simulated world.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include "sdk/async/http1_server.h"
#include "sdk/async/http_endpoint.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "tests/sdk/sim/stage.h"
#include "tests/sdk/sim/wire.h"

namespace tharsis::test {

using http_outcome = std::optional<result<http1_answer>>;

// Accepts on one port of a machine and serves everybody.
struct http_service {
  http_service(const tharsis_strand& s, http1_handler h, http1_server_settings how, uint16_t port = 80)
      : place(s.loop), net(*s.net), listener(place, net), handle(std::move(h)), settings(how), work(place) {
    tharsis_error error = no_error();
    tharsis_address on{};
    on.family = 4;
    on.port = port;
    EXPECT_EQ(listener.listen(on, &error), THARSIS_OK) << error.text;
    work.spawn(accept_all(this));
  }

  static task<void> accept_all(http_service* self) {
    for (;;) {
      while (auto wire = self->listener.accept()) {
        ++self->accepted;
        self->work.spawn(serve(self, std::move(wire)));
      }
      co_await self->listener.events().wait();
    }
  }
  static task<void> serve(http_service* self, std::unique_ptr<stream> wire) {
    if (self->tls) {
      auto secured = co_await tls_accept(self->place, std::move(wire), *self->tls, later(self->place.now(), 10s));
      if (!secured) co_return;
      wire = std::move(*secured);
    }
    self->ends.push_back(co_await serve_http1(self->place, std::move(wire), self->handle, self->settings));
  }
  size_t connections() const { return work.size() - 1; }

  strand place;
  const tharsis_net& net;
  tcp_listener listener;
  http1_handler handle;
  http1_server_settings settings;
  std::optional<tls_context> tls;
  size_t accepted = 0;
  std::vector<error> ends;
  task_set work;
};

// A place for a client's coroutines.
struct http_user {
  http_user(const tharsis_strand& s, const std::string& to, std::optional<tls_context> trust = {})
      : place(s.loop), net(*s.net), names(place, net, nullptr),
        endpoint(place, *parse_url(to), dial_with(place, net, names, std::move(trust))), work(place) {}

  static task<void> run(http_user* self, http1_request request, duration within, http_outcome* into) {
    *into = co_await self->endpoint.exchange(std::move(request), 1 << 20, later(self->place.now(), within));
  }
  void ask(http1_request request, http_outcome* into, duration within = 10s) {
    work.spawn(run(this, std::move(request), within, into));
  }

  strand place;
  const tharsis_net& net;
  resolver names;
  http_endpoint endpoint;
  task_set work;
};

inline http1_request request_of(std::string method, std::string target, std::string body = {}) {
  http1_request r;
  r.head.method = std::move(method);
  r.head.target = std::move(target);
  r.body = std::move(body);
  return r;
}

}  // namespace tharsis::test
