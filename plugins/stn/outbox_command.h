// `tharsis stn outbox`: what durable tasks are in this state folder's outbox, and taking one out.
#pragma once
#include <optional>
#include <string>

#include "plugins/stn/core/outbox.h"
#include "plugins/stn/outbox_disk.h"
#include "sdk/async/command.h"

namespace tharsis::stn {

class outbox_command {
 public:
  outbox_command(const host& tables, strand& place) : place_(place), host_(tables), work_(place) {}

  // In the place of the plugin's start. 0: done; 1: there is no outbox, or it cannot be read; 2: the words make no sense.
  void run(const command_call& call, const outbox_settings& s);

 private:
  task<void> list();
  task<void> discard();

  strand& place_;
  const host host_;
  std::optional<command_call> call_;
  outbox_settings settings_;
  std::string path_;
  bool json_ = false;
  std::optional<uint64_t> discarded_;
  std::optional<outbox_book> book_;
  std::optional<outbox_disk> disk_;
  task_set work_;
};

}  // namespace tharsis::stn
