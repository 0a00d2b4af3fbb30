#include "plugins/xlog/core/ship_plan.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "plugins/xlog/core/seal.h"
#include "plugins/xlog/core/ship_settings.h"
#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t header_most = file_header::fixed_size + file_header::seal_max + checksum_size;
constexpr size_t searched_at_once = 64 << 10;
// What a file is known by in a note: as much of its beginning as there was. Compaction makes another one.
constexpr size_t known_by = 4 << 10;

using unit_runs = std::vector<std::pair<size_t, size_t>>;  // First and last.

struct unit {  // A frame; or bytes that are none.
  uint64_t at = 0, size = 0;
  std::optional<frame_header> frame = {};
  bool kept = true;
  bool leaves_texts = false;
};

template <class Number>
bool take_number(std::string_view& from, Number& to) {
  const auto [end, failure] = std::from_chars(from.data(), from.data() + from.size(), to);
  if (failure != std::errc()) return false;
  from.remove_prefix(static_cast<size_t>(end - from.data()));
  return true;
}

std::string known_text(std::string_view beginning) { return std::to_string(beginning.size()) + "." + sha256_of(beginning).substr(0, 16) + ":"; }

// Which units a note says; nothing: it is not of this file, or none of ours.
std::optional<unit_runs> runs_of(std::string_view note, std::string_view beginning) {
  size_t known = 0;
  std::string_view left = note;
  if (!take_number(left, known) || known > beginning.size() || !note.starts_with(known_text(beginning.substr(0, known)))) return {};
  left = note.substr(note.find(':') + 1);
  unit_runs runs;
  while (!left.empty()) {
    std::pair<size_t, size_t> run;
    if (!take_number(left, run.first) || !left.starts_with('-')) return {};
    left.remove_prefix(1);
    if (!take_number(left, run.second) || run.second < run.first) return {};
    if (left.starts_with(',')) left.remove_prefix(1);
    runs.push_back(run);
  }
  return runs;
}

// Nothing: they are not there.
std::optional<std::string> bytes_in(byte_window& file, const ship_plan::piece& piece) {
  std::string bytes;
  for (const ship_plan::part& p : piece) {
    const size_t from = bytes.size();
    bytes += p.made;
    if (!p.made.empty()) continue;
    bytes.resize(from + static_cast<size_t>(p.size));
    auto* const to = reinterpret_cast<uint8_t*>(bytes.data()) + from;
    if (!file.read(p.at, {to, static_cast<size_t>(p.size)})) return {};
  }
  return bytes;
}

std::string text_of(const unit_runs& runs) {
  std::string text;
  for (const auto& [first, last] : runs) text += (text.empty() ? "" : ",") + std::to_string(first) + "-" + std::to_string(last);
  return text;
}

}  // namespace

class ship_plan::maker {
 public:
  maker(byte_window& file, const ship_source& source, const ship_selection& wanted, const std::atomic<bool>& stop)
      : file_(file), source_(source), wanted_(wanted), stop_(stop) {}

  result<ship_plan> make() {
    const bool framed = source_.of_frames && find_units();
    if (!framed) plan_bytes();
    if (framed) {
      choose();
      leave_texts();
      plan_units();
    }
    return finish(framed);
  }

 private:
  bool find_units();
  unit next_unit(uint64_t at);
  bool wants(const unit& u);
  void choose();
  void leave_texts();
  unit_runs kept_runs(size_t bridged) const;
  void plan_units();
  void plan_bytes();
  void leave_out(size_t first, size_t end);
  void add_open_end();
  void add(uint64_t origin, part p);
  uint32_t chain_behind(const unit& u);
  result<ship_plan> finish(bool framed);

  byte_window& file_;
  const ship_source& source_;
  const ship_selection& wanted_;
  const std::atomic<bool>& stop_;
  file_opening opening_;
  std::string beginning_;
  std::vector<unit> units_;
  ship_plan plan_;
  uint64_t piece_size_ = 0;
  uint64_t span_ = 0;  // The multiple that the piece begins in.
  bool ended_ = false;  // Its last frame is there.
};

// False: it is none of ours after all, and goes as it is.
bool ship_plan::maker::find_units() {
  const std::string_view left = file_.at(0, header_most);
  if (decode_file_header(as_bytes(left), opening_) || opening_.header.tick_shift > 63) return false;
  beginning_ = file_.at(0, known_by);
  units_.push_back({0, opening_.size});
  for (uint64_t at = opening_.size; at < file_.size() && !stop_.load(std::memory_order_relaxed);) {
    unit u = next_unit(at);
    if (u.size == 0) break;
    at += u.size;
    ended_ = ended_ || (u.frame && u.frame->kind == frame_kind::end);
    units_.push_back(std::move(u));
  }
  return true;
}

