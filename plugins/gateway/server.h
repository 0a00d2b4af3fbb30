// The gateway's life: make or load its identity, listen, take connections, play the planned outage,
// close. One coroutine; each connection has its own.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "plugins/gateway/connection.h"
#include "plugins/gateway/core/exchange.h"
#include "plugins/gateway/core/listen.h"
#include "plugins/gateway/held_lock.h"
#include "plugins/gateway/identity.h"
#include "plugins/gateway/log_receiver.h"
#include "sdk/async/host.h"
#include "sdk/async/tcp_listener.h"

namespace tharsis::gateway {

class server {
 public:
  // `logs`: where log files are received; nothing: they are not.
  server(const host& tables, strand& place, settings s, listen_place where, std::optional<listen_place> logs = {});
  server(const server&) = delete;

  // Ends with the host's ready() and, after stop(), stopped(); or with failed().
  task<void> life();
  void stop();

 private:
  task<error> open();
  task<error> prepare();
  error begin_to_receive();
  error begin_to_listen();
  task<void> serve();
  task<void> close();

  void accept_waiting();
  void admit(std::unique_ptr<tcp_stream> wire);
  bool make_place();
  void complain_of_crowd();
  void follow_outage();
  void begin_outage();
  void end_outage();
  void route();
  instant next_deadline() const;
  std::string endpoint_text() const;
  void count_connections() const { open_.set(static_cast<int64_t>(connections_.size())); }
  static void on_finished(void* context, uint64_t id);

  const host& tables_;
  strand& place_;
  const settings settings_;
  const listen_place where_;
  const std::optional<listen_place> logs_where_;
  const std::string folder_;
  tcp_listener listener_;
  exchange shared_;
  std::optional<tls_context> tls_;
  const surroundings around_;
  const counter accepted_, refused_;
  const gauge open_;
  std::map<uint64_t, std::unique_ptr<connection>> connections_;
  uint64_t last_connection_ = 0;
  uint64_t turned_away_ = 0;
  instant complained_{};
  held_lock lock_;
  std::optional<log_receiver> logs_;
  task_set receiving_;
  bool out_ = false;
  instant listen_again_ = never;
  bool stopping_ = false;
};

}  // namespace tharsis::gateway
