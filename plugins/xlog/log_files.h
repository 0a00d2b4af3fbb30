// The file that frames go to: a new one for each start, each day, and each time that it is full; kept open. Everything
// here may block, so it runs inside run_blocking, one call at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/xlog/core/file_name.h"
#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class log_files {
 public:
  log_files(const tharsis_files* files, std::string directory, const std::string& name, uint64_t file_size,
            const std::string& ending = std::string(ending_of(file_format::xlog)))
      : files_(files), directory_(std::move(directory)), file_size_(file_size), name_{0, 0, name, ending} {}
  log_files(const log_files&) = delete;
  ~log_files() { close(); }

  // Makes the folder if need be, and an empty file for lines of this time.
  error begin(int64_t wall);

  // All of it, or a failure and the file is as before, or gone: then begin() has to follow.
  error append(std::string_view bytes);

  // Whether what is written at this time belongs into another file: no file is there, it is full, or of another day. A
  // clock that is set back a little, over midnight, makes nobody turn back; one that was wrong by more than that does.
  bool is_over(int64_t wall) const;
  // Somebody else's doing: what was written since the last look may be nowhere.
  bool is_taken_away() const { return file_ != 0 && !is_there(); }
  bool is_open() const { return file_ != 0; }
  uint64_t length() const { return bytes_; }
  // Of the file that is open, or was last.
  std::string path() const { return path(name_); }

  // After this what was appended survives a loss of power.
  error sync();
  // The same, then closed.
  error finish();
  void close();

 private:
  error open_name(file_name name);
  bool is_there() const;
  bool is_folder(const std::string& path) const;
  std::string path(const file_name& name) const { return directory_ + "/" + name_text(name); }

  const tharsis_files* files_;
  const std::string directory_;
  const uint64_t file_size_;
  tharsis_handle file_ = 0;
  tharsis_handle lock_ = 0;
  file_name name_;
  uint64_t bytes_ = 0;
};

}  // namespace tharsis::xlog
