#include "plugins/xlog/merged_lines.h"

#include <algorithm>
#include <functional>
#include <limits>

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

bool merged_lines::tell_progress(line_sink& sink) {
  uint64_t done = 0;
  for (const auto& s : sources_) done += s->lines->position();
  return sink.on_progress(done, bytes_in_all());
}

// `step` is what the source came to: goes on to a line, or to where one may come. It joins the heap again unless it has no more.
bool merged_lines::place(size_t at, line_source::step step, line_sink& sink) {
  read_source& s = *sources_[at];
  for (; step == line_source::step::damage; step = s.lines->next()) sink.on_damage(s, s.lines->told());
  const bool line = step == line_source::step::line, later = step == line_source::step::later;
  if (!later && !line) {
    s.bytes->let_go();
    return true;
  }
  has_line_[at] = line;
  heads_.emplace_back(line ? s.lines->line().wall : s.lines->earliest(), at);
  std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
  if (later && sources_.size() > open_most) s.bytes->let_go();
  return line || tell_progress(sink);
}

bool merged_lines::run(line_sink& sink) {
  heads_.clear();
  has_line_.assign(sources_.size(), false);
  for (size_t at = 0; at < sources_.size(); ++at)
    if (!place(at, sources_[at]->lines->next(), sink)) return false;
  while (!heads_.empty()) {
    std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
    const size_t at = heads_.back().second;
    heads_.pop_back();
    line_source& lines = *sources_[at]->lines;
    // As long as no other source has an earlier one, or, in the order of the sources, one of the same time.
    const head limit = heads_.empty() ? head(std::numeric_limits<int64_t>::max(), sources_.size()) : heads_.front();
    auto step = has_line_[at] ? line_source::step::line : lines.next();
    while (step == line_source::step::line && head(lines.line().wall, at) < limit) {
      sink.on_line(lines.line());
      if (++lines_ % lines_between_progress == 0 && !tell_progress(sink)) return false;
      step = lines.next();
    }
    if (!place(at, step, sink)) return false;
  }
  return true;
}

}  // namespace tharsis::xlog
