// The log files in a folder, as its names tell. [may block]
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/xlog/core/file_name.h"
#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct log_file {
  std::string path;
  file_name name;
  uint64_t bytes = 0;
  int64_t modified = 0;  // When a line was written last, whoever compacted it since; 0: nobody knows.
};

// Plain files with names as ours, in the order of the names; those of one log, or with an empty `of` of all.
result<std::vector<log_file>> log_files_in(const tharsis_files* files, const std::string& folder, const std::string& of);

// Whether both hold the same bytes; a failure is one of reading them.
result<bool> same_content(const tharsis_files* files, const std::string& one, const std::string& other);

// Somebody who lives writes the file, or may: it is left alone. Else it is locked while this lives.
class file_claim {
 public:
  file_claim(const tharsis_files* files, const std::string& path);
  file_claim(const file_claim&) = delete;
  ~file_claim();
  bool ok() const { return lock_ != 0; }
  bool is_anothers() const { return status_ == THARSIS_E_IN_USE; }

 private:
  tharsis_status status_;
  const tharsis_files* files_;
  tharsis_handle lock_ = 0;
};

}  // namespace tharsis::xlog