// Bytes that are no frame go along as they are, unless somebody is still writing them.
unit ship_plan::maker::next_unit(uint64_t at) {
  const uint64_t there = file_.size() - at;
  const auto frame_at = [&](uint64_t place) {
    const auto h = decode_frame_header(as_bytes(file_.at(place, frame_header::header_size)));
    return h && h->size() <= file_.size() - place ? h : std::nullopt;
  };
  if (const auto h = frame_at(at)) return {at, h->size(), h};
  uint64_t end = at + 1;
  while (end < at + there && !stop_.load(std::memory_order_relaxed)) {
    const std::string_view bytes = file_.at(end, searched_at_once);
    if (bytes.empty()) break;
    const size_t found = find_frame(as_bytes(bytes));
    end += found;
    if (found == bytes.size()) continue;
    if (frame_at(end)) return {at, end - at};
    ++end;
  }
  if (source_.being_written) return {at, 0};
  return {at, there};
}

// As its header says; where that cannot be read, it goes along.
bool ship_plan::maker::wants(const unit& u) {
  if (!u.frame || u.frame->kind != frame_kind::block) return true;
  const frame_header& h = *u.frame;
  if ((h.levels >> wanted_.level) == 0) return false;
  const std::string_view clear = file_.at(u.at + frame_header::header_size, h.extra);
  const auto extra = decode_block_extra(as_bytes(clear));
  if (!extra) return true;
  const unsigned shift = opening_.header.tick_shift;
  return wall_of(h.tick_max << shift, extra->anchor) >= wanted_.since && wall_of(h.tick_min << shift, extra->anchor) < wanted_.until;
}

// What the receiver has stays; where nobody can say what that is, all goes.
void ship_plan::maker::choose() {
  const auto has = source_.note.empty() ? unit_runs() : runs_of(source_.note, beginning_);
  if (!has || wanted_.is_all()) return;
  size_t in = 0;
  for (size_t i = 0; i < units_.size(); ++i) {
    while (in < has->size() && (*has)[in].second < i) ++in;
    const bool there = in < has->size() && (*has)[in].first <= i;
    units_[i].kept = there || wants(units_[i]);
  }
  // A note has an end: where too much alternates, some goes along.
  constexpr size_t runs_max = shipping::note_max / 16;
  for (size_t bridged = 1; kept_runs(0).size() > runs_max; bridged *= 2)
    for (const auto& [first, last] : kept_runs(bridged))
      for (size_t i = first; i <= last; ++i) units_[i].kept = true;
}

// Runs of what is kept; no more than `bridged` units between two are taken with them.
unit_runs ship_plan::maker::kept_runs(size_t bridged) const {
  unit_runs runs;
  for (size_t i = 0; i < units_.size(); ++i) {
    if (!units_[i].kept) continue;
    if (!runs.empty() && i - runs.back().second <= bridged + 1) runs.back().second = i;
    else runs.emplace_back(i, i);
  }
  return runs;
}

// From the end: an epoch's texts are needed up to its last block that is kept.
void ship_plan::maker::leave_texts() {
  int needed = -1;  // No epoch.
  for (auto u = units_.rbegin(); u != units_.rend(); ++u) {
    if (!u->frame || u->frame->kind != frame_kind::block) continue;
    const frame_header& h = *u->frame;
    if (needed != h.epoch) needed = -1;
    if (u->kept) needed = h.epoch;
    u->leaves_texts = !u->kept && needed >= 0 && h.first > 0;
    // What would be saved is hardly more than what stands in its place.
    const bool is_worth_it = h.second > 4 * frame_header::header_size && frame_header::header_size + h.extra + uint64_t{h.first} + checksum_size <= frame_header::payload_max;
    if (u->leaves_texts && !is_worth_it) u->kept = true, u->leaves_texts = false;
  }
}

uint32_t ship_plan::maker::chain_behind(const unit& u) {
  const size_t ending = opening_.header.sealed ? tag_size : checksum_size;
  const frame_header& h = *u.frame;
  if (h.first + uint64_t{h.second} < ending) return h.chain;
  const std::string_view bytes = file_.at(u.at + u.size - ending, ending);
  return bytes.size() < ending ? h.chain : chain_of(as_bytes(bytes));
}

void ship_plan::maker::plan_units() {
  for (size_t i = 0; i < units_.size();) {
    if (units_[i].kept) {
      add(units_[i].at, {units_[i].at, units_[i].size, {}});
      ++i;
      continue;
    }
    size_t end = i + 1;
    const auto joins = [&](size_t next) {
      return !units_[next].kept && !units_[next].leaves_texts && units_[next].frame->number == units_[next - 1].frame->number + 1;
    };
    while (!units_[i].leaves_texts && end < units_.size() && joins(end)) ++end;
    leave_out(i, end);
    i = end;
  }
  if (source_.being_written && !ended_) add_open_end();
}

