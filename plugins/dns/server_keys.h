// Keys that servers want to see, out of the files that the servers' texts name.
#pragma once
#include <vector>

#include "plugins/dns/core/server.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

// Fills in `key` of those that have a `key_file`. A file that others may read is refused. [a thread that may block]
error load_server_keys(const tharsis_files* files, std::vector<server>& servers);

// The same, meanwhile. `servers` outlives the task.
task<error> read_server_keys(strand& place, const tharsis_files* files, std::vector<server>& servers);
// The same of servers that were typed: their files' names are those of the folder where that was.
task<error> read_server_keys(strand& place, const tharsis_files* files, command_call call, std::vector<server>& servers);

}  // namespace tharsis::dns
