#include "plugins/xlog/tail_command.h"

#include <algorithm>
#include <limits>

#include "plugins/xlog/core/tick_clock.h"
#include "plugins/xlog/frame_walk.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// A block's rows and when the first of them was said.
struct stretch {
  int64_t from, to;
  uint64_t rows;
};

// The last blocks of a file that have so many rows, whatever is in them.
std::vector<stretch> last_stretches(const tharsis_files* files, const std::string& path, uint64_t rows) {
  std::deque<stretch> last;
  const auto file = file_reader::open(files, path);
  if (!file) return {};
  uint64_t kept = 0;
  unsigned shift = 0;
  const auto begin = file->read(0, file_header::fixed_size + file_header::seal_max + checksum_size);
  file_opening opening;
  if (begin && !decode_file_header(as_bytes(*begin), opening)) shift = opening.header.tick_shift;
  walk_frames(*file, [&](const frame_header& h, uint64_t at) {
    if (h.kind != frame_kind::block) return true;
    const auto clear = file->read(at + frame_header::header_size, h.extra);
    const auto extra = clear ? decode_block_extra(as_bytes(*clear)) : std::nullopt;
    if (!extra) return true;
    last.push_back({wall_of(h.tick_min << shift, extra->anchor), wall_of(h.tick_max << shift, extra->anchor), h.rows});
    kept += h.rows;
    while (kept - last.front().rows >= rows) {
      kept -= last.front().rows;
      last.pop_front();
    }
    return true;
  });
  return {last.begin(), last.end()};
}

// Keeps the last lines, as they are shown.
class last_lines final : public line_sink {
 public:
  last_lines(const command_call& call, std::unique_ptr<line_output> form, uint64_t most) : call_(call), form_(std::move(form)), most_(most) {}
  void on_line(const log_line& l) override {
    if (most_ == 0) return;
    out_.clear();
    form_->add(out_, l);
    lines_.emplace_back(as_text(out_.bytes()));
    if (lines_.size() > most_) lines_.pop_front();
  }
  void on_damage(const read_source& from, const damage& d) override {
    if (damage_.size() < damage_kept_most) damage_.push_back(damage_text(from, d));
    else ++more_damage_;
  }

  uint64_t lines() const { return lines_.size(); }
  void show() const {
    for (const std::string& d : damage_) call_.complain(d);
    if (more_damage_ > 0) call_.complain("xlog tail: " + std::to_string(more_damage_) + " more places are damaged; tharsis xlog verify says how many in each file");
    std::string all;
    for (const std::string& l : lines_) all += l;
    if (!all.empty()) call_.print(all);
  }

 private:
  const command_call& call_;
  const std::unique_ptr<line_output> form_;
  const uint64_t most_;
  byte_sink out_;
  std::deque<std::string> lines_;
  std::vector<std::string> damage_;
  uint64_t more_damage_ = 0;
};

constexpr int64_t everything = std::numeric_limits<int64_t>::min();

// Since when the last `rows` rows of all files were said; `everything`, where there are no more.
int64_t moment_of(const reading& r, const found_sources& sources, uint64_t rows) {
  std::vector<stretch> all;
  for (const auto& s : sources.all)
    for (const stretch& one : last_stretches(r.files, s->path, rows)) all.push_back(one);
  std::sort(all.begin(), all.end(), [](const stretch& a, const stretch& b) { return a.to > b.to; });
  int64_t since = std::numeric_limits<int64_t>::max();
  for (const stretch& s : all) {
    since = std::min(since, s.from);
    if (s.rows >= rows) return since;
    rows -= s.rows;
  }
  return everything;
}

}  // namespace

bool tail_command::begin() {
  found_sources known;
  source_finder finder(reading_.files, reading_.call.folder(), reading_.asked.wanted, reading_.key, true);
  finder.add(reading_.asked.paths, reading_.now, known);
  for (uint64_t rows = std::max<uint64_t>(reading_.asked.lines, 1);; rows *= 8) {
    from_then_on_ = reading_.asked.wanted;
    const int64_t moment = moment_of(reading_, known, rows);
    from_then_on_.since = std::max(from_then_on_.since, moment);
    run_ = std::make_unique<read_run>(reading_, from_then_on_, reading_.asked.follow);
    if (!run_->find()) {
      code_ = 2;
      return false;
    }
    last_lines lines(reading_.call, output_of(reading_), reading_.asked.lines);
    const bool all = run_->run(lines);
    code_ = all ? run_->code() : 1;
    const bool is_more = moment != everything && from_then_on_.since == moment && rows < std::numeric_limits<uint64_t>::max() / 8;
    if (all && is_more && lines.lines() < reading_.asked.lines) continue;
    lines.show();
    return all && reading_.asked.follow;
  }
}

bool tail_command::go_on() {
  run_->look_again();
  printed_lines lines(reading_.call, output_of(reading_));
  const bool all = run_->run(lines);
  lines.show();
  code_ = all ? run_->code() : 1;
  return all;
}

}  // namespace tharsis::xlog
