#include "plugins/xlog/compact_file.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/core/tick_clock.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr std::string_view unfinished_ending = ".compact";  // Nobody reads it as a log file.
constexpr size_t opening_most = file_header::fixed_size + file_header::seal_max + checksum_size;
constexpr int64_t least_age = 1000;           // What nobody knows is old.
constexpr size_t ranges_most = 1000;  // In a block's extra, which holds some more.

block_settings blocks_wanted() {
  block_settings b;
  b.rows = compact_rows;
  b.bytes = compact_bytes;
  b.compress_level = compact_level;
  return b;
}

}  // namespace

file_compaction::file_compaction(const tharsis_files* files, const tharsis_random& random, std::string path, const limits& l)
    : files_(files), random_(random), path_(std::move(path)), unfinished_(path_ + std::string(unfinished_ending)), limits_(l), bytes_(files, path_, false) {}

file_compaction::~file_compaction() { discard(); }

bool file_compaction::step() {
  switch (phase_) {
    case phase::beginning: begin(); break;
    case phase::surveying: survey(); break;
    case phase::writing: write(); break;
    case phase::over: break;
  }
  return phase_ == phase::over;
}

uint64_t file_compaction::position() const { return walk_ ? walk_->position() : 0; }

void file_compaction::begin() {
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  tharsis_error why = no_error();
  const tharsis_status status = files_->describe(files_->self, text_of(path_), &facts, &why);
  if (status != THARSIS_OK) return fail_with(error_from(status, why));
  if (facts.kind != THARSIS_FILE_PLAIN) return leave("it is no plain file");
  if (facts.bytes == 0) return leave("it is empty");
  claim_.emplace(files_, path_);
  if (!claim_->ok()) return end(compaction_outcome::kind::busy, {THARSIS_E_IN_USE, "somebody writes it"});
  modified_ = facts.modified;
  outcome_.before.bytes = bytes_.size();
  const std::string_view head = bytes_.at(0, opening_most);
  if (bytes_.failure().status != THARSIS_OK) return fail_with(bytes_.failure());
  if (const auto wrong = decode_file_header(as_bytes(head), opening_)) return leave(wrong->why);
  if (opening_.header.sealed && !may_open()) return;
  if (opening_.header.as_old_as != 0) return leave("it was compacted already");
  at_ = opening_.size;
  phase_ = phase::surveying;
}

bool file_compaction::may_open() {
  if (limits_.key == nullptr || limits_.key->of_mars) return leave("it is sealed: only who has its key, and says --key FILE, can put its lines into other blocks"), false;
  const auto opener = file_opener::make(as_bytes(opening_.header.seal), *limits_.key);
  if (!opener) return leave(opener.failure().text), false;
  return true;
}

void file_compaction::survey() {
  for (uint64_t frames = 0; frames < compact_frames_at_once; ++frames) {
    if (at_ == bytes_.size()) return end_survey();
    const auto h = decode_frame_header(as_bytes(bytes_.at(at_, frame_header::header_size)));
    if (bytes_.failure().status != THARSIS_OK) return fail_with(bytes_.failure());
    if (!h || at_ + h->size() > bytes_.size()) return leave("it is damaged, or was cut: see tharsis xlog verify");
    if (!survey_frame(*h)) return;
    at_ += h->size();
  }
}

bool file_compaction::survey_frame(const frame_header& h) {
  if (h.kind < frame_kind::sites || h.kind > frame_kind::end) return leave("it has frames that this program does not know"), false;
  if (h.kind != frame_kind::block) return true;
  const auto extra = decode_block_extra(as_bytes(bytes_.at(at_ + frame_header::header_size, h.extra)));
  if (!extra) return leave("a block's clear part is damaged: see tharsis xlog verify"), false;
  ++outcome_.before.blocks;
  outcome_.before.rows += h.rows;
  outcome_.before.first = std::min(outcome_.before.first, wall_of(h.tick_min << opening_.header.tick_shift, extra->anchor));
  outcome_.before.last = std::max(outcome_.before.last, wall_of(h.tick_max << opening_.header.tick_shift, extra->anchor));
  return true;
}

void file_compaction::end_survey() {
  if (!is_worth_compacting(outcome_.before)) return leave("its blocks are large already, or it is small");
  if (outcome_.before.first < 0) return leave("its clock was before 1970");
  if (limits_.only_survey) return end(compaction_outcome::kind::done, fine());
  open_target();
}

