// The files table as one plugin sees it: the platform's, which remembers what the plugin has open.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/abi/files.h"

namespace tharsis::runtime {

class plugin_files {
 public:
  explicit plugin_files(const tharsis_files& platform);
  plugin_files(const plugin_files&) = delete;

  const tharsis_files* table() const { return &table_; }

  // Closes what is open and answers its paths. [once the plugin runs no more code]
  std::vector<std::string> close_all();

 private:
  static plugin_files& of(void* self) { return *static_cast<plugin_files*>(self); }
  tharsis_status note(tharsis_status status, tharsis_text path, const tharsis_handle* file);

  const tharsis_files& platform_;
  tharsis_files table_{};
  std::mutex mutex_;
  std::map<tharsis_handle, std::string> open_;
};

}  // namespace tharsis::runtime
