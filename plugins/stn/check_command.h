// `tharsis stn check-codec NAME`: the conformance kit (core/codec_check.h) against one codec.
#pragma once
#include <optional>
#include <string>

#include "plugins/stn/core/codec_check.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class check_command {
 public:
  check_command(const host& tables, strand& place) : place_(place), host_(tables), work_(place) {}
  check_command(const check_command&) = delete;

  // In the place of the plugin's start. 0: every trial passed; 1: some did not; 2: the words make no sense.
  void run(const command_call& call);

 private:
  error read(const command_call& call);
  bool find();
  task<void> work();
  static void on_service(void* context, const void* table) { static_cast<check_command*>(context)->codec_ = static_cast<const tharsis_stn_codec*>(table); }

  strand& place_;
  const host host_;
  std::optional<command_call> call_;
  std::string name_;
  codec_check how_;
  bool json_ = false, help_ = false;
  const tharsis_stn_codec* codec_ = nullptr;
  task_set work_;
};

}  // namespace tharsis::stn