// Who has the lock of that name is the one who compacts this file; what is there and has no owner was left by somebody who was
// killed.
void file_compaction::open_target() {
  const std::string folder = path_.substr(0, path_.rfind('/'));
  tharsis_space space{sizeof space, 0, 0, 0};
  if (THARSIS_HAS(files_, space) && files_->space(files_->self, text_of(folder), &space, nullptr) == THARSIS_OK &&
      space.free < outcome_.before.bytes + limits_.keep_free)
    return end(compaction_outcome::kind::failed, {THARSIS_E_FULL, "the disk has too little room for a second file beside '" + path_ + "'"});
  tharsis_file_facts left{sizeof left, 0, 0, 0};
  const bool is_there = files_->describe(files_->self, text_of(unfinished_), &left, nullptr) == THARSIS_OK;
  if (is_there && left.kind != THARSIS_FILE_PLAIN) return leave("'" + unfinished_ + "' is in the way");
  if (is_there && left.bytes > 0) {
    const file_claim nobodys(files_, unfinished_);
    if (!nobodys.ok()) return end(compaction_outcome::kind::busy, {THARSIS_E_IN_USE, "somebody compacts it"});
    files_->remove(files_->self, text_of(unfinished_), nullptr);
  }
  mine_.emplace(files_, unfinished_);
  if (!mine_->ok()) return end(compaction_outcome::kind::busy, {THARSIS_E_IN_USE, "somebody compacts it, or '" + unfinished_ + "' cannot be made"});
  tharsis_error why = no_error();
  const tharsis_status status = files_->open(files_->self, text_of(unfinished_), THARSIS_FILES_APPEND, &file_, &why);
  if (status != THARSIS_OK) return file_ = 0, fail_with(error_from(status, why));
  form_.emplace(blocks_wanted(), std::vector<public_key>(), random_);
  walk_.emplace(bytes_, limits_.key, static_cast<frame_choice&>(*this));
  arguments_.reserve(row_head + compact_bytes);
  arguments_.assign(row_head, 0);
  phase_ = phase::writing;
  append(form_->begin_again(new_head(), limits_.key));
}

// Its age is that of its lines, whatever the disk says of the new file. Keys of a sealed file follow from its secret and its
// head: a clock that never was makes this head like no other. All lines have clocks of their own.
file_header file_compaction::new_head() const {
  file_header head = opening_.header;
  head.as_old_as = std::max(modified_ > 0 ? modified_ : outcome_.before.last, least_age);
  head.tick_shift = 0;
  if (head.sealed) random_.fill(random_.self, reinterpret_cast<uint8_t*>(&head.anchor.tick), sizeof head.anchor.tick);
  return head;
}

void file_compaction::write() {
  uint64_t done = 0;
  for (uint64_t frames = 0; phase_ == phase::writing && frames < compact_frames_at_once && done < compact_rows_at_once; ++frames) {
    switch (walk_->next()) {
      case file_walk::step::damage:
        if (walk_->told().cut && !walk_->told().torn) break;  // A sealed one has no last frame: nor will the new one.
        return leave("it is damaged: " + walk_->told().text());
      case file_walk::step::more: return fail_with({THARSIS_E_IO, "'" + path_ + "' cannot be read to its end"});
      case file_walk::step::end: return end_file();
      case file_walk::step::note: take_note(); break;
      case file_walk::step::recovered: take_recovered(); break;
      case file_walk::step::block:
        done += walk_->header().rows;
        take_block();
        break;
    }
  }
}

void file_compaction::on_site(uint32_t number, const site& s) {
  if (sites_.size() <= number) sites_.resize(number + 1);
  if (sites_[number].number != 0 && sites_[number].of == s) return;
  form_->add_site(s);
  sites_[number] = {s, ++sites_known_};
}

// The last one stays as it is, with the clock that it was written by: what its process left in its rings is told by that.
void file_compaction::take_block() {
  const block_extra& from = *walk_->extra();
  const bool last = ++blocks_read_ == outcome_.before.blocks;
  if ((last || from.segment != target_.segment || target_.ranges.size() > ranges_most) && !end_block()) return;
  if (!walk_->open_rows()) return leave("a block of it cannot be read");
  target_.segment = from.segment;
  target_.anchor = from.anchor;
  target_.is_as_it_was = last;
  threads_.clear();
  for (const ring_range& r : from.consumed)
    if (uint64_t& thread = threads_[r.ring]; thread == 0) thread = r.thread;
  if (!take_rows(last)) return;
  add_ranges(from);
  if (last) end_block();
}

