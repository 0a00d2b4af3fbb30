// What log files already hold of a dead process' rings: its blocks say it in the clear, and so do the frames in which
// others kept what it left.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/recovery.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

struct consumed {
  std::vector<ring_range> ranges;
  std::optional<clock_anchor> anchor;  // Of the last of them: by it, what follows in the rings comes after it.
};

// Over the log files of this directory that hold lines of the segment with this id. What cannot be read is passed
// over: then lines may be kept twice, which is better than not at all. [may block]
consumed consumed_of(const tharsis_files* files, const std::string& directory, const std::array<uint8_t, 16>& segment);

}  // namespace tharsis::xlog
