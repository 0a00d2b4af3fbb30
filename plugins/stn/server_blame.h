// What the server of a link is to be blamed for after the connect: connections that it ends before they were of use, and
// that it has too much to do. Its breaker (core/breaker.h) hears of it, and the world.
#pragma once
#include <string>

#include "plugins/stn/core/now_and_then.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/dialer.h"
#include "plugins/stn/link_events.h"

namespace tharsis::stn {

class server_blame {
 public:
  // All of them outlive it.
  server_blame(strand& place, const host& tables, switchboard& ways, const link_events& events, const counts& count, const link_settings& s,
               const dialer& way)
      : place_(place), host_(tables), ways_(ways), events_(events), counts_(count), settings_(s), dialer_(way) {}

  // There is a connection, so that what ends it may be the server's doing.
  void on_connection() { spoke_ = true; }
  // It has proved itself.
  void on_up();
  // The connection, or the attempt, has ended. `excused`: the server has served for long enough, or the network has changed.
  void on_down(const loss& why, bool excused);
  // It has too much to do, or the link has repeated itself too often. `up`: the link is.
  void on_spared(const spared_server& s, bool up);

 private:
  void on_failure(const std::string& sentence, duration at_least);

  strand& place_;
  const host& host_;
  switchboard& ways_;
  const link_events& events_;
  const counts& counts_;
  const link_settings& settings_;
  const dialer& dialer_;
  now_and_then busy_{1s};  // A busy server says so of each request; for its breaker once a second is as good a sign.
  bool spoke_ = false;
};

}  // namespace tharsis::stn
