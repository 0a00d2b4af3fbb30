// A server of DNS over HTTPS on a machine of a simulated world, over HTTP/2 or 1.1. What it answers is the test's.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sdk/async/http1_server.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/sim/world.h"
#include "tests/plugins/dns/answer_writer.h"
#include "tests/plugins/host_on_strand.h"
#include "tests/sdk/async/http2_peer.h"

namespace tharsis::dns::test {

class doh_server {
 public:
  struct saying {
    int status = 200;
    std::string type = "application/dns-message";
    octets body;
    std::string retry_after{};  // Empty: it does not say.
    // Over HTTP/2 it goes away: before it has looked at the question, with its answer whole, or in the middle of that.
    enum class leaving : uint8_t { stays, before, after, amid } leaves = leaving::stays;
    // It never comes to the end of its answer.
    bool drips = false;
    // It never begins one.
    bool mute = false;
  };
  // `asked` is the body, of a GET the target.
  using speaker = std::function<saying(const octets& asked)>;

  doh_server(sim::machine& on, const std::string& ip, speaker says)
      : box_(on.platform(), "doh"), ip_(ip), says_(std::move(says)), work_(*box_.place), listener_(*box_.place, *box_.own->net) {}
  ~doh_server() { box_.own->close(box_.own->self); }

  // Over what `own` lets clients choose.
  void serve(tls_context own) {
    tls_.emplace(std::move(own));
    box_.send([this] {
      tharsis_address a = *parse_ip(ip_);
      a.port = 443;
      ASSERT_EQ(listener_.listen(a, nullptr), THARSIS_OK);
      work_.spawn(take());
    });
  }
  void close() {
    box_.send([this] {
      work_.clear();
      listener_.close();
    });
  }
  int64_t seconds() const { return box_.place->wall() / 1'000'000'000; }

  uint64_t asked = 0;
  uint64_t connections = 0;

 private:
  using peer = tharsis::test::http2_peer;

  task<void> take() {
    for (;;) {
      while (auto wire = listener_.accept()) work_.spawn(talk(std::move(wire)));
      co_await listener_.events().wait();
    }
  }
  task<void> talk(std::unique_ptr<tcp_stream> plain) {
    std::unique_ptr<stream> wire = std::move(plain);
    auto secured = co_await tls_accept(*box_.place, std::move(wire), *tls_, box_.place->now() + 10s);
    if (!secured) co_return;
    ++connections;
    if ((*secured)->protocol() == "h2") {
      co_await talk_http2(std::move(*secured));
      co_return;
    }
    const http1_handler handle = [this](http1_exchange& x) { return answer_http1(x); };
    const http1_server_settings s;
    (void)co_await serve_http1(*box_.place, std::move(*secured), handle, s);
  }

  task<void> answer_http1(http1_exchange& x) {
    const auto body = co_await x.read_all(65'535);
    if (!body) co_return;
    const saying s = heard(body->empty() ? x.request().target : *body);
    http1::response_head head;
    head.status = s.status;
    head.fields = {{"content-type", s.type}};
    if (!s.retry_after.empty()) head.fields.push_back({"retry-after", s.retry_after});
    std::string bytes(as_text(s.body));
    if (s.drips || s.mute) {
      if (s.drips) (void)co_await x.begin(std::move(head), bytes.size() + 1);
      if (s.drips) (void)co_await x.write(as_bytes(bytes));
      signal nobody(*box_.place);
      co_await nobody.wait(box_.place->now() + 60s);
      co_return;
    }
    (void)co_await x.answer(std::move(head), std::move(bytes));
  }

  task<void> talk_http2(std::unique_ptr<stream> wire) {
    peer p;
    p.on_request = [this, &p](int32_t id) { answer_http2(p, id); };
    std::vector<uint8_t> chunk(16 * 1024);
    while (!p.over()) {
      size_t count = 0;
      const tharsis_status status = wire->read(chunk, count);
      if (status != THARSIS_PENDING && (status < 0 || count == 0 || !p.on_bytes(std::span<const uint8_t>(chunk).first(count)))) break;
      if (const auto out = p.take_output(); !out.empty()) wire->write(out);
      if (status == THARSIS_PENDING) co_await wire->events().wait();
    }
    wire->end();
    // What it has said arrives, then it is gone.
    signal nobody(*box_.place);
    co_await nobody.wait(box_.place->now() + 5s);
  }
  void answer_http2(peer& p, int32_t id) {
    const saying s = heard(p.requests[id].body.empty() ? std::string(p.requests[id].field(":path")) : p.requests[id].body);
    if (s.mute) return;
    if (s.leaves == saying::leaving::before) return p.go_away(0);
    if (s.leaves != saying::leaving::stays) p.go_away(id);
    const bool cut = s.leaves == saying::leaving::amid;
    std::string bytes(as_text(s.body));
    if (cut) bytes.resize(bytes.size() / 2);
    if (s.retry_after.empty()) p.answer(id, {{":status", std::to_string(s.status)}, {"content-type", s.type}}, std::move(bytes), cut || s.drips);
    else p.answer(id, {{":status", std::to_string(s.status)}, {"content-type", s.type}, {"retry-after", s.retry_after}}, std::move(bytes), cut || s.drips);
    if (cut) p.reset(id, NGHTTP2_INTERNAL_ERROR);
  }

  saying heard(const std::string& question) {
    ++asked;
    return says_(octets(question.begin(), question.end()));
  }

  tharsis::test::host_on_strand box_;
  const std::string ip_;
  const speaker says_;
  task_set work_;
  tcp_listener listener_;
  std::optional<tls_context> tls_;
};

}  // namespace tharsis::dns::test
