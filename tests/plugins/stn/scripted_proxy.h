// A proxy for tests, HTTP's CONNECT and requests with a whole URL, or SOCKS5, honest or not. It has its own machine.
#pragma once
#include <deque>

#include "sdk/async/resolver.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/address.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/url.h"
#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

class scripted_proxy {
 public:
  enum class manner { honest, mute, garbage, endless, hang_up, denies };

  scripted_proxy(sim::world& w, const std::string& ip, bool socks)
      : machine(w.add_machine("proxy at " + ip, {ip})), socks_(socks), here_(w, machine, "proxy"), net_(*here_.home->net),
        names_(*here_.place, net_, nullptr), listener_(*here_.place, net_), work_(*here_.place) {
    here_.on_strand([&] {
      tharsis_address on = *parse_ip(ip);
      on.port = port;
      tharsis_error why = no_error();
      EXPECT_EQ(listener_.listen(on, &why), THARSIS_OK) << why.text;
      work_.spawn(accept());
    });
  }
  ~scripted_proxy() {
    here_.on_strand([&] {
      work_.clear();
      listener_.close();
    });
    here_.on_strand([&] { here_.home->close(here_.home->self); });
  }

  static constexpr uint16_t port = 1080;
  sim::machine& machine;
  manner how = manner::honest;
  std::string wanted;                // "user:password"; empty: nobody has to say anything.
  std::vector<std::string> targets;  // What was asked for.
  std::optional<tls_context> tls;    // It is an https:// proxy,
  std::vector<std::string> spoken;   // and this is what ALPN settled each time.

 private:
  task<void> accept() {
    for (;;) {
      while (auto wire = listener_.accept()) work_.spawn(serve(std::move(wire)));
      co_await listener_.events().wait();
    }
  }

  task<void> serve(std::unique_ptr<tcp_stream> accepted) {
    std::shared_ptr<stream> client;
    if (tls) {
      auto safe = co_await tls_accept(*here_.place, std::move(accepted), *tls, here_.place->now() + 5s);
      if (!safe) co_return;
      client = std::move(*safe);
      spoken.emplace_back(client->protocol());
      if (spoken.back() == "h2") co_return co_await hold(client, "");  // It waits for HTTP/2.
    } else {
      client = std::move(accepted);
    }
    switch (how) {
      case manner::mute: co_return co_await hold(client, "");
      case manner::garbage: co_return co_await hold(client, "nonsense, and more of it\r\n\r\n");
      case manner::endless: co_return co_await hold(client, "HTTP/1.1 200 ok\r\nX: " + std::string(100'000, 'x'));
      case manner::hang_up: co_return;
      default: break;
    }
    std::string to;
    if (socks_) to = co_await ask_socks(client);
    else to = co_await ask_http(client);
    if (to.empty()) co_return co_await hold(client, "");  // Whoever was refused hangs up.
    std::string handed_on;
    if (to.starts_with("http://")) handed_on = as_server_reads(to);
    targets.push_back(to);
    const auto place = parse_endpoint("tcp://" + to);
    auto addresses = co_await names_.resolve(place->host, here_.place->now() + 5s);
    if (!addresses) co_return say(*client, socks_ ? std::string("\5\4\0\1\0\0\0\0\0\0", 10) : "HTTP/1.1 502 no\r\n\r\n");
    tharsis_address at = addresses->front();
    at.port = place->port;
    auto server = co_await dial_tcp(*here_.place, net_, at, here_.place->now() + 5s);
    if (!server) co_return say(*client, socks_ ? std::string("\5\5\0\1\0\0\0\0\0\0", 10) : "HTTP/1.1 502 no\r\n\r\n");
    if (!handed_on.empty()) (*server)->write(as_bytes(handed_on));
    else say(*client, socks_ ? std::string("\5\0\0\1\0\0\0\0\0\0", 10) : "HTTP/1.1 200 established\r\n\r\n");
    auto other = std::shared_ptr<stream>(std::move(*server));
    work_.spawn(pass(other, client));
    co_await pass(client, other);
  }

  static void say(stream& to, const std::string& text) { to.write(as_bytes(text)); }

  task<void> hold(std::shared_ptr<stream> wire, std::string words) {
    say(*wire, words);
    uint8_t piece[512];
    for (size_t count = 1; count > 0;) {
      const tharsis_status s = wire->read(piece, count);
      if (s < 0) co_return;
      if (s == THARSIS_PENDING) {
        count = 1;
        co_await wire->events().wait();
      }
    }
  }

  task<void> pass(std::shared_ptr<stream> from, std::shared_ptr<stream> to) {
    uint8_t piece[4096];
    for (;;) {
      size_t count = 0;
      const tharsis_status s = from->read(piece, count);
      if (s == THARSIS_PENDING) {
        co_await from->events().wait();
      } else {
        if (s < 0 || count == 0 || to->write({piece, count}) != THARSIS_OK) break;
      }
    }
    to->end();
  }

  // Exactly so many bytes; fewer where the connection ended.
  task<std::string> take(std::shared_ptr<stream> wire, size_t size) {
    std::string all;
    while (all.size() < size) {
      uint8_t byte = 0;
      size_t count = 0;
      const tharsis_status s = wire->read({&byte, 1}, count);
      if (s == THARSIS_PENDING) {
        co_await wire->events().wait();
      } else {
        if (s < 0 || count == 0) break;
        all += static_cast<char>(byte);
      }
    }
    co_return all;
  }

  task<std::string> ask_http(std::shared_ptr<stream> wire) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const std::string next = co_await take(wire, 1);
      if (next.empty()) co_return "";
      head += next;
    }
    const bool known = wanted.empty() || head.find("Proxy-Authorization: Basic " + base64_text(as_bytes(wanted))) != std::string::npos;
    if (!known || how == manner::denies) {
      say(*wire, known ? "HTTP/1.1 403 no\r\n\r\n" : "HTTP/1.1 407 who?\r\n\r\n");
      co_return "";
    }
    head_ = head;
    const size_t from = head.find(' ') + 1;
    co_return head.substr(from, head.find(' ', from) - from);
  }

