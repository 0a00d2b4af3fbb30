// What stands in log files, read as a host does: through xlog's tharsis.log_reader/1.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "sdk/abi/xlog.h"
#include "sdk/pure/views.h"
#include "tests/hosts/host.h"

namespace tharsis::test {

// "plugin: [tag] text" of each line, file after file.
inline std::vector<std::string> lines_in(const std::string& folder) {
  std::vector<std::string> paths, lines;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".tlog") paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  host reader("  xlog: {}\n");
  tharsis_guard* guard = nullptr;
  if (!reader.settle() || tharsis_runtime_bind(reader.runtime, THARSIS_LOG_READER_ID, &guard, &reader.why) < 0) {
    ADD_FAILURE() << reader.why.text;
    return lines;
  }
  const auto* const files = static_cast<const tharsis_log_reader*>(tharsis_guard_enter(guard));
  EXPECT_NE(files, nullptr);
  if (files == nullptr) return lines;
  for (const std::string& path : paths) {
    const tharsis_text only = text_of(path);
    tharsis_log_query query{};
    query.size = sizeof query;
    query.paths = {&only, 1};
    tharsis_error why = no_reason();
    tharsis_handle reading = 0;
    EXPECT_EQ(files->open(files->self, &query, &reading, &why), THARSIS_OK) << path << ": " << why.text;
    for (const tharsis_log_item* item = nullptr; files->next(files->self, reading, &item, &why) == THARSIS_OK && item != nullptr;) {
      if (item->damage != nullptr) {
        EXPECT_NE(item->damage->at_end, 0u) << path << ": " << view(item->damage->why);
        continue;
      }
      const tharsis_log_record& r = *item->line;
      const std::string tag = r.tag.size > 0 ? "[" + std::string(view(r.tag)) + "] " : std::string();
      lines.push_back(std::string(view(r.plugin)) + ": " + tag + std::string(view(r.text)));
    }
    files->close(files->self, reading);
  }
  tharsis_guard_leave(guard);
  tharsis_guard_unbind(guard);
  return lines;
}

}  // namespace tharsis::test
