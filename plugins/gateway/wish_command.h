// `tharsis gateway wish`: what an operator wants of a source of logs.
#pragma once
#include <string>
#include <utility>

#include "plugins/gateway/core/wish_arguments.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::gateway {

class wish_command {
 public:
  // `folder`: where the gateway keeps log files.
  wish_command(const host& h, strand& place, std::string folder, command_call c) : host_(h), place_(place), folder_(std::move(folder)), call_(std::move(c)) {}

  // Notes or lists, prints, and ends the command. Once.
  task<void> run();

 private:
  task<int> work(wish_arguments asked);

  const host host_;
  strand& place_;
  const std::string folder_;
  const command_call call_;
};

}  // namespace tharsis::gateway
