#include "plugins/xlog/drain.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/block_form.h"
#include "plugins/xlog/core/flight_line.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/file_forms.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

// Blocks that one run() writes before it lets its caller look around: some 50 ms of work when all cores are busy.
constexpr int blocks_at_once = 256;
// When all has been read that was there: fewer new bytes are left for the next run(), which more will have joined then.
constexpr uint64_t worth_reading_on = 64 << 10;
// Where somebody takes away every file as soon as it is there, the rest is told by the next run().
constexpr int untold_at_once = 64;

std::string lines_text(uint64_t count) { return std::to_string(count) + (count == 1 ? " line is" : " lines are"); }

std::string full_text(const loss_counts& drops) {
  uint64_t all = 0;
  std::string whose;
  for (const auto& [of, count] : drops) {
    all += count;
    whose += (whose.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(level_names[of.second]) + " of " + of.first;
  }
  return lines_text(all) + " lost before this: the rings were full (" + whose + ")";
}

calendar calendar_of(const settings& s, const tharsis_loop* loop) {
  if (!s.local_days || loop == nullptr || !THARSIS_HAS(loop, ahead_of_utc)) return calendar(s.rotate_every);
  return calendar(s.rotate_every, [loop](int64_t wall) { return loop->ahead_of_utc(loop->self, wall); });
}

}  // namespace

drain::drain(const host_tables& host, const settings& s, std::vector<public_key> recipients, const unique_id& segment, ring_set& rings,
             site_registry& sites, const clock_anchor& anchor, taps* listeners)
    : host_(host),
      settings_(s),
      keep_bytes_(s.keep.keep_bytes),
      recipients_(std::move(recipients)),
      segment_(segment),
      rings_(rings),
      sites_(sites),
      anchor_(anchor),
      files_(host.files, s.directories(), s.name, s.whole_file(), calendar_of(s, host.loop), std::string(ending_of(s.format))),
      begun_(rings.count() + 1),
      flight_(rings),
      done_to_(rings.count()),
      owners_(rings.count()) {
  if (listeners != nullptr) feed_.emplace(*listeners, rings, sites);
}

drain::outcome drain::open(int64_t wall) {
  wall_ = counted_ = wall;
  auto form = make_file_form(settings_, recipients_, *host_.random, host_.loop, host_.process);
  if (!form) return outcome_of(form.failure());
  form_ = std::move(*form);
  return outcome_of(begin_file());
}

drain::outcome drain::run(int64_t wall, const clock_anchor& anchor, bool all) {
  wall_ = wall;
  anchor_ = anchor;
  rings_.set_anchor(anchor);
  rings_.begin_draining();
  look();
  error failure = fine();
  bool more = true, file_over = false;
  for (int blocks = 0; more && blocks < blocks_at_once; ++blocks) {
    // Between two files the caller sees to the room for the next one.
    file_over = keep_bytes_ > 0 && blocks > 0 && files_.is_full() && has_lines();
    if (file_over) break;
    if (has_lines()) failure = change_file_if_over();
    if (failure.status != THARSIS_OK) break;
    do more = gather();
    while (!more && look_for_more());
    if (form_->rows() == 0) commit();  // Past lines that no file can hold.
    if (form_->rows() == 0 || (!more && !all)) break;
    failure = write_block();
    if (failure.status != THARSIS_OK) break;
  }
  if (failure.status == THARSIS_OK) failure = write_losses();
  if (all && unkept_ && failure.status == THARSIS_OK) failure = keep();
  rings_.end_draining();
  outcome o = outcome_of(std::move(failure));
  o.kept = all && !more && o.failure.status == THARSIS_OK;
  o.open = o.open || (more && o.failure.status == THARSIS_OK);
  o.file_over = file_over && o.failure.status == THARSIS_OK;
  return o;
}

