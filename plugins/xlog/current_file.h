// The file that is written now, for whoever asks on another thread.
#pragma once
#include <mutex>
#include <string>

namespace tharsis::xlog {

class current_file {
 public:
  // [any thread]
  void set(const std::string& path) {
    const std::lock_guard lock(mutex_);
    path_ = path;
  }
  std::string get() const {
    const std::lock_guard lock(mutex_);
    return path_;
  }

 private:
  mutable std::mutex mutex_;
  std::string path_;
};

}  // namespace tharsis::xlog
