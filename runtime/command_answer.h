// What the program's commands have in common: where they look for plugins, how they answer a person,
// and the exit codes.
#pragma once
#include <string>

#include "runtime/command_line.h"
#include "runtime/diagnostic.h"
#include "runtime/profile.h"

namespace tharsis::runtime {

inline constexpr int exit_done = 0, exit_work_failed = 1, exit_input_wrong = 2;

// On stdout. Answers exit_done, also when nobody reads any more; where it cannot be written otherwise, on a full disk, that is
// told on stderr, and it answers exit_work_failed.
int say(const std::string& text);
// Whether something that was said has found no place or no reader.
bool said_in_vain();

// On stderr; answers exit_input_wrong.
int refuse(const std::string& text);
int refuse(const diagnostics& problems);

// What a question to a running runtime came to. Nobody runs there: exit_work_failed; it cannot be answered as it
// stands: exit_input_wrong.
int complain(const error& e);

// Warnings of a profile that is good otherwise, on stderr.
void warn(const diagnostics& warnings);

// Where plugins are looked for: what the person says, beside the program, where they are installed.
profile_request request_of(const command_line& line);
// Where a `tharsis run` keeps the socket by which it is asked.
std::string state_folder_of(const command_line& line);

}  // namespace tharsis::runtime