bool drain::tell_taps(const clock_anchor& anchor) {
  anchor_ = anchor;
  rings_.begin_draining();
  look();
  const bool full = gather();
  rings_.end_draining();
  return full;
}

// Heads first, then sites: a line that is seen has its site.
void drain::look() {
  for (uint32_t ring = 0; ring < rings_.count(); ++ring) {
    if (!rings_.is_open(ring)) continue;
    if (!rows_.has(ring)) {
      if (rings_.tail(ring) == rings_.head(ring)) continue;
      begun_[ring] = rings_.tail(ring);
      rows_.add_ring(ring, rings_.bytes(ring), begun_[ring], rings_.record_max());
    }
    rows_.look_up_to(ring, rings_.head(ring));
    look_at_owner(ring);
  }
  if (flight_.exists() && flight_.released() > rings_.tail(flight_.number())) show_released();
  adopt_rules();
  for (const site& s : sites_.from(sites_known_ + 1)) {
    form_->add_site(s);
    ++sites_known_;
    fates_.push_back(rules_.fate_of(s));
  }
}

// After its head: a line that is seen has its owner.
void drain::look_at_owner(uint32_t ring) {
  owners_[ring] = {rings_.thread_of(ring, begun_[ring]), rings_.owned_until(ring, begun_[ring])};
}

// Only where none of the lines that will be seen has been seen before: one line has one fate.
void drain::adopt_rules() {
  if (form_->rows() > 0) return;
  for (uint32_t ring = 0; ring < rings_.count(); ++ring)
    if (done_to_[ring] > begun_[ring]) return;
  if (!sites_.see_rules(rules_turn_, rules_)) return;
  fates_.clear();
  const std::vector<site> all = sites_.from(1);
  for (uint32_t i = 0; i < sites_known_; ++i) fates_.push_back(rules_.fate_of(all[i]));
}

void drain::show_released() {
  const uint32_t ring = flight_.number();
  if (!rows_.has(ring) || rows_.position(ring) < rings_.tail(ring)) {
    begun_[ring] = rings_.tail(ring);
    rows_.add_ring(ring, rings_.bytes(ring), begun_[ring], static_cast<uint32_t>(rings_.bytes(ring).mask));
  }
  rows_.look_up_to(ring, flight_.released());
}

// While threads log as fast as they can, reading on is cheaper than coming back.
bool drain::look_for_more() {
  look();
  return rows_.unread() >= worth_reading_on;
}

bool drain::has_lines() {
  row r;
  return form_->rows() > 0 || rows_.next(r, sites_known_ + 1);
}

// True: the block is full.
bool drain::gather() {
  seen s;
  const bool tells = feed_ && feed_->is_needed();
  while (next(s)) {
    // What is recorded is below what is kept, and comes to no tap.
    const bool may_be_told = tells && s.ring < rings_.count() && fates_[s.line.site - 1] != line_fate::recorded;
    if (flight_.exists()) {
      const turn t = decide(s);
      if (t == turn::full) return true;
      if (t == turn::next) continue;
    }
    if (may_be_told && !feed_->takes(s.line, s.position, s.thread, anchor_)) {
      rows_.take();
      continue;
    }
    s.line.thread = number_of(s);
    const auto added = form_->add(s.line);
    if (added == block_writer::added::full) return true;
    rows_.take();
    if (added == block_writer::added::refused) ++passed_.lines;
  }
  passed_.bytes += rows_.take_damage();
  return false;
}

// Without taking it.
inline bool drain::next(seen& s) {
  while (rows_.next(s.line, sites_known_ + 1)) {
    s.ring = s.line.thread;
    s.position = rows_.position(s.ring);
    if (take_thread(s)) return true;
    rows_.take();
    ++passed_.lines;
  }
  return false;
}

