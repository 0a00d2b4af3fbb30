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
  const auto take = [](void* context, const tharsis_log_record* r) {
    const std::string tag = r->tag.size > 0 ? "[" + std::string(view(r->tag)) + "] " : std::string();
    static_cast<std::vector<std::string>*>(context)->push_back(std::string(view(r->plugin)) + ": " + tag + std::string(view(r->text)));
  };
  for (const std::string& path : paths) {
    tharsis_error why = no_reason();
    EXPECT_EQ(files->read(files->self, text_of(path), take, &lines, &why), THARSIS_OK) << path << ": " << why.text;
  }
  tharsis_guard_leave(guard);
  tharsis_guard_unbind(guard);
  return lines;
}

}  // namespace tharsis::test
