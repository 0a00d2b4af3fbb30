// The file that lines go to: opened by day and number, kept open, changed at midnight and when it is
// full. Everything here may block, so it runs inside run_blocking, one call at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/core/record.h"
#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class log_files {
 public:
  log_files(const tharsis_files* files, std::string directory, uint64_t file_size)
      : files_(files), directory_(std::move(directory)), file_size_(file_size) {}
  log_files(const log_files&) = delete;
  ~log_files() { close(); }

  struct outcome {
    size_t count = 0;  // So many of the lines are in the file now.
    size_t bytes = 0;  // So many were appended to files, lines cut off by a failure included.
    error failure{THARSIS_OK, {}};
    std::string file;  // The one that is open; empty: none.
  };
  // Makes the folder and opens the file for lines of this time.
  outcome open(int64_t wall);

  // After a failure the file is closed; the next call opens it anew.
  outcome append(std::span<const record> lines);

  // To the disk, then closed.
  error finish();

 private:
  outcome outcome_of(size_t count, error failure);
  error open_name(file_name name);
  error open_next(file_name name);
  error flush(std::string& lines);
  error mend_end();
  bool vanished();
  std::string path(const file_name& name) const { return directory_ + "/" + name_text(name); }
  void close();

  const tharsis_files* files_;
  const std::string directory_;
  const uint64_t file_size_;
  tharsis_handle file_ = 0;
  tharsis_handle lock_ = 0;
  file_name name_;
  uint64_t bytes_ = 0;
  size_t appended_ = 0;  // Since the last outcome.
};

}  // namespace tharsis::xlog