// False: it does not say whose it is, as it should.
inline bool drain::take_thread(seen& s) {
  if (is_owners(s)) {
    s.thread = owners_[s.ring].thread;
    return true;
  }
  std::optional<uint64_t> thread;
  if (s.ring == shared_ring) thread = take_shared_thread(s.line.arguments);
  else if (s.ring != flight_.number()) thread = rings_.thread_of(s.ring, s.position);
  else if (const auto origin = take_flight_origin(s.line.arguments)) thread = origin->thread;
  s.thread = thread.value_or(0);
  return thread.has_value();
}

// Its ring is the thread's that had it when the block began.
inline bool drain::is_owners(const seen& s) const {
  return s.ring != shared_ring && s.ring < owners_.size() && s.position < owners_[s.ring].until;
}

// In the block.
inline uint32_t drain::number_of(const seen& s) {
  if (is_owners(s)) return s.ring;
  return (s.ring == flight_.number() ? recorded_by_ : named_).of(s.thread);
}

drain::turn drain::decide(seen& s) {
  if (s.ring == flight_.number()) return turn::add;
  const bool again = s.position < done_to_[s.ring];
  switch (fates_[s.line.site - 1]) {
    case line_fate::recorded: return record(s, again);
    case line_fate::alarm:
      done_to_[s.ring] = std::max(done_to_[s.ring], s.position + 1);
      if (again || !flight_.release()) return turn::add;
      show_released();
      return turn::next;  // The older ones first.
    default: return turn::add;
  }
}

drain::turn drain::record(const seen& s, bool again) {
  if (!flight_.can_hold(s.line)) return turn::add;
  if (!again) {
    const bool done = flight_.record(s.line, s.ring, s.position, s.thread);
    // What is to be written is in its way. When that is not even in the block, this line is the oldest: it gives way.
    if (!done && form_->rows() > 0) return turn::full;
    recorded_ += done ? 1 : 0;
    done_to_[s.ring] = s.position + 1;
  }
  rows_.take();
  return turn::next;
}

error drain::write_block() {
  const uint32_t rows = form_->rows();
  const block_extra clear = extra();
  const auto piece = form_->lines(clear);
  if (piece) tell_intent(*piece);
  if (error failure = append(piece); failure.status != THARSIS_OK) return failure;
  last_anchor_ = clear.anchor;
  fresh_ = false;
  commit();
  lines_ += rows;
  return fine();
}

// Where the file does not say what it holds.
void drain::tell_intent(const std::string& piece) {
  write_intent w;
  if (form_->proves_itself() || !w.set(files_.path(), settings_.directory, files_.length(), piece)) return;
  for (uint32_t ring = 0; ring < rings_.count() + (flight_.exists() ? 1 : 0); ++ring) {
    const uint64_t from = rows_.has(ring) ? begun_[ring] : rings_.tail(ring);
    w.ranges[ring] = {from, rows_.has(ring) ? rows_.position(ring) : from};
  }
  rings_.set_intent(w);
}

void drain::commit() {
  for (uint32_t ring = 0; ring < begun_.size(); ++ring) {
    if (!rows_.has(ring) || rows_.position(ring) == begun_[ring]) continue;
    begun_[ring] = rows_.position(ring);
    rings_.commit(ring, begun_[ring]);
    rows_.release(ring);
    if (ring < owners_.size()) look_at_owner(ring);
    if (feed_) feed_->forget(ring, begun_[ring]);
    unkept_ = unkept_ || settings_.power_loss > duration::zero();
  }
  if (!unkept_) rings_.on_kept();
  spoiled_.lines += passed_.lines;
  spoiled_.bytes += passed_.bytes;
  dropped_ += passed_.lines;
  passed_ = {};
  recorded_by_.clear(), named_.clear();
}

error drain::keep() {
  error failure = files_.is_open() ? files_.sync() : fine();
  if (failure.status != THARSIS_OK) return failure;
  unkept_ = false;
  rings_.on_kept();
  return fine();
}

