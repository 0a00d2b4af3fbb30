// `tharsis stn serve`: the gateway alone, as the line says.
#pragma once
#include <optional>
#include <string>

#include "plugins/gateway/core/serve_arguments.h"
#include "plugins/gateway/server.h"
#include "sdk/async/command.h"
#include "sdk/async/task_set.h"

namespace tharsis::gateway {

class serve_command {
 public:
  // All of them outlive it; `s`: what --set says.
  serve_command(const host& tables, strand& place, const settings& s) : tables_(tables), place_(place), settings_(s), over_(place), work_(place) {}
  serve_command(const serve_command&) = delete;

  // In the place of the plugin's start. 0: it was stopped; 1: it could not listen; 2: the words make no sense.
  void run(const command_call& call);
  // As the plugin's.
  tharsis_status stop();

 private:
  task<void> end_after(duration lasts);
  void on_ready(const std::string& endpoint);
  void finish(int code);

  const host& tables_;
  strand& place_;
  const settings& settings_;
  std::optional<command_call> call_;
  serve_arguments line_;
  std::optional<server> server_;
  bool finished_ = false, over_already_ = true;  // There is nothing to close.
  signal over_;
  task_set work_;
};

}  // namespace tharsis::gateway
