// Closed files on their way from the folder for young files to the one where they stay. [may block]
//
// On one file system a file is renamed. Else it is copied under another name, synced, and given its own name; only then the
// first one goes: whoever is killed at any moment leaves one whole file, or two that are the same, of which the next one to come
// here removes the first.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/abi/files.h"

namespace tharsis::xlog {

struct moved {
  uint64_t files = 0;
  std::vector<std::string> complaints;
};

// Those of the log `of` that nobody writes, and nobody has written for so many days.
moved move_old_files(const tharsis_files* files, const std::string& from, const std::string& to, const std::string& of, uint32_t days,
                     int64_t wall);

}  // namespace tharsis::xlog