// Its lines have left the rings.
error drain::finish_file() {
  const std::string path = files_.path();
  error failure = files_.finish();
  if (failure.status != THARSIS_OK && unkept_) untold_.push_back("a loss of power may take the last lines of " + path + ": " + failure.text);
  return failure;
}

block_extra drain::extra() {
  block_extra e;
  e.segment = segment_;
  // Files are merged by time. By the same anchor the first lines of a file come after the last ones of the file before.
  e.anchor = fresh_ && last_anchor_ ? *last_anchor_ : anchor_;
  for (uint32_t ring = 0; ring < begun_.size(); ++ring)
    if (rows_.has(ring) && rows_.position(ring) != begun_[ring])
      e.consumed.push_back({ring, begun_[ring], rows_.position(ring), rings_.thread_of(ring, begun_[ring])});
  for (const thread_numbers* named : {&recorded_by_, &named_})
    for (const auto& [thread, number] : named->all()) e.consumed.push_back({number, 0, 0, thread});
  return e;
}

// Each kind of loss in a sentence of its own, until it is in a file.
error drain::write_losses() {
  take_drops();
  if (!drops_.empty()) {
    const std::string when = ", between " + moment_text(drops_since_) + " and " + moment_text(drops_until_) + (disk_full_ ? "; the disk was full" : "");
    if (error failure = note(full_text(drops_) + when); failure.status != THARSIS_OK) return failure;
    drops_.clear();
  }
  disk_full_ = false;
  if (error failure = write_untold(); failure.status != THARSIS_OK) return failure;
  if (spoiled_.lines > 0) {
    const std::string what = lines_text(spoiled_.lines) + " lost before this: written otherwise than their sites say";
    if (error failure = note(what); failure.status != THARSIS_OK) return failure;
    spoiled_.lines = 0;
  }
  if (spoiled_.bytes > 0) {
    const std::string what = std::to_string(spoiled_.bytes) + " bytes of the rings are lost: they were no lines";
    if (error failure = note(what); failure.status != THARSIS_OK) return failure;
    spoiled_.bytes = 0;
  }
  return fine();
}

// While one is written its file may turn out to be lost too, and there is one more to write.
error drain::write_untold() {
  for (int written = 0; !untold_.empty() && written < untold_at_once; ++written) {
    std::string sentence = std::move(untold_.back());
    untold_.pop_back();
    if (error failure = note(sentence); failure.status != THARSIS_OK) {
      untold_.push_back(std::move(sentence));
      return failure;
    }
  }
  return fine();
}

error drain::note(const std::string& sentence) {
  error failure = change_file_if_over();
  return failure.status == THARSIS_OK ? append(form_->note(wall_, sentence, THARSIS_LOG_WARNING)) : failure;
}

void drain::take_drops() {
  const loss_counts lost = sites_.take_lost();
  if (drops_.empty()) drops_since_ = counted_;
  counted_ = wall_;
  if (!lost.empty()) drops_until_ = wall_;
  for (const auto& [whose, count] : lost) {
    drops_[whose] += count;
    full_[whose] += count;
    dropped_ += count;
  }
}

// What nobody can write any more: it is counted, and stays where it is.
drain::unwritten drain::count_unwritten() {
  unwritten left;
  rewind();
  look();
  row r;
  for (; rows_.next(r, sites_known_ + 1); rows_.take()) ++left.in_rings;
  rewind();
  take_drops();
  left.dropped = std::exchange(dropped_, 0);
  left.full = std::exchange(full_, {});
  return left;
}

drain::outcome drain::keep_recovered(const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, int64_t wall,
                                     const will_write& will) {
  wall_ = wall;
  error failure = change_file_if_over();
  if (failure.status != THARSIS_OK) return outcome_of(std::move(failure));
  const block_extra clear{anchor, segment, left.ranges};
  const auto piece = form_->recovered(left, clear);
  if (!piece && piece.status() == THARSIS_E_UNSUPPORTED) return outcome_of(keep_sealed(left, clear));
  if (piece && will && !form_->proves_itself()) failure = will(files_.path(), files_.length(), *piece);
  if (failure.status == THARSIS_OK) failure = append(piece);
  // The only other place where it stands is about to go.
  if (failure.status == THARSIS_OK && settings_.power_loss > duration::zero()) failure = keep();
  return outcome_of(std::move(failure));
}

