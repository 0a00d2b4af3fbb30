// Behind tharsis.log_reader/1: readings by their handles.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/xlog/log_reading.h"
#include "sdk/abi/files.h"
#include "sdk/abi/xlog.h"

namespace tharsis::xlog {

// See tharsis_log_reader. [any thread]
class reader_service {
 public:
  // Reads in `folders` where a query names no path. `first` is a number of no reading that was: who has a handle of a
  // service before this one is answered that it is gone.
  reader_service(const tharsis_files* files, std::vector<std::string> folders, uint64_t first) : files_(files), folders_(std::move(folders)), last_(first) {}

  tharsis_status open(const tharsis_log_query* query, int64_t now, tharsis_handle* reading, tharsis_error* error);
  tharsis_status next(tharsis_handle reading, const tharsis_log_item** item, tharsis_error* error);
  void close(tharsis_handle reading);

 private:
  const tharsis_files* const files_;
  const std::vector<std::string> folders_;
  std::mutex mutex_;
  tharsis_handle last_;
  std::map<tharsis_handle, std::shared_ptr<log_reading>> open_;
};

}  // namespace tharsis::xlog
