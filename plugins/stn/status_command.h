// `tharsis stn status` and `tharsis stn explain [LINK]`: what the stn of this state folder has written down.
#pragma once
#include <optional>
#include <string>

#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class status_command {
 public:
  status_command(const host& tables, strand& place) : place_(place), host_(tables), work_(place) {}

  // In the place of the plugin's start. 0: told; 1: there is nothing to tell; 2: the words make no sense.
  void run(const command_call& call);

 private:
  task<void> work();

  strand& place_;
  const host host_;
  std::optional<command_call> call_;
  std::string link_;
  bool json_ = false;
  task_set work_;
};

}  // namespace tharsis::stn
