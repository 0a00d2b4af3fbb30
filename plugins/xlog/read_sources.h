// The files that somebody wants to read, and a reader for each. [may block]
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/key_file.h"
#include "plugins/xlog/core/line_source.h"
#include "plugins/xlog/core/query.h"
#include "plugins/xlog/file_window.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

struct read_source {
  std::string path;   // Absolute.
  std::string shown;  // As it was named.
  // Only lines that were recorded are of this source, or only others: there is another one for those.
  std::optional<bool> recorded;
  std::unique_ptr<file_window> bytes;
  std::unique_ptr<line_source> lines;
};

struct found_sources {
  std::vector<std::unique_ptr<read_source>> all;
  std::vector<std::string> complaints;  // What is wrong with the paths.
};

// Makes sources of paths. What outlives them: files, the query, and the key, which may be null.
class source_finder {
 public:
  source_finder(const tharsis_files* files, std::string folder, const query& wanted, const private_key* key, bool grows)
      : files_(files), folder_(std::move(folder)), wanted_(wanted), key_(key), grows_(grows) {}
  source_finder(const tharsis_files* files, std::string folder, query&& wanted, const private_key* key, bool grows) = delete;

  // Files of nobody's are taken as ours whose beginning is damaged, and not complained of.
  void take_all() { takes_all_ = true; }

  // A path that is a folder gives the log files in it that may hold what is wanted; `now` names them where there are
  // none. What was found before is not found again.
  void add(const std::vector<std::string>& paths, int64_t now, found_sources& to);

 private:
  void add_folder(const std::string& absolute, const std::string& shown, int64_t now, found_sources& to);
  void add_file(const std::string& path, const std::string& shown, found_sources& to);
  bool is_copy(const std::string& path) const;

  const tharsis_files* const files_;
  const std::string folder_;  // Of relative paths.
  const query& wanted_;
  const private_key* const key_;
  const bool grows_;
  bool takes_all_ = false;
  std::vector<std::string> known_;  // Absolute.
};

}  // namespace tharsis::xlog
