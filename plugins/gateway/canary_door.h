// Serves the canary pages (core/canary.h) over plain HTTP, as what they are to show changes nothing else.
#pragma once
#include <string>

#include "plugins/gateway/core/listen.h"
#include "plugins/gateway/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"

namespace tharsis::gateway {

class canary_door {
 public:
  canary_door(const host& tables, strand& place, const canary_settings& s, const tharsis_address& where)
      : place_(place), settings_(s), where_(where), listener_(place, *tables.net), connections_(place) {}
  canary_door(const canary_door&) = delete;

  // Listens from then on, or says why not.
  error open();
  // Serves until stop(). Once.
  task<void> run();
  void stop();
  std::string endpoint_text() const;

 private:
  task<void> serve(std::unique_ptr<tcp_stream> wire);
  task<void> handle(http1_exchange& x);

  strand& place_;
  const canary_settings settings_;
  const tharsis_address where_;
  tcp_listener listener_;
  task_set connections_;
  bool stopping_ = false;
};

}  // namespace tharsis::gateway
