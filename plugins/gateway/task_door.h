// The gateway's short-link end: an HTTP server where each POST is one task, carried out as those of connections are.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "plugins/gateway/core/exchange.h"
#include "plugins/gateway/core/listen.h"
#include "plugins/gateway/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::gateway {

// What it shares with connections; outlives it.
struct task_door_surroundings {
  const host& tables;
  strand& place;
  const settings& numbers;
  exchange& shared;
  std::function<uint64_t()> number;  // That no connection has.
  std::function<void()> route;       // There may be deliveries for anybody.
  std::function<void()> left;        // A request was answered, while it drains.
};

class task_door {
 public:
  // With `where.tls` the context must be there.
  task_door(task_door_surroundings around, const listen_place& where, std::optional<tls_context> tls);
  task_door(const task_door&) = delete;

  // Listens from then on, or says why not.
  error open();
  // Serves until stop(). Once.
  task<void> run();
  void stop();
  // Takes no more connections, and ends each that it has with the next answer.
  void drain();
  // Requests that have no answer yet.
  size_t unanswered() const { return visits_.size(); }
  // Harmless where it is for nobody here.
  void deliver(const delivery& d);
  std::string endpoint_text() const;

 private:
  struct visit;
  task<void> serve(std::unique_ptr<tcp_stream> wire);
  task<void> handle(http1_exchange& x);
  task<void> outlast_outage();
  static http1::response_head head_of(const delivery& d);

  const task_door_surroundings around_;
  const listen_place where_;
  const std::optional<tls_context> tls_;
  tcp_listener listener_;
  std::map<uint64_t, visit*> visits_;  // Requests that are being carried out.
  task_set connections_;
  bool stopping_ = false, draining_ = false;
};

}  // namespace tharsis::gateway
