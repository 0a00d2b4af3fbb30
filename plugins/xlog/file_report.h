// What a log file holds, as far as it says so in the clear: whoever has no key knows it too. [may block]
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/xlog/core/files_arguments.h"
#include "plugins/xlog/log_folder.h"
#include "sdk/abi/xlog.h"

namespace tharsis::xlog {

struct file_report {
  log_file file;
  uint32_t flags = 0;            // THARSIS_LOG_FILE_*
  std::array<uint8_t, 16> id{};  // The same in a copy.
  uint8_t levels = 0;            // Bit: some line has that level.
  uint64_t lines = 0;
  int64_t first = 0, last = 0;   // Both 0: it has none.
};

// Header by header, without the payloads. Not whether somebody writes it.
file_report report_of(const tharsis_files* files, log_file f);

// Whether it may have lines of that time.
bool may_have(const file_report& r, const file_span& wanted);

// Of all folders; where a file is in two of them, because its way from one to the other was cut short, once.
struct file_reports {
  std::vector<file_report> files;
  std::vector<std::string> complaints;  // One for each folder that cannot be read.
  error failure{THARSIS_OK, {}};        // The first of them.
};
file_reports reports_in(const tharsis_files* files, const std::vector<std::string>& folders, const file_span& wanted);

}  // namespace tharsis::xlog
