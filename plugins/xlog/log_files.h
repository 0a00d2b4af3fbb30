// The file that frames go to: a new one for each start, each day or part of one, and each time that it is full; kept open.
// Everything here may block, so it runs inside run_blocking, one call at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/calendar.h"
#include "plugins/xlog/core/file_name.h"
#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class log_files {
 public:
  // Files are begun in the first of the directories that takes one. No two in any of them have the same name.
  log_files(const tharsis_files* files, std::vector<std::string> directories, const std::string& name, uint64_t file_size, calendar days,
            const std::string& ending = std::string(ending_of(file_format::xlog)))
      : files_(files), directories_(std::move(directories)), file_size_(file_size), days_(std::move(days)), name_{0, 0, name, ending} {}
  log_files(const log_files&) = delete;
  ~log_files() { close(); }

  // Makes the folders if need be, and an empty file for lines of this time.
  error begin(int64_t wall);

  // All of it, or a failure and the file is as before, or gone: then begin() has to follow.
  error append(std::string_view bytes);

  // Whether what is written at this time belongs into another file: no file is there, it is full, or of another time.
  bool is_over(int64_t wall) const;
  // Somebody else's doing: what was written since the last look may be nowhere.
  bool is_taken_away() const { return file_ != 0 && !is_there(); }
  bool is_full() const { return bytes_ >= file_size_; }
  bool is_open() const { return file_ != 0; }
  uint64_t length() const { return bytes_; }
  // Of the file that is open, or was last.
  std::string path() const { return directories_[directory_] + "/" + name_text(name_); }

  // After this what was appended survives a loss of power.
  error sync();
  // The same, then closed.
  error finish();
  void close();

 private:
  error begin_in(size_t directory, file_name name);
  error find_last(size_t directory, file_name& name) const;
  error open_name(const file_name& name);
  bool is_there() const;
  bool is_folder(const std::string& path) const;
  bool is_no_file(const std::string& path) const;

  const tharsis_files* files_;
  const std::vector<std::string> directories_;
  const uint64_t file_size_;
  const calendar days_;
  tharsis_handle file_ = 0;
  tharsis_handle lock_ = 0;
  size_t directory_ = 0;  // Where the file is.
  file_name name_;
  calendar::period begun_;
  uint64_t bytes_ = 0;
};

}  // namespace tharsis::xlog
