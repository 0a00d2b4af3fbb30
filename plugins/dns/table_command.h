// `tharsis dns keygen`, `sign-table` and `verify-table`: keys of signed tables, tables, and what stands in one.
#pragma once
#include <string>
#include <utility>

#include "plugins/dns/core/address_table.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {

class table_command {
 public:
  table_command(const host& tables, strand& place) : host_(tables), place_(place), work_(place) {}
  table_command(const table_command&) = delete;

  static bool is_one(const std::string& name) { return name == "keygen" || name == "sign-table" || name == "verify-table"; }
  // In the place of the plugin's start.
  void run(const command_call& call);

 private:
  struct outcome {
    int code = 0;
    std::string text;  // What is printed, or complained.
    bool is_result = true;
  };
  static outcome complaint(int code, std::string text) { return {code, std::move(text), false}; }
  task<void> work(command_call call);
  task<outcome> keygen(command_call call);
  task<outcome> sign(command_call call);
  task<outcome> verify(command_call call);

  const host host_;
  strand& place_;
  task_set work_;
};

}  // namespace tharsis::dns
