#include "plugins/xlog/merged_lines.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace tharsis::xlog {
namespace {

constexpr uint64_t lines_between_progress = 64 << 10;
// More files than that are not kept open: a process may have some hundred descriptors.
constexpr size_t open_most = 64;

}  // namespace

uint64_t merged_lines::bytes_in_all() const {
  uint64_t all = 0;
  for (const auto& s : sources_) all += s->bytes->size();
  return all;
}

uint64_t merged_lines::bytes_done() const {
  uint64_t done = 0;
  for (const auto& s : sources_) done += s->lines->position();
  return done;
}

// The source to read: first each once, to see when its lines begin; then the one with the earliest, for as long as no other
// has an earlier one, or, in the order of the sources, one of the same time.
void merged_lines::choose() {
  if (begun_ < sources_.size()) {
    at_ = begun_++;
    has_line_ = false;
    limit_ = {std::numeric_limits<int64_t>::min(), 0};
  } else {
    std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
    at_ = heads_.back().of.second;
    has_line_ = heads_.back().line;
    heads_.pop_back();
    limit_ = heads_.empty() ? position(std::numeric_limits<int64_t>::max(), sources_.size()) : heads_.front().of;
  }
  reads_ = true;
}

// The source came to a line, or to a place where some may be, and not before others' lines: that waits for its turn.
void merged_lines::put_back(bool line) {
  read_source& s = *sources_[at_];
  heads_.push_back({{line ? s.lines->line().wall : s.lines->earliest(), at_}, line});
  std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
  reads_ = false;
  if (!line && sources_.size() > open_most) s.bytes->let_go();
}

merged_lines::step merged_lines::next() {
  for (;;) {
    if (lines_ >= lines_between_progress) {
      lines_ = 0;
      return step::progress;
    }
    if (!reads_) {
      if (begun_ == sources_.size() && heads_.empty()) {
        begun_ = 0;
        return step::end;
      }
      choose();
    }
    read_source& s = *sources_[at_];
    switch (std::exchange(has_line_, false) ? line_source::step::line : s.lines->next()) {
      case line_source::step::line:
        if (position(s.lines->line().wall, at_) < limit_) {
          ++lines_;
          return step::line;
        }
        put_back(true);
        break;
      case line_source::step::damage: ++lines_; return step::damage;
      case line_source::step::later: put_back(false); return step::progress;
      case line_source::step::more:
      case line_source::step::end:
        s.bytes->let_go();
        reads_ = false;
        break;
    }
  }
}

bool merged_lines::run(line_sink& sink) {
  for (;;) {
    switch (next()) {
      case step::line: sink.on_line(line()); break;
      case step::damage: sink.on_damage(source(), told()); break;
      case step::progress:
        if (!sink.on_progress(*this)) return false;
        break;
      case step::end: return true;
    }
  }
}

}  // namespace tharsis::xlog