  // The request that came with the whole URL `to`, which becomes host:port, and without the proxy's login.
  std::string as_server_reads(std::string& to) const {
    const auto whole = parse_url(to);
    if (!whole) return {};
    std::string text = head_;
    text.replace(text.find(to), to.size(), whole->target);
    if (const size_t login = text.find("Proxy-Authorization"); login != std::string::npos)
      text.erase(login, text.find("\r\n", login) + 2 - login);
    to = whole->place();
    return text;
  }

  task<std::string> ask_socks(std::shared_ptr<stream> wire) {
    const std::string hello = co_await take(wire, 2);
    if (hello.size() < 2) co_return "";
    const std::string methods = co_await take(wire, static_cast<size_t>(hello[1]));
    const bool login = !wanted.empty();
    if (methods.find(login ? '\2' : '\0') == std::string::npos) {
      say(*wire, "\5\xFF");
      co_return "";
    }
    say(*wire, login ? std::string("\5\2") : std::string("\5\0", 2));
    if (login) {
      const std::string head = co_await take(wire, 2);
      const std::string user = co_await take(wire, static_cast<size_t>(head[1]));
      const std::string size = co_await take(wire, 1);
      const std::string password = co_await take(wire, static_cast<size_t>(size[0]));
      const bool known = user + ":" + password == wanted;
      say(*wire, known ? std::string("\1\0", 2) : std::string("\1\1"));
      if (!known) co_return "";
    }
    const std::string request = co_await take(wire, 4);
    if (how == manner::denies) {
      say(*wire, std::string("\5\2\0\1\0\0\0\0\0\0", 10));
      co_return "";
    }
    std::string host;
    if (request[3] == 3) {
      const std::string size = co_await take(wire, 1);
      host = co_await take(wire, static_cast<size_t>(size[0]));
    } else {
      tharsis_address ip{};
      ip.family = request[3] == 1 ? 4 : 6;
      const std::string raw = co_await take(wire, ip.family == 4 ? 4 : 16);
      std::copy(raw.begin(), raw.end(), ip.ip);
      host = ip.family == 4 ? ip_text(ip) : "[" + ip_text(ip) + "]";
    }
    const std::string number = co_await take(wire, 2);
    co_return host + ":" + std::to_string(static_cast<uint8_t>(number[0]) << 8 | static_cast<uint8_t>(number[1]));
  }

  const bool socks_;
  std::string head_;  // Of the last HTTP request.
  site here_;
  const tharsis_net& net_;
  resolver names_;
  tcp_listener listener_;
  task_set work_;
};

}  // namespace tharsis::test
