// Compacts the closed files of a log while it runs and there is little to write: see compact_file.h.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "plugins/xlog/compact_file.h"
#include "plugins/xlog/current_file.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/metrics.h"

namespace tharsis::xlog {

class compacting {
 public:
  compacting(const host& h, strand& place, const settings& s);

  // Until stop().
  task<void> run();
  void stop() { wake_.raise(stopping); }
  // So many lines were written.
  void on_lines(uint64_t count) { pace_.on_lines(count, place_.now()); }
  // From the next file on.
  void set_limits(const retention& keep) { keep_free_ = keep.keep_free; }
  // A file was closed.
  void look() { wake_.raise(looking); }

 private:
  static constexpr uint32_t stopping = 1, looking = 2;
  // Used inside blocking work, one at a time; it may outlive the coroutine that began it.
  struct work {
    std::unique_ptr<file_compaction> file;
    bool over = false;
  };

  task<bool> wait_until(instant due);
  task<bool> wait_for_quiet();
  task<bool> find_files();
  task<bool> compact(std::string path);
  void on_outcome(const std::string& path, const compaction_outcome& o);

  const host host_;
  strand& place_;
  const settings settings_;
  uint64_t keep_free_;
  counter files_, saved_;
  signal wake_;
  compaction_pace pace_;
  std::deque<std::string> waiting_;         // Files, the newest first.
  std::map<std::string, uint64_t> left_;    // By path: its length when there was nothing to gain.
  bool full_ = false;                       // The disk was, since files were looked for.
  std::string last_complaint_;              // It is told once.
};

}  // namespace tharsis::xlog
