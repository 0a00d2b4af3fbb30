// The gateway's life: make or load its identity, listen, take connections, play the planned outage,
// close. One coroutine; each connection has its own.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "plugins/gateway/connection.h"
#include "plugins/gateway/core/exchange.h"
#include "plugins/gateway/core/listen.h"
#include "plugins/gateway/held_lock.h"
#include "plugins/gateway/identity.h"
#include "plugins/gateway/canary_door.h"
#include "plugins/gateway/log_receiver.h"
#include "plugins/gateway/task_door.h"
#include "sdk/async/host.h"
#include "sdk/async/tcp_listener.h"

namespace tharsis::gateway {

// Whoever runs a server, the plugin or a command, and hears how it goes.
struct server_owner {
  std::function<void(const std::string& endpoint)> ready;
  std::function<void(const error& why)> failed;  // It could not begin; nothing comes after this.
  std::function<void()> stopped;                 // After stop().
};

// The host: of a plugin that starts.
server_owner owner_of(const host& tables);

class server {
 public:
  // `logs`: where log files are received; nothing: they are not. `folder`: of its own, for certificates and endpoint;
  // empty: the plugin's.
  server(const host& tables, strand& place, settings s, listen_place where, std::optional<listen_place> logs, server_owner owner,
         const std::string& folder = {});
  server(const server&) = delete;

  // ready, and after stop() stopped; or failed.
  task<void> life();
  // Where drain.within says so, clients are told first, and it goes on until they have gone or that time is over.
  void stop();
  // Clients are to go there; nowhere any more where it names nothing.
  void move(const move_wish& m);
  // Where tasks come over HTTP; empty: nowhere.
  std::string http_endpoint() const { return tasks_ ? tasks_->endpoint_text() : std::string(); }
  // Where canary pages are; empty: nowhere.
  std::string canary_endpoint() const { return canary_ ? canary_->endpoint_text() : std::string(); }
  std::string certificate() const { return tls_ ? folder_ + "/ca.pem" : std::string(); }  // That clients trust.

 private:
  task<error> open();
  task<error> prepare();
  task<error> begin_with_streams();
  error begin_to_receive();
  error begin_with_tasks();
  error begin_with_canary();
  error begin_to_listen();
  error begin_with_datagrams();
  void on_datagram(uint64_t connection, mars::frame request, uint32_t datagram);
  task<void> serve();
  task<void> close();

  void accept_waiting();
  void admit(std::unique_ptr<tcp_stream> wire);
  bool make_place();
  void complain_of_crowd();
  void begin_drain();
  size_t guests() const { return connections_.size() + (tasks_ ? tasks_->unanswered() : 0); }
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
  const server_owner owner_;
  const std::string folder_;
  tcp_listener listener_;
  exchange shared_;
  std::optional<tls_context> tls_;
  std::unique_ptr<datagrams> udp_;
  std::unique_ptr<stream_shelf> streams_;
  const surroundings around_;
  const counter accepted_, refused_;
  const gauge open_;
  std::map<uint64_t, std::unique_ptr<connection>> connections_;
  uint64_t last_connection_ = 0;
  uint64_t turned_away_ = 0;
  instant complained_{};
  held_lock lock_;
  std::optional<log_receiver> logs_;
  std::optional<task_door> tasks_;  // Over HTTP.
  std::optional<canary_door> canary_;
  task_set receiving_;
  bool out_ = false;
  instant listen_again_ = never;
  instant waits_until_ = never;  // serve() does.
  bool stopping_ = false;
  bool drained_ = false;  // stop() was called while clients were there.
};

}  // namespace tharsis::gateway
