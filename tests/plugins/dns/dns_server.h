// A DNS server on a machine of a simulated world: over UDP and TCP, or over TLS. What it says is the test's.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sdk/async/certificates.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/async/udp_socket.h"
#include "sdk/pure/dns_framed_message.h"
#include "sdk/sim/world.h"
#include "tests/plugins/dns/answer_writer.h"
#include "tests/plugins/host_on_strand.h"

namespace tharsis::dns::test {

class dns_server {
 public:
  // Messages to send back, in this order, each so long after the question (over a stream the last one alone); none: it is silent.
  struct saying {
    octets bytes;
    duration after{};
  };
  using speaker = std::function<std::vector<saying>(const octets& asked)>;

  dns_server(sim::machine& on, const std::string& name, const std::string& ip, speaker says)
      : box_(on.platform(), name), ip_(ip), says_(std::move(says)), work_(*box_.place),
        socket_(*box_.own->net, [this] { on_datagrams(); }), listener_(*box_.place, *box_.own->net) {}
  ~dns_server() { box_.own->close(box_.own->self); }

  void serve() {
    box_.send([this] {
      ASSERT_EQ(socket_.open(at(53), nullptr), THARSIS_OK);
      on_datagrams();
      listen(53);
    });
  }
  void serve_tls(const tls_context& own) {
    tls_ = own;
    box_.send([this] { listen(853); });
  }
  void close() {
    box_.send([this] {
      work_.clear();
      socket_.close();
      listener_.close();
    });
  }
  int64_t seconds() const { return box_.place->wall() / 1'000'000'000; }

  bool down = false;
  bool hangs_up = false;  // A stream ends when the next question comes.
  uint64_t asked = 0;
  uint64_t connections = 0;

 private:
  tharsis_address at(uint16_t port) const {
    tharsis_address a = *parse_ip(ip_);
    a.port = port;
    return a;
  }
  void listen(uint16_t port) {
    ASSERT_EQ(listener_.listen(at(port), nullptr), THARSIS_OK);
    work_.spawn(take());
  }
  void on_datagrams() {
    octets datagram(4096);
    tharsis_address from{};
    while (const auto size = socket_.receive(datagram, from)) {
      ++asked;
      if (!down) work_.spawn(reply(octets(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(*size)), from));
    }
  }
  task<void> reply(octets question, tharsis_address to) {
    signal nobody(*box_.place);
    for (const saying& s : says_(question)) {
      if (s.after > duration::zero()) co_await nobody.wait(box_.place->now() + s.after);
      socket_.send(to, s.bytes);
    }
  }
  task<void> take() {
    for (;;) {
      while (auto wire = listener_.accept()) work_.spawn(talk(std::move(wire)));
      co_await listener_.events().wait();
    }
  }
  task<void> talk(std::unique_ptr<tcp_stream> plain) {
    std::unique_ptr<stream> opened = std::move(plain);
    if (tls_) {
      auto secured = co_await tls_accept(*box_.place, std::move(opened), *tls_, box_.place->now() + 10s);
      if (!secured) co_return;
      opened = std::move(*secured);
    }
    ++connections;
    const std::shared_ptr<stream> wire = std::move(opened);
    framed_message question;
    std::array<uint8_t, 1024> chunk;
    for (;;) {
      size_t count = 0;
      const tharsis_status status = wire->read(chunk, count);
      if (status == THARSIS_PENDING) {
        co_await wire->events().wait();
        continue;
      }
      if (status != THARSIS_OK || count == 0) co_return;
      if (std::exchange(hangs_up, false)) co_return;
      std::span<const uint8_t> came = std::span(chunk).first(count);
      for (;;) {
        const size_t before = question.size_held();
        question.on_bytes(came);
        came = came.subspan(question.size_held() - before);
        if (!question.whole() || question.message().empty()) break;
        ++asked;
        const auto m = question.message();
        const std::vector<saying> all = down ? std::vector<saying>() : says_(octets(m.begin(), m.end()));
        if (!all.empty()) work_.spawn(say(wire, all.back()));
        question = {};
      }
    }
  }

  // Later questions of the stream do not wait for it.
  task<void> say(std::shared_ptr<stream> wire, saying s) {
    signal nobody(*box_.place);
    if (s.after > duration::zero()) co_await nobody.wait(box_.place->now() + s.after);
    wire->write(framed_message::frame(s.bytes));
  }

  tharsis::test::host_on_strand box_;
  const std::string ip_;
  const speaker says_;
  task_set work_;
  udp_socket socket_;
  tcp_listener listener_;
  std::optional<tls_context> tls_;
};

}  // namespace tharsis::dns::test