// One frame that stands for all of them; the texts of one, if it leaves them.
void ship_plan::maker::leave_out(size_t first, size_t end) {
  frame_header h = *units_[first].frame;
  left_out what{units_[end - 1].frame->number + 1, 0, 0, chain_behind(units_[end - 1])};
  for (size_t i = first; i < end; ++i) {
    const frame_header& one = *units_[i].frame;
    h.levels |= one.levels;
    h.tick_min = std::min(h.tick_min, one.tick_min);
    h.tick_max = std::max(h.tick_max, one.tick_max);
    h.sites |= one.sites;
    what.lines += one.rows;
    what.bytes += one.size();
  }
  std::string texts;
  if (units_[first].leaves_texts) texts = file_.at(units_[first].at, static_cast<size_t>(h.size() - h.second));
  what.bytes -= texts.size();
  part p;
  p.made = left_out_frame(h, what, texts);
  p.size = p.made.size();
  add(units_[first].at, std::move(p));
}

void ship_plan::maker::add_open_end() {
  const auto last = std::find_if(units_.rbegin(), units_.rend(), [](const unit& u) { return u.frame.has_value(); });
  frame_header h;
  left_out what;
  what.until = left_out::open_end;
  if (last != units_.rend()) {
    h.number = last->frame->number + 1;
    h.epoch = last->frame->epoch;
    h.chain = chain_behind(*last);
  } else if (opening_.header.sealed) {
    h.chain = chain_of(as_bytes(opening_.header.seal).last(tag_size));
  }
  what.chain = h.chain;
  part p;
  p.made = left_out_frame(h, what);
  p.size = p.made.size();
  add(units_.back().at, std::move(p));
}

void ship_plan::maker::plan_bytes() {
  for (uint64_t at = 0; at < file_.size();) {
    const uint64_t size = std::min(ship_piece_span(at), file_.size() - at);
    add(at, {at, size, {}});
    at += size;
  }
}

// `origin`: where in the file it begins. A frame may be larger than a piece.
void ship_plan::maker::add(uint64_t origin, part p) {
  const uint64_t span = origin / ship_piece_span(origin);
  if (plan_.pieces_.empty() || span != span_ || piece_size_ + p.size > shipping::piece_max) {
    plan_.pieces_.emplace_back();
    piece_size_ = 0;
    span_ = span;
  }
  while (p.size > shipping::piece_max) {
    const part head{p.at, shipping::piece_max, p.made.substr(0, shipping::piece_max)};
    p.at += head.size;
    p.size -= head.size;
    if (!p.made.empty()) p.made.erase(0, shipping::piece_max);
    plan_.pieces_.back().push_back(head);
    plan_.pieces_.emplace_back();
  }
  piece_size_ += p.size;
  auto& parts = plan_.pieces_.back();
  const bool goes_on = !parts.empty() && parts.back().made.empty() && p.made.empty() && parts.back().at + parts.back().size == p.at;
  if (goes_on) parts.back().size += p.size;
  else parts.push_back(std::move(p));
}

result<ship_plan> ship_plan::maker::finish(bool framed) {
  if (plan_.pieces_.size() > shipping::pieces_max)
    return error{THARSIS_E_UNSUPPORTED, "it is too large to be shipped: " + std::to_string(plan_.pieces_.size()) + " pieces, and " + std::to_string(shipping::pieces_max) + " are allowed; xlog.file_size makes files smaller"};
  const auto has_lines = [](const unit& u) { return u.kept && u.frame && (u.frame->kind == frame_kind::block || u.frame->kind == frame_kind::recovered); };
  if (framed && !wanted_.is_all() && source_.note.empty() && std::none_of(units_.begin(), units_.end(), has_lines))
    return error{THARSIS_E_NOT_FOUND, "no line of it is selected"};
  shipping::manifest& m = plan_.manifest_;
  m.closed = ended_ || !source_.being_written;
  m.whole = std::all_of(units_.begin(), units_.end(), [](const unit& u) { return u.kept; });
  if (framed) m.note = known_text(beginning_) + text_of(kept_runs(0));
  for (uint32_t i = 0; i < plan_.pieces_.size(); ++i) {
    if (stop_.load(std::memory_order_relaxed)) return error{THARSIS_E_CANCELLED, "stopped"};
    m.pieces.emplace_back();
    const auto bytes = bytes_in(file_, plan_.pieces_[i]);
    if (!bytes) return error{THARSIS_E_GONE, "it cannot be read, or became shorter"};
    m.pieces.back() = {static_cast<uint32_t>(bytes->size()), sha256_of(*bytes)};
  }
  return std::move(plan_);
}

result<ship_plan> ship_plan::make(byte_window& file, const ship_source& source, const ship_selection& wanted, const std::atomic<bool>& stop) {
  return maker(file, source, wanted, stop).make();
}

result<std::string> ship_plan::read(byte_window& file, uint32_t index) const {
  auto bytes = bytes_in(file, pieces_[index]);
  if (!bytes || sha256_of(*bytes) != manifest_.pieces[index].sum) return error{THARSIS_E_GONE, "the file changed while it was shipped"};
  return std::move(*bytes);
}

}  // namespace tharsis::xlog
