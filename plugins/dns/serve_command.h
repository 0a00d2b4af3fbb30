// `tharsis dns serve`: a resolver for the programs of this machine, until it is interrupted.
#pragma once
#include <optional>

#include "plugins/dns/resolver_server.h"
#include "plugins/dns/serve_line.h"
#include "plugins/dns/service.h"
#include "sdk/async/command.h"

namespace tharsis::dns {

class serve_command {
 public:
  serve_command(const host& tables, strand& place, const settings& s) : host_(tables), place_(place), settings_(s), over_(place), work_(place) {}
  serve_command(const serve_command&) = delete;

  // In the place of the plugin's start. Ends with finish(): 0 when time is over or stop() is called, 1 when it could not listen, 2
  // when the words make no sense.
  void run(const command_call& call);
  void stop();

 private:
  task<void> work();
  void finish(int code);

  const host host_;
  strand& place_;
  settings settings_;
  std::optional<command_call> call_;
  serve_line line_;
  std::optional<service> names_;
  std::optional<resolver_server> server_;
  bool finished_ = false;
  signal over_;
  task_set work_;
};

}  // namespace tharsis::dns
