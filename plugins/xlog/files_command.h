// `tharsis xlog files`: what the log files of a folder hold.
#pragma once
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class files_command {
 public:
  files_command(const host& h, strand& place, command_call c) : host_(h), place_(place), call_(std::move(c)) {}

  // Lists, prints, and ends the command. Once.
  task<void> run();

 private:
  const host host_;
  strand& place_;
  const command_call call_;
};

}  // namespace tharsis::xlog
