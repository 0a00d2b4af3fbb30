#include "plugins/xlog/compacting.h"

#include <algorithm>
#include <vector>

#include "sdk/async/blocking.h"

namespace tharsis::xlog {
namespace {

// Newer files are read more often, and stay for longer. Those that the name says nothing of are others'.
std::vector<log_file> candidates(const tharsis_files* files, const settings& s) {
  std::vector<log_file> all;
  for (const std::string& folder : s.directories()) {
    clear_unfinished(files, folder, s.name);
    const auto found = log_files_in(files, folder, s.name);
    if (!found) continue;
    for (const log_file& f : *found)
      if (f.name.ending == ending_of(file_format::xlog) && f.bytes >= compact_bytes_least) all.push_back(f);
  }
  std::sort(all.begin(), all.end(), [](const log_file& a, const log_file& b) { return b.name < a.name; });
  return all;
}

}  // namespace

compacting::compacting(const host& h, strand& place, const settings& s)
    : host_(h),
      place_(place),
      settings_(s),
      keep_free_(s.keep.keep_free),
      files_(h.count<counter>("files_compacted", "1", "Closed log files that were put into larger blocks")),
      saved_(h.count<counter>("bytes_compacted", "bytes", "That they are smaller by")),
      wake_(place),
      pace_(s.compact_after, place.now()) {}

task<void> compacting::run() {
  for (;;) {
    const bool found = co_await find_files();
    if (!found) co_return;
    while (!waiting_.empty()) {
      const bool quiet = co_await wait_for_quiet();
      if (!quiet) co_return;
      const std::string path = waiting_.front();
      const bool over = co_await compact(path);
      if (!over) co_return;
    }
    const uint32_t reasons = co_await wake_.wait(later(place_.now(), compact_look_interval));
    if ((reasons & stopping) != 0) co_return;
  }
}

// False: it is time to stop.
task<bool> compacting::wait_until(instant due) {
  while (place_.now() < due) {
    const uint32_t reasons = co_await wake_.wait(due);
    if ((reasons & stopping) != 0) co_return false;
  }
  co_return true;
}

task<bool> compacting::wait_for_quiet() {
  while (!pace_.is_quiet(place_.now())) {
    const bool waited = co_await wait_until(pace_.quiet_from());
    if (!waited) co_return false;
  }
  co_return true;
}

task<bool> compacting::find_files() {
  const bool quiet = co_await wait_for_quiet();
  if (!quiet) co_return false;
  full_ = false;
  const auto job = [files = host_.files, s = settings_] { return candidates(files, s); };
  const auto found = co_await blocking(place_, job);
  if (!found) co_return true;
  for (const log_file& f : *found) {
    const auto known = left_.find(f.path);
    if (known == left_.end() || known->second != f.bytes) waiting_.push_back(f.path);
  }
  co_return true;
}

// Step by step; given up for now when there is more to write. False: it is time to stop.
task<bool> compacting::compact(std::string path) {
  const auto w = std::make_shared<work>();
  w->file = std::make_unique<file_compaction>(host_.files, *host_.random, path, file_compaction::limits{keep_free_, false});
  bool stays = true;
  while (stays && pace_.is_quiet(place_.now())) {
    const instant begun = place_.now();
    const auto step = [w] { return w->file->step(); };
    const auto over = co_await blocking(place_, step);
    if (over && *over) {
      on_outcome(path, w->file->outcome());
      waiting_.pop_front();
      break;
    }
    stays = co_await wait_until(later(place_.now(), compaction_pace::pause_after(place_.now() - begun)));
  }
  const auto clear = [w] { return w->file.reset(), true; };
  co_await blocking(place_, clear);
  co_return stays;
}

void compacting::on_outcome(const std::string& path, const compaction_outcome& o) {
  using kind = compaction_outcome::kind;
  if (o.is == kind::done) {
    files_.add();
    saved_.add(o.before.bytes - o.bytes);
    host_.debug("compacted " + path + ": " + std::to_string(o.before.rows) + " lines in " + std::to_string(o.blocks) + " blocks instead of " +
                std::to_string(o.before.blocks) + ", " + std::to_string(o.bytes) + " bytes instead of " + std::to_string(o.before.bytes));
  }
  if (o.is == kind::left) left_[path] = o.before.bytes;
  if (o.is != kind::failed) return;
  left_[path] = o.before.bytes;
  if (o.why.status == THARSIS_E_FULL) waiting_.resize(1);  // The others would fare no better.
  if (o.why.text == last_complaint_) return;
  last_complaint_ = o.why.text;
  host_.warning("'" + path + "' stays as it is, in many small blocks: " + o.why.text);
}

}  // namespace tharsis::xlog
