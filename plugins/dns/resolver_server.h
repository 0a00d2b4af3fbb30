// A resolver on this machine, for programs and web views that cannot link us: over UDP and TCP, and over HTTPS (RFC 8484) with
// HTTP/2 or 1.1. answering.h has what it says.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/dns/answering.h"
#include "plugins/dns/http2_requests.h"
#include "plugins/dns/kept_connections.h"
#include "plugins/dns/core/serve_settings.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/async/udp_socket.h"
#include "sdk/pure/logger.h"

namespace tharsis::dns {

class resolver_server {
 public:
  // As `answering`. Its means' trust is loaded here, where the settings need it.
  resolver_server(const host& tables, strand& place, settings s, serve_settings own, const tharsis_dns& names, answering::opinion known);
  resolver_server(const resolver_server&) = delete;
  // The application's own source, and what is known of how servers answer; both outlive it. Before open().
  void use(host_source& own) { means_.source = &own; }
  void use(source_health& known) { means_.health = &known; }

  // Listens from then on; or why it does not: the sentence names the place or the file.
  task<error> open();
  // No further questions; who waits for an answer gets none.
  void close();

  // "udp+tcp://127.0.0.1:5300", "https://127.0.0.1:8443/dns-query"; once it listens.
  std::vector<std::string> places() const;

 private:
  // One connection. It outlives its coroutine where an answer is under way; then nobody is there any more who takes it.
  struct talk {
    explicit talk(size_t& all) : count(all) { ++count; }
    ~talk() { --count; }
    talk(const talk&) = delete;
    size_t& count;
    std::unique_ptr<stream> wire{};  // Null: it has ended.
    std::unique_ptr<http2_requests> web{};
    size_t open = 0;  // Questions that are worked on, also those that their asker has given up: they cost as much.
    instant quiet_since{};
  };
  using shared_talk = std::shared_ptr<talk>;

  void on_network(const tharsis_network_state& now);
  task<error> read_identity();
  error listen_plain();
  task<void> take_datagrams();
  task<void> answer_datagram(std::vector<uint8_t> request, tharsis_address from);
  task<void> take(tcp_listener& from, bool secured);
  task<void> talk_tcp(shared_talk t);
  task<void> answer_framed(shared_talk t, std::vector<uint8_t> request);
  task<void> talk_https(shared_talk t);
  task<void> talk_http2(shared_talk t);
  task<void> answer_http2(shared_talk t, http2_requests::request r);
  task<void> answer_http1(http1_exchange& x);
  // When to give up to wait for the connection's next bytes.
  instant patience(const talk& t, instant begun) const;
  bool is_full(const talk& t) const { return t.open >= own_.questions_each || t.wire->unsent() > unsent_max; }

  static constexpr size_t unsent_max = 256 * 1024;

  const host host_;
  const logger log_;
  strand& place_;
  const settings settings_;
  const serve_settings own_;
  means means_;
  kept_connections connections_{means_};
  answering answers_;
  signal datagrams_;
  udp_socket socket_;
  tcp_listener plain_, https_;
  std::optional<tls_context> tls_;
  size_t talks_ = 0;
  network_watch network_;
  uint64_t generation_ = 0;  // Of the network; 0: it is not known yet.
  task_set work_;
};

}  // namespace tharsis::dns
