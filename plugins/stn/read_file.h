// A whole file over the host's table.
#pragma once
#include <cstdint>
#include <string>

#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

// `what` it is meant to be, for the sentence when it has more than `most` bytes. [a thread that may block]
result<std::string> read_file(const tharsis_files& files, const std::string& path, uint64_t most, const std::string& what);

}  // namespace tharsis::stn