// Into a file of our own form, beside those that have no place for it.
error drain::keep_sealed(const recovered_payload& left, const block_extra& extra) {
  log_files files(host_.files, settings_.directories(), settings_.name, settings_.whole_file(), calendar_of(settings_, host_.loop));
  block_form form(settings_.tick_shift, {}, *host_.random);
  unique_id id;
  host_.random->fill(host_.random->self, id.data(), id.size());
  if (error failure = files.begin(wall_); failure.status != THARSIS_OK) return failure;
  std::string all;
  for (const auto& piece : {form.begin(anchor_, id), form.recovered(left, extra), form.end()}) {
    if (!piece) return piece.failure();
    all += *piece;
  }
  error failure = files.append(all);
  if (failure.status == THARSIS_OK) failure = files.finish();
  if (failure.status == THARSIS_OK) bytes_ += all.size();
  return failure;
}

drain::outcome drain::keep_crash(const std::string& sentence, int64_t when, int64_t wall) {
  wall_ = wall;
  error failure = change_file_if_over();
  if (failure.status == THARSIS_OK) failure = append(form_->note(when, sentence, THARSIS_LOG_FATAL));
  return outcome_of(std::move(failure));
}

error drain::change_file_if_over() {
  if (!files_.is_over(wall_)) return fine();
  if (form_->rows() > 0) rewind();
  if (files_.is_taken_away()) untold_.push_back("somebody removed, cut or replaced " + files_.path() + ": its last lines may be lost");
  if (files_.is_open()) {
    if (error failure = append(form_->end()); failure.status != THARSIS_OK) return failure;
    if (error failure = finish_file(); failure.status != THARSIS_OK) return failure;
  }
  error failure = begin_file();
  if (failure.status == THARSIS_OK) look();
  return failure;
}

error drain::begin_file() {
  rewind();
  fresh_ = true;
  unique_id id;
  host_.random->fill(host_.random->self, id.data(), id.size());
  const auto head = form_->begin(anchor_, id);
  if (!head) return head.failure();
  if (error failure = files_.begin(wall_); failure.status != THARSIS_OK) return failure;
  return append(head);
}

error drain::append(const result<std::string>& piece) {
  error failure = fine();
  if (!piece) failure = piece.failure();
  else if (!piece->empty()) failure = files_.append(*piece);
  if (failure.status == THARSIS_OK) {
    bytes_ += piece->size();
    return fine();
  }
  if (unkept_) finish_file();  // What it has stays promised.
  files_.close();
  rewind();
  return failure;
}

// The block that grows is forgotten; its lines are in the rings still.
void drain::rewind() {
  form_->forget();
  rows_ = {};
  passed_ = {};
  recorded_by_.clear(), named_.clear();
}

drain::outcome drain::finish() {
  error failure = fine();
  if (files_.is_open()) failure = append(form_->end());
  if (failure.status == THARSIS_OK) failure = files_.finish();
  return outcome_of(std::move(failure));
}

drain::outcome drain::outcome_of(error failure) {
  outcome o;
  o.lines = std::exchange(lines_, 0);
  o.bytes = std::exchange(bytes_, 0);
  o.recorded = std::exchange(recorded_, 0);
  o.dropped = std::exchange(dropped_, 0);
  o.full = std::exchange(full_, {});
  o.open = form_ && form_->rows() > 0;
  disk_full_ = disk_full_ || failure.status == THARSIS_E_FULL;
  o.failure = std::move(failure);
  o.file = files_.path();
  return o;
}

}  // namespace tharsis::xlog
