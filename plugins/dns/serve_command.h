// `tharsis dns serve`: a resolver for the programs of this machine, until it is interrupted.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "plugins/dns/resolver_server.h"
#include "plugins/dns/serve_line.h"
#include "plugins/dns/service.h"
#include "sdk/async/command.h"

namespace tharsis::dns {

class serve_command {
 public:
  // `folder` is where a program keeps what dns knows; it is read, and left as it is.
  serve_command(const host& tables, strand& place, const settings& s, std::string folder) : host_(tables), place_(place), settings_(s), folder_(std::move(folder)), over_(place), work_(place) {}
  serve_command(const serve_command&) = delete;
  // The application's own source, which outlives it.
  void use(host_source& own) { source_ = &own; }

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
  const std::string folder_;
  host_source* source_ = nullptr;
  std::optional<command_call> call_;
  serve_line line_;
  std::optional<service> names_;
  std::optional<resolver_server> server_;
  bool finished_ = false;
  signal over_;
  task_set work_;
};

}  // namespace tharsis::dns
