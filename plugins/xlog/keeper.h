// Keeps the files of one log within its limits: what is too old, too much, or in the way goes; what is in the folder for
// young files moves on. Everything here may block.
//
// It touches only plain files with the names of this log that nobody writes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/retention.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/log_folder.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

class keeper {
 public:
  keeper(const tharsis_files* files, const settings& s);

  struct outcome {
    uint64_t files = 0;  // That are gone.
    uint64_t bytes = 0;
    uint64_t moved = 0;  // Files.
    bool made_room = false;  // One with lines is gone: others find room now.
    std::vector<std::string> told;        // What was done, in sentences.
    std::vector<std::string> complaints;
  };
  // Moves what is old enough, and removes what has to go.
  outcome look(int64_t wall) const;
  // The disk is full: the file that is missed least goes, and all that have no line.
  outcome make_room(int64_t wall) const;

 private:
  struct listing {
    std::vector<log_file> files;
    std::vector<kept_file> facts;  // Of each.
  };
  listing list(int64_t wall, outcome& o) const;
  bool may_go(const log_file& f, int64_t wall) const;
  void enforce(int64_t wall, outcome& o) const;
  bool remove(const log_file& f, outcome& o) const;
  void add_levels(listing& l) const;
  std::optional<uint64_t> free_in(const std::string& folder) const;

  const tharsis_files* const files_;
  const settings settings_;
};

}  // namespace tharsis::xlog