bool file_compaction::take_rows(bool as_it_was) {
  block_reader& rows = walk_->rows();
  for (row r; rows.next(r);) {
    const auto arguments = rows.arguments();
    const uint32_t site = r.site < sites_.size() ? sites_[r.site].number : 0;
    if (!arguments || site == 0) return leave("lines of it cannot be read"), false;
    const auto found = threads_.find(r.thread);
    const int64_t wall = wall_of(r.tick, target_.anchor);
    if (!as_it_was) r.tick = static_cast<uint64_t>(wall) - static_cast<uint64_t>(outcome_.before.first);
    if (!as_it_was && (wall < outcome_.before.first || r.tick >= uint64_t{1} << 62)) return leave("its times are impossible"), false;
    r.site = site;
    if (!add_row(r, found != threads_.end() ? found->second : 0, *arguments)) return false;
  }
  return true;
}

bool file_compaction::add_row(const row& r, uint64_t thread, std::span<const uint8_t> arguments) {
  const uint64_t span = std::max(target_.tick_max, r.tick) - std::min(target_.tick_min, r.tick);
  const bool fits = arguments_.size() + arguments.size() <= arguments_.capacity() && (target_.is_as_it_was || span < compact_ticks_most);
  if (form_->rows() > 0 && !fits && !end_block()) return false;
  for (int tries = 0; tries < 2; ++tries) {
    const size_t at = arguments_.size();
    arguments_.insert(arguments_.end(), arguments.begin(), arguments.end());  // Grows only where it has no rows.
    const row mine{r.site, number_of(r.thread, thread), r.tick, std::span<const uint8_t>(arguments_).subspan(at)};
    const auto added = form_->add(mine);
    if (added == block_writer::added::yes) {
      target_.tick_min = std::min(target_.tick_min, r.tick);
      target_.tick_max = std::max(target_.tick_max, r.tick);
      ++rows_written_;
      return true;
    }
    if (added == block_writer::added::refused) return leave("a line of it is not as its site says"), false;
    if (!end_block()) return false;
  }
  return leave("a line of it is too long"), false;
}

// In the new block; only whether it was recorded is told by the number.
uint32_t file_compaction::number_of(uint32_t ring, uint64_t thread) {
  if (is_recorded(ring)) return target_.recorded.of(thread);
  if (ring < recorded_threads_from && target_.owners.emplace(ring, thread).first->second == thread) return ring;
  return target_.named.of(thread);
}

void file_compaction::add_ranges(const block_extra& from) {
  for (const ring_range& r : from.consumed) {
    if (r.ring >= recorded_threads_from || r.from == r.to) continue;
    target_.owners.emplace(r.ring, r.thread);
    const auto before = std::find_if(target_.ranges.rbegin(), target_.ranges.rend(), [&](const ring_range& o) { return o.ring == r.ring; });
    if (before != target_.ranges.rend() && before->to == r.from) before->to = r.to;
    else target_.ranges.push_back(r);
  }
}

block_extra file_compaction::extra_of_target() const {
  block_extra e;
  e.anchor = target_.is_as_it_was ? target_.anchor : compact_anchor(target_.tick_min, outcome_.before.first);
  e.segment = target_.segment;
  e.consumed = target_.ranges;
  for (ring_range& r : e.consumed) r.thread = target_.owners.at(r.ring);
  for (const auto& [ring, thread] : target_.owners) {
    const bool told = std::any_of(e.consumed.begin(), e.consumed.end(), [ring = ring](const ring_range& r) { return r.ring == ring; });
    if (!told) e.consumed.push_back({ring, 0, 0, thread});
  }
  for (const thread_numbers* numbers : {&target_.recorded, &target_.named})
    for (const auto& [thread, number] : numbers->all()) e.consumed.push_back({number, 0, 0, thread});
  return e;
}

bool file_compaction::end_block() {
  if (form_->rows() == 0) return true;
  const block_extra extra = extra_of_target();
  if (extra.consumed.size() > block_extra::consumed_max) return leave("more threads wrote it than a block can name"), false;
  ++outcome_.blocks;
  const bool appended = append(form_->lines(extra));
  arguments_.resize(row_head);
  target_.ranges.clear(), target_.owners.clear();
  target_.recorded.clear(), target_.named.clear();
  target_.tick_min = ~uint64_t{0}, target_.tick_max = 0;
  return appended;
}

