// The log files that may be shipped, as they are found. [may block]
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugins/xlog/core/ship_plan.h"
#include "plugins/xlog/core/shipment.h"
#include "plugins/xlog/file_window.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

struct found_log {
  ship_file file;
  std::string path;
  bool being_written = false;
  int64_t modified = 0;  // 0: nobody knows.
};

struct found_logs {
  std::vector<found_log> all;
  std::vector<std::string> complaints;
};

// Of paths, absolute and as they were named: files, and folders whose log files are taken. Those that were written last before
// `since` have nothing that is wanted. `of`: in folders only the files of that log; empty: of all.
found_logs find_logs(const tharsis_files* files, const std::vector<std::pair<std::string, std::string>>& paths, int64_t since, const std::string& of = {});

// One file on its way: its bytes stay those of one moment, as long as this has it open.
class shipped_log {
 public:
  shipped_log(const tharsis_files* files, found_log log) : log_(std::move(log)), bytes_(files, log_.path, false) {}

  // THARSIS_E_NOT_FOUND: nothing of it is wanted.
  result<shipping::manifest> plan(const std::string& note, const ship_selection& wanted, const std::atomic<bool>& stop);
  // The body of a request that brings these pieces; after plan().
  result<std::string> pieces(const std::vector<uint32_t>& which);

 private:
  const found_log log_;
  file_window bytes_;
  std::optional<ship_plan> plan_;
};

}  // namespace tharsis::xlog
