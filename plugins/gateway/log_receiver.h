// Receives log files over HTTP: plugins/xlog/SHIPPING.md tells the protocol, core/log_rules.h who may do what, log_store.h
// where it all is. One request at a time touches the store; the others wait their turn.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "plugins/gateway/core/listen.h"
#include "plugins/gateway/core/settings.h"
#include "plugins/gateway/log_store.h"
#include "sdk/async/host.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::gateway {

class log_receiver {
 public:
  // `folder`: of the files. With `where.tls` the context must be there.
  log_receiver(const host& tables, strand& place, const log_settings& s, const listen_place& where, std::string folder, std::optional<tls_context> tls);
  log_receiver(const log_receiver&) = delete;

  // Listens from then on, or says why not.
  error open();
  // Serves until stop(). Once.
  task<void> run();
  void stop();
  std::string endpoint_text() const;

 private:
  class turn;
  struct metrics {
    explicit metrics(const host& h);
    counter requests, refused, files, bytes, removed;
    gauge kept;
  };

  void accept_waiting();
  task<void> serve(std::unique_ptr<tcp_stream> wire);
  task<void> handle(http1_exchange& x);
  task<void> answer(http1_exchange& x, log_reply r);
  task<void> keep_house();
  void tell(const log_call& call, const log_reply& r);

  const host& tables_;
  strand& place_;
  const log_settings settings_;
  const listen_place where_;
  const std::string folder_;
  const std::optional<tls_context> tls_;
  const std::shared_ptr<log_store> store_;  // Blocking work may outlive us.
  const metrics counts_;
  tcp_listener listener_;
  std::deque<signal*> turns_;  // The first has the store.
  task_set connections_;
  task_set housekeeping_;
  signal wake_;
  bool stopping_ = false;
};

}  // namespace tharsis::gateway
