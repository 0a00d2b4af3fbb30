// Lines of many files in the order of their times. A file whose lines are older, or newer, than all others' is read in
// whole stretches, and only files that overlap are compared line by line; a file is not opened before it is its turn.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugins/xlog/core/line_source.h"
#include "plugins/xlog/read_sources.h"

namespace tharsis::xlog {

// Who gets them.
class line_sink {
 public:
  virtual ~line_sink() = default;
  virtual void on_line(const log_line& l) = 0;
  virtual void on_damage(const read_source& from, const damage& d) = 0;
  // Now and then: how far it is. False: it is enough.
  virtual bool on_progress(uint64_t, uint64_t) { return true; }
};

// [may block]
class merged_lines {
 public:
  // `sources` must outlive this and may get more, which are taken at the next run().
  explicit merged_lines(const std::vector<std::unique_ptr<read_source>>& sources) : sources_(sources) {}

  // All that is there now. False: the sink had enough.
  bool run(line_sink& sink);

  uint64_t bytes_in_all() const;

 private:
  using head = std::pair<int64_t, size_t>;  // When, and whose.
  bool place(size_t at, line_source::step step, line_sink& sink);
  bool tell_progress(line_sink& sink);

  const std::vector<std::unique_ptr<read_source>>& sources_;
  std::vector<head> heads_;  // A heap, the earliest first.
  std::vector<bool> has_line_;
  uint64_t lines_ = 0;
};

}  // namespace tharsis::xlog
