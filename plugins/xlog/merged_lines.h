// Lines of many files in the order of their times. A file whose lines are older, or newer, than all others' is read in
// whole stretches, and only files that overlap are compared line by line; a file is not opened before it is its turn.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/xlog/core/line_source.h"
#include "plugins/xlog/read_sources.h"

namespace tharsis::xlog {

class merged_lines;

// Who gets them.
class line_sink {
 public:
  virtual ~line_sink() = default;
  virtual void on_line(const log_line& l) = 0;
  virtual void on_damage(const read_source& from, const damage& d) = 0;
  // Now and then; `work` tells how far it is. False: it is enough.
  virtual bool on_progress(const merged_lines&) { return true; }
};

// [may block]
class merged_lines {
 public:
  // `sources` must outlive this and may get more, which are taken at the next end.
  explicit merged_lines(const std::vector<std::unique_ptr<read_source>>& sources) : sources_(sources) {}

  enum class step {
    line,      // See line().
    damage,    // See told(); of source().
    progress,  // Nothing, but some time went by.
    end,       // That is all that is there now; the next next() begins to look again.
  };
  step next();
  // Good until the next next().
  const log_line& line() const { return source().lines->line(); }
  const damage& told() const { return source().lines->told(); }
  const read_source& source() const { return *sources_[at_]; }

  // All that is there now. False: the sink had enough.
  bool run(line_sink& sink);

  uint64_t bytes_done() const;
  uint64_t bytes_in_all() const;

 private:
  using position = std::pair<int64_t, size_t>;  // In the order of all lines: when, and of which source.
  struct head {
    position of;
    bool line;  // It is there; else it may come.
    bool operator>(const head& other) const { return of > other.of; }
  };

  void choose();
  void put_back(bool line);

  const std::vector<std::unique_ptr<read_source>>& sources_;
  std::vector<head> heads_;  // Of the sources that wait; a heap, the earliest first.
  size_t begun_ = 0;         // How many sources were looked at.
  size_t at_ = 0;            // The source that is read,
  bool reads_ = false;       // if one is.
  bool has_line_ = false;    // It has come to a line that was not told yet.
  position limit_;           // Its lines from there on wait for others.
  uint64_t lines_ = 0;       // And sentences about damage; since the last progress.
};

}  // namespace tharsis::xlog
