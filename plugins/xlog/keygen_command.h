// `tharsis xlog keygen`: a new pair of keys in two files. Nothing that exists is touched.
#pragma once
#include <utility>

#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class keygen_command {
 public:
  keygen_command(const host& h, strand& place, command_call c) : host_(h), place_(place), call_(std::move(c)) {}

  // Writes, prints, and ends the command. Once.
  task<void> run();

 private:
  task<int> work();

  const host host_;
  strand& place_;
  const command_call call_;
};

}  // namespace tharsis::xlog
