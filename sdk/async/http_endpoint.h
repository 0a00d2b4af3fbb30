// Exchanges with the server of one URL: makes a connection when it needs one and keeps one for the next time.
//
//   http_endpoint logs(place, *parse_url("https://logs.example.com"), dial_with(place, net, names, trust));
//   auto answer = co_await logs.exchange(std::move(request), 64 * 1024, later(place.now(), 10s));
//
// Any number of exchanges may run at the same time, each on its own connection; one connection at most is kept.
#pragma once
#include <memory>
#include <utility>

#include "sdk/async/http1_client.h"
#include "sdk/async/http_dial.h"

namespace tharsis {

class http_endpoint {
 public:
  // The URL's target is not used: each request has its own. Outlives its tasks.
  http_endpoint(strand& place, url to, http_dialler dial, http1::limits l = {})
      : place_(place), to_(std::move(to)), dial_(std::move(dial)), limits_(l) {}
  http_endpoint(const http_endpoint&) = delete;

  // As http1_client::exchange(). Where a kept connection turns out to be dead before a byte of the answer came,
  // an idempotent or `repeatable` request is sent once more over a new one; for any other the failure says that
  // nobody knows whether it was carried out. Resolving and connecting count against the deadline.
  task<result<http1_answer>> exchange(http1_request request, size_t answer_max, instant deadline);

  // A connection for an exchange piece by piece; the kept one, if it lives. Give it back with keep().
  task<result<std::unique_ptr<http1_client>>> connection(instant deadline);
  void keep(std::unique_ptr<http1_client> c);
  void drop_kept() { kept_.reset(); }

  const url& where() const { return to_; }

 private:
  // Servers and the boxes between forget quiet connections, some without a word; most after a minute or more.
  static constexpr duration kept_max = 20s;

  std::unique_ptr<http1_client> take_kept();

  strand& place_;
  const url to_;
  const http_dialler dial_;
  const http1::limits limits_;
  std::unique_ptr<http1_client> kept_;
  instant kept_until_{};
};

}  // namespace tharsis
