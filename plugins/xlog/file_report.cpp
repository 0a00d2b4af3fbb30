#include "plugins/xlog/file_report.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "plugins/xlog/core/left_out.h"
#include "plugins/xlog/core/tick_clock.h"
#include "plugins/xlog/frame_walk.h"

namespace tharsis::xlog {
namespace {

bool is_one_of_frames(const log_file& f) { return f.name.ending == ending_of(file_format::xlog); }

class report_maker {
 public:
  report_maker(const file_reader& file, const file_opening& opening, file_report& to) : file_(file), opening_(opening), to_(to) {}

  void add(const frame_header& h, uint64_t at) {
    end_ = at + h.size();
    if (h.kind == frame_kind::block) add_block(h, at);
    if (h.kind == frame_kind::note) add_note(h, at);
    if (h.kind == frame_kind::left_out) add_left_out(h, at);
    if (h.kind == frame_kind::recovered) to_.flags |= THARSIS_LOG_FILE_OLDER;
    if (h.kind == frame_kind::end) to_.flags |= THARSIS_LOG_FILE_COMPLETE;
  }
  uint64_t end() const { return end_; }

 private:
  // By the anchor of the block, as its lines are shown.
  void add_block(const frame_header& h, uint64_t at) {
    to_.lines += h.rows;
    to_.levels |= h.levels;
    const auto clear = file_.read(at + frame_header::header_size, h.extra);
    const auto extra = clear ? decode_block_extra(as_bytes(*clear)) : std::nullopt;
    const clock_anchor& anchor = extra ? extra->anchor : opening_.header.anchor;
    const unsigned shift = opening_.header.tick_shift;
    if (shift < 64) add_time(wall_of(h.tick_min << shift, anchor), wall_of(h.tick_max << shift, anchor));
  }
  void add_left_out(const frame_header& h, uint64_t at) {
    const auto clear = file_.read(at + frame_header::header_size, h.extra);
    const auto what = clear ? decode_left_out(as_bytes(*clear), h) : std::nullopt;
    if (!what) return;
    to_.flags |= what->until == left_out::open_end ? THARSIS_LOG_FILE_SHIPPED_OPEN : THARSIS_LOG_FILE_PART;
  }
  // The time of one is sealed with it.
  void add_note(const frame_header& h, uint64_t at) {
    ++to_.lines;
    to_.levels |= h.levels;
    int64_t wall = 0;
    const auto bytes = file_.read(at + frame_header::header_size + h.extra, sizeof wall);
    if (opening_.header.sealed || !bytes || bytes->size() < sizeof wall) return;
    std::memcpy(&wall, bytes->data(), sizeof wall);
    add_time(wall, wall);
  }
  void add_time(int64_t first, int64_t last) {
    to_.first = any_ ? std::min(to_.first, first) : first;
    to_.last = any_ ? std::max(to_.last, last) : last;
    any_ = true;
  }

  const file_reader& file_;
  const file_opening& opening_;
  file_report& to_;
  uint64_t end_ = 0;
  bool any_ = false;
};

bool same_id(const file_report& a, const file_report& b) {
  return a.id == b.id && a.file.path != b.file.path && a.id != std::array<uint8_t, 16>{};
}

}  // namespace

file_report report_of(const tharsis_files* files, log_file f) {
  file_report r;
  r.file = std::move(f);
  r.flags = THARSIS_LOG_FILE_UNKNOWN;
  if (!is_one_of_frames(r.file)) return r;
  const auto file = file_reader::open(files, r.file.path);
  const auto begin = file ? file->read(0, file_header::fixed_size + file_header::seal_max + checksum_size) : file.failure();
  if (!begin) return r;
  file_opening opening;
  r.flags = 0;
  if (decode_file_header(as_bytes(*begin), opening)) {
    if (!begin->empty()) r.flags = THARSIS_LOG_FILE_TORN;
    return r;
  }
  r.id = opening.header.id;
  if (opening.header.sealed) r.flags |= THARSIS_LOG_FILE_SEALED;
  report_maker maker(*file, opening, r);
  walk_frames(*file, [&](const frame_header& h, uint64_t at) { return maker.add(h, at), true; });
  if (std::max(maker.end(), uint64_t{opening.size}) < r.file.bytes) r.flags |= THARSIS_LOG_FILE_TORN;
  return r;
}

// Lines that a dead process left are older than the others, nobody knows how much. A day begins up to 14 hours before that of
// UTC, and ends up to 12 hours after it.
bool may_have(const file_report& r, const file_span& wanted) {
  if (wanted.day && r.file.name.day != *wanted.day) return false;
  const bool older = (r.flags & THARSIS_LOG_FILE_OLDER) != 0;
  if ((r.flags & THARSIS_LOG_FILE_UNKNOWN) != 0)
    return r.file.name.day + 1 >= utc_day(wanted.since) && r.file.name.day - 1 <= utc_day(wanted.until);
  if (r.first == 0 && r.last == 0) return wanted.is_all() || wanted.day || older;
  return r.last >= wanted.since && (r.first < wanted.until || older);
}

file_reports reports_in(const tharsis_files* files, const std::vector<std::string>& folders, const file_span& wanted) {
  file_reports all;
  for (const std::string& folder : folders) {
    auto found = log_files_in(files, folder, {});
    if (!found) all.complaints.push_back(found.failure().text);
    if (!found && all.failure.status == THARSIS_OK) all.failure = found.failure();
    if (!found) continue;
    for (log_file& f : *found) {
      file_report r = report_of(files, std::move(f));
      const bool known = std::any_of(all.files.begin(), all.files.end(), [&](const file_report& o) { return same_id(o, r); });
      if (known || !may_have(r, wanted)) continue;
      if (r.file.bytes > 0 && file_claim(files, r.file.path).is_anothers()) r.flags |= THARSIS_LOG_FILE_OPEN;
      if ((r.flags & THARSIS_LOG_FILE_OPEN) != 0) r.flags &= ~uint32_t{THARSIS_LOG_FILE_TORN};
      all.files.push_back(std::move(r));
    }
  }
  const auto key = [](const file_report& r) { return std::tie(r.file.name.of, r.file.name.day, r.file.name.number, r.file.path); };
  std::stable_sort(all.files.begin(), all.files.end(), [&](const file_report& a, const file_report& b) { return key(a) < key(b); });
  return all;
}

}  // namespace tharsis::xlog
