// `tharsis sdt diagnose [TARGET]`: one session and its report, for a person or a program; `sdt watch`: one after the other.
#pragma once
#include <memory>
#include <optional>

#include "plugins/sdt/core/verdict.h"
#include "plugins/sdt/diagnose_line.h"
#include "plugins/sdt/session.h"
#include "sdk/async/command.h"

namespace tharsis::sdt {

class diagnose_command {
 public:
  diagnose_command(const host& tables, strand& place, resolver& names, const settings& s)
      : host_(tables), place_(place), names_(names), settings_(s) {}
  diagnose_command(const diagnose_command&) = delete;

  // Ends with finish(): 0 when all is well, 1 when not, 2 when the words make no sense.
  void run(const command_call& call);
  void close() { work_.reset(); }

 private:
  task<void> diagnose(diagnose_line line);
  task<void> watch(diagnose_line line);
  task<report> look(wish asked);
  task<error> write_page(std::string path, std::string page);

  const host host_;
  strand& place_;
  resolver& names_;
  const settings settings_;
  std::optional<command_call> call_;
  trust trust_;
  std::unique_ptr<session> session_;
  std::optional<task<void>> work_;
};

}  // namespace tharsis::sdt
