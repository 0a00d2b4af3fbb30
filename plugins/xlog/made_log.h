// Log files of lines that come from elsewhere, in the order in which they come: by days and size, as a log that is written has them.
// [may block]
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plugins/xlog/block_form.h"
#include "plugins/xlog/core/log_line.h"
#include "plugins/xlog/log_files.h"

namespace tharsis::xlog {

class made_log {
 public:
  // Files of the log `name` in `folder`, which is made if it is missing.
  made_log(const tharsis_files* files, const std::string& folder, const std::string& name, const tharsis_random& random);

  // After a failure no more.
  error add(const log_line& l);
  // The last line was added.
  error end();
  // All of it goes: somebody will try again.
  void remove();

  uint64_t lines() const { return lines_; }
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  error begin(int64_t wall);
  error end_block();
  error end_file();
  uint32_t number_of(const site& s);
  uint32_t ring_of(uint64_t thread);
  void take_arguments(const log_line& l);

  const tharsis_files* const files_;
  const tharsis_random& random_;
  log_files to_;
  std::optional<block_form> form_;                    // Of the file; none: none is begun.
  int64_t day_ = 0;                                   // Of the file.
  std::unordered_map<std::string, uint32_t> sites_;   // Their numbers in the file, by their bytes.
  std::unordered_map<uint64_t, uint32_t> threads_;    // Of the block: which ring each counts as.
  block_extra extra_;                                 // Of the block.
  std::vector<uint8_t> kept_;                         // The rows' arguments, of the block.
  std::vector<uint8_t> arguments_;                    // Of the line.
  std::string said_, key_;
  byte_sink text_;
  uint64_t lines_ = 0;
  std::vector<std::string> paths_;
};

}  // namespace tharsis::xlog
