// How far long work is, for who waits in front of a terminal.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/xlog/core/settings.h"

namespace tharsis::xlog {

struct progress {
  uint64_t done = 0, all = 0;  // Bytes.
  int64_t took = 0;            // Nanoseconds.
  std::string_view file;       // That is read now.
};

// "42 %, 1.2 of 2.9 GB, 512 MB/s, logs/xlog_20261125.tlog"
std::string progress_text(const progress& p);

// When to tell: work that is soon done not at all.
class progress_pace {
 public:
  explicit progress_pace(int64_t now) : next_(now + progress_after.count()) {}
  bool is_due(int64_t now) {
    if (now < next_) return false;
    next_ = now + progress_interval.count();
    return true;
  }

 private:
  int64_t next_;
};

}  // namespace tharsis::xlog