void file_compaction::take_note() {
  if (!end_block()) return;
  const std::string_view payload = as_text(walk_->payload());
  int64_t wall = 0;
  if (payload.size() < sizeof wall) return leave("a note in it is damaged");
  std::copy_n(payload.begin(), sizeof wall, reinterpret_cast<char*>(&wall));
  const uint8_t levels = walk_->header().levels;
  append(form_->note(wall, payload.substr(sizeof wall), levels == 0 ? uint32_t{THARSIS_LOG_WARNING} : static_cast<uint32_t>(std::bit_width(levels)) - 1));
}

void file_compaction::take_recovered() {
  if (!end_block()) return;
  const auto payload = walk_->payload();
  append(form_->recovered({{payload.begin(), payload.end()}, {}}, *walk_->extra()));
}

bool file_compaction::append(const result<std::string>& piece) {
  if (!piece) return fail_with(piece.failure()), false;
  tharsis_error why = no_error();
  const tharsis_status status = files_->append(files_->self, file_, bytes_of(as_bytes(*piece)), &why);
  if (status != THARSIS_OK) return fail_with(error_from(status, why)), false;
  outcome_.bytes += piece->size();
  return true;
}

void file_compaction::end_file() {
  if (!end_block()) return;
  if (bytes_.failure().status != THARSIS_OK) return fail_with(bytes_.failure());
  if (walk_->position() != outcome_.before.bytes || rows_written_ != outcome_.before.rows) return leave("it cannot be read to its end");
  if (walk_->complete() && !append(form_->end())) return;
  if (!is_worth_replacing(outcome_.before.bytes, outcome_.bytes)) return leave("it would hardly become smaller");
  tharsis_error why = no_error();
  tharsis_status status = files_->sync(files_->self, file_, &why);
  if (status != THARSIS_OK) return fail_with(error_from(status, why));
  if (!is_still_there()) return leave("somebody removed or replaced it");
  status = files_->rename(files_->self, text_of(unfinished_), text_of(path_), &why);
  if (status != THARSIS_OK) return fail_with(error_from(status, why));
  end(compaction_outcome::kind::done, fine());
}

// What somebody has removed must not come back.
bool file_compaction::is_still_there() const {
  const auto file = file_reader::open(files_, path_);
  const auto length = file ? file->length() : file.failure();
  const auto begin = file ? file->read(0, file_header::fixed_size) : file.failure();
  const std::string id(opening_.header.id.begin(), opening_.header.id.end());
  return length && begin && *length == outcome_.before.bytes && begin->size() == file_header::fixed_size && begin->substr(16, id.size()) == id;
}

void file_compaction::leave(const std::string& why) { end(compaction_outcome::kind::left, {THARSIS_E_UNSUPPORTED, why}); }

void file_compaction::fail_with(error why) { end(compaction_outcome::kind::failed, std::move(why)); }

void file_compaction::end(compaction_outcome::kind is, error why) {
  outcome_.is = is;
  outcome_.why = std::move(why);
  phase_ = phase::over;
  discard();
}

// All but what was put into the old file's place.
void file_compaction::discard() {
  if (file_ != 0) files_->close(files_->self, std::exchange(file_, 0));
  const bool done = phase_ == phase::over && outcome_.is == compaction_outcome::kind::done;
  if (mine_ && mine_->ok() && !done) files_->remove(files_->self, text_of(unfinished_), nullptr);
  bytes_.let_go();
  mine_.reset();
  claim_.reset();
}

void clear_unfinished(const tharsis_files* files, const std::string& folder, const std::string& of) {
  std::vector<std::string> names;
  const auto visit = [](void* context, tharsis_text name) {
    if (view(name).ends_with(unfinished_ending)) static_cast<std::vector<std::string>*>(context)->emplace_back(view(name));
  };
  if (files->list(files->self, text_of(folder), visit, &names, nullptr) != THARSIS_OK) return;
  for (const std::string& name : names) {
    const auto parsed = parse_file_name(std::string_view(name).substr(0, name.size() - unfinished_ending.size()));
    if (!parsed || (!of.empty() && parsed->of != of)) continue;
    const std::string path = folder + "/" + name;
    const file_claim nobodys(files, path);
    if (nobodys.ok()) files->remove(files->self, text_of(path), nullptr);
  }
}

}  // namespace tharsis::xlog
