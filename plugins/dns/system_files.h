// The file by which whoever owns this machine tells its resolver what he wants.
#pragma once
#include "plugins/dns/core/own_words.h"
#include "sdk/abi/files.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::dns {

inline constexpr const char* system_hosts = "/etc/hosts";

// A file that cannot be read says nothing.
task<own_words> read_own_words(strand& place, const tharsis_files* files);

}  // namespace tharsis::dns
