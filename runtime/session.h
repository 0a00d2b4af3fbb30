// One runtime with a person, or a script, in front of it: from the first step to the exit code.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/profile.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

struct session_request {
  struct command {
    std::string plugin;
    std::string name;
    std::vector<std::string> arguments;
  };
  profile plan;
  std::optional<profile_request> reload;  // How the profile is read again; empty: it is not.
  std::string control;  // By what name other programs of this person reach it; empty: not at all.
  bool json = false;
  bool metrics = false;  // Print at the end what was counted.
  std::optional<duration> run_for;
  std::optional<command> work;  // Nothing: the plugins themselves know what to do.
};

// Runs until a plugin says that the work is done, one fails, the time is over or Ctrl-C; then stops
// everything. Answers the program's exit code; where code of a plugin never returns, or at a second
// Ctrl-C, the process ends in here. Call it before there is any other thread.
int run_session(session_request request);

}  // namespace tharsis::runtime
