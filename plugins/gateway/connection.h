// One accepted connection: the coroutine that moves bytes between its stream, its session and what
// all connections share.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "plugins/gateway/core/exchange.h"
#include "plugins/gateway/core/session.h"
#include "plugins/gateway/datagrams.h"
#include "plugins/gateway/stream_desk.h"
#include "sdk/async/host.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::gateway {

// What a connection stands in; outlives it.
struct surroundings {
  strand& place;
  const host& tables;
  const settings& numbers;
  exchange& shared;
  const std::optional<tls_context>& tls;
  std::function<void()> route;  // There may be deliveries for any connection.
  const std::unique_ptr<datagrams>& udp;  // Null: there are none.
  const std::unique_ptr<stream_shelf>& streams;  // Null: none are taken.
};

class connection {
 public:
  connection(uint64_t id, std::unique_ptr<tcp_stream> wire, const surroundings& around);
  ~connection();
  connection(const connection&) = delete;

  // Runs until the connection is over; then finished(context, id) is called, once, from the queue.
  void start(void (*finished)(void* context, uint64_t id), void* context);

  // To the peer, with the next step.
  void deliver(const delivery& d);
  // Something outside has changed: look again.
  void nudge();
  // Destroying the connection will reset it; without this it ends as it should.
  void cut();
  void say_goodbye();

  bool greeted() const { return talk_ && talk_->greeted(); }
  // "connection 3 from 127.0.0.1:5000"
  std::string name() const;
  void say_end(const std::string& why, bool blame) const;

 private:
  task<void> run();
  void step();
  void receive(instant now);
  void serve(instant now);
  void transmit(instant now);
  void on_stream(std::span<const uint8_t> body);
  void refuse_stream(std::span<const uint8_t> body);
  bool send_streams();
  void end(std::string why, bool blame);
  udp_offer open_lane();
  static void on_finished(void* context);

  const uint64_t id_;
  const surroundings& around_;
  const std::string peer_;
  const instant since_;
  std::unique_ptr<tcp_stream> accepted_;  // Until TLS has it.
  tcp_stream* tcp_ = nullptr;             // Below wire_, once that is there.
  std::unique_ptr<stream> wire_;
  std::optional<session> talk_;
  std::unique_ptr<datagrams::lane> lane_;
  std::unique_ptr<stream_desk> streams_;  // From its first stream on.
  bool dry_ = false;         // The stream had no more bytes when it was read last.
  bool peer_ended_ = false;
  bool stepping_ = false;
  bool over_ = false;
  void (*finished_)(void*, uint64_t) = nullptr;
  void* finished_context_ = nullptr;
  strand::key finish_ = 0;
  std::optional<task<void>> work_;
};

}  // namespace tharsis::gateway
