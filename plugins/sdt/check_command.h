// `tharsis sdt check ENDPOINT [--json]`: one round of checks and its verdict, for a person.
#pragma once
#include <optional>
#include <string>

#include "plugins/sdt/core/settings.h"
#include "plugins/sdt/examination.h"
#include "sdk/async/command.h"

namespace tharsis::sdt {

class check_command {
 public:
  check_command(const host& tables, strand& place, resolver& names, const settings& s)
      : host_(tables), place_(place), names_(names), settings_(s) {}
  check_command(const check_command&) = delete;

  // In the place of the plugin's start. Ends with finish(): 0 when all is fine, 1 when not, 2
  // when the words make no sense.
  void run(const command_call& call);
  void close() { round_.reset(); }

 private:
  task<void> check(endpoint server);
  void refuse(const std::string& why) const;

  const host host_;
  strand& place_;
  resolver& names_;
  const settings settings_;
  std::optional<command_call> call_;
  bool as_json_ = false;
  std::optional<task<void>> round_;
};

}  // namespace tharsis::sdt
