#include "plugins/xlog/core/log_lines.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "plugins/xlog/core/block_writer.h"
#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t sites_named_most = 8;

}  // namespace

log_lines::log_lines(byte_window& bytes, const private_key* key, const query& wanted, std::optional<bool> recorded)
    : wanted_(wanted),
      recorded_(recorded),
      filters_sites_(wanted.levels != all_levels || !wanted.plugins.empty() || !wanted.tags.empty() || !wanted.conditions.empty() ||
                     !wanted.texts.empty()),
      words_(wanted.any_case ? std::vector<std::string>() : wanted.texts),
      walk_(bytes, key, *this) {}
log_lines::~log_lines() = default;

log_lines::step log_lines::next() {
  for (;;) {
    switch (state_) {
      case state::in_block:
        if (next_row()) return step::line;
        tell_unreadable();
        state_ = state::between;
        break;
      case state::in_recovered:
        if (next_recovered()) return step::line;
        dead_.reset();
        state_ = state::between;
        break;
      case state::block_found: open_block(); continue;
      case state::recovered_found: open_recovered(); continue;
      case state::between: break;
    }
    if (const auto s = on_frame(walk_.next())) return *s;
  }
}

std::optional<log_lines::step> log_lines::on_frame(file_walk::step s) {
  const bool only_recorded = recorded_.value_or(false);
  switch (s) {
    case file_walk::step::more: return step::more;
    case file_walk::step::end: return step::end;
    case file_walk::step::damage:
      if (walk_.told().torn && walk_.extra()) writer_ = walk_.extra()->segment;
      if (only_recorded) return {};
      return step::damage;
    case file_walk::step::block:
      anchor_ = walk_.extra()->anchor;
      earliest_ = wall_of(walk_.header().tick_min << walk_.file()->tick_shift, anchor_);
      state_ = state::block_found;
      return step::later;
    case file_walk::step::recovered:
      kept_.insert(walk_.extra()->segment);
      if (only_recorded) return {};
      peek_recovered();
      return state_ == state::recovered_found ? std::optional(step::later) : std::nullopt;
    case file_walk::step::note:
      if (only_recorded || !take_note()) return {};
      return step::line;
  }
  return {};
}

std::unique_ptr<log_lines::known_site> log_lines::know(const site& s) const {
  auto k = std::make_unique<known_site>(known_site{s, site_format(s), wanted_.wants_origin(std::min<uint32_t>(s.level, THARSIS_LOG_FATAL), s.plugin, s.tag), {}, {}});
  for (const condition& c : wanted_.conditions) {
    const auto argument = argument_named(s, c.field);
    if (argument) k->conditions.push_back({*argument, &c});
    else k->wanted = false;
  }
  k->reach = words_.reach_of(s);
  if (k->reach.how == word_search::reach::never) k->wanted = false;
  return k;
}

void log_lines::on_site(uint32_t number, const site& s) {
  if (sites_.size() <= number) sites_.resize(number + 1);
  if (sites_[number] && sites_[number]->of == s) return;
  sites_[number] = know(s);
  if (sites_[number]->wanted) wanted_sites_ |= site_bit(number);
}

// What its rows' ticks, levels and sites say; where all is wanted, nothing that a header says can hide them.
bool log_lines::wants_block(const frame_header& h, const block_extra& e) {
  writer_ = e.segment;
  if (recorded_.value_or(false) && (h.flags & frame_recorded) == 0) return false;
  if (wanted_.levels != all_levels && (h.levels & wanted_.levels) == 0) return false;
  if (filters_sites_ && (h.sites & wanted_sites_) == 0) return false;
  const unsigned shift = walk_.file()->tick_shift;
  return wall_of(h.tick_max << shift, e.anchor) >= wanted_.since && wall_of(h.tick_min << shift, e.anchor) < wanted_.until;
}

bool log_lines::wants_note(const frame_header& h) {
  return !recorded_.value_or(false) && ((h.levels == 0 ? 1u << THARSIS_LOG_WARNING : h.levels) & wanted_.levels) != 0;
}

// Whether a line of the block may have the word that is looked for, by what its sites and texts can say.
bool log_lines::may_hold_words(const frame_header& h) {
  if (words_.empty() || walk_.texts_are_lost()) return true;
  for (uint32_t number = 0; number < sites_.size(); ++number) {
    const known_site* const s = sites_[number].get();
    if (s == nullptr || !s->wanted || (h.sites & site_bit(number)) == 0) continue;
    if (s->reach.how == word_search::reach::always) return true;
    for (const std::string& part : s->reach.parts)
      if (walk_.rows().may_have_text(part)) return true;
  }
  return false;
}

void log_lines::open_block() {
  state_ = state::between;
  if (!may_hold_words(walk_.header())) return;
  ++blocks_opened_;
  if (!walk_.open_rows()) return;
  const std::string differs = what_differs(walk_.header(), walk_.rows().facts(), anchor_, walk_.file()->tick_shift);
  if (!differs.empty()) walk_.tell(differs);
  if (!walk_.rows().choose_sites([this](uint32_t number) {
        const known_site* const s = site_of(number);
        return s == nullptr || s->wanted;  // Of one that is unknown the lines are counted.
      }))
    return;
  threads_.fill(0);
  more_threads_.clear();
  for (const ring_range& r : walk_.extra()->consumed) {
    if (r.ring >= threads_.size()) more_threads_.emplace(r.ring, r.thread);
    else if (threads_[r.ring] == 0) threads_[r.ring] = r.thread;
  }
  state_ = state::in_block;
}

// What of a block's rows could not be told, once all that could be is. That texts are unknown which were lost with another
// block was told there.
void log_lines::tell_unreadable() {
  const auto tell = [this](std::map<uint32_t, uint64_t>& by_site, const std::string& why) {
    uint64_t lines = 0;
    std::string sites;
    size_t named = 0;
    for (const auto& [site, of_it] : std::exchange(by_site, {})) {
      lines += of_it;
      if (++named <= sites_named_most) sites += (sites.empty() ? "" : ", ") + std::to_string(site);
    }
    if (lines == 0) return;
    if (named > sites_named_most) sites += " and " + std::to_string(named - sites_named_most) + " more";
    walk_.tell(std::to_string(lines) + " lines of a block cannot be read: " + why + " " + sites, lines);
  };
  tell(unknown_sites_, "no frame told, or the one that did is lost, what these sites are:");
  tell(damaged_sites_, "the columns are damaged of site");
  if (const uint64_t texts = walk_.rows().unknown_texts(); texts > 0 && !walk_.texts_are_lost())
    walk_.tell(std::to_string(texts) + " texts of a block's rows have codes that no block told, and nothing of its epoch is lost");
}

uint64_t log_lines::thread_of(uint32_t ring) const {
  if (ring < threads_.size()) return threads_[ring];
  const auto found = more_threads_.find(ring);
  return found != more_threads_.end() ? found->second : 0;
}

bool log_lines::next_row() {
  block_reader& rows = walk_.rows();
  for (row r; rows.next(r);) {
    const known_site* const s = site_of(r.site);
    if (s == nullptr) {
      ++unknown_sites_[r.site];
      continue;
    }
    line_.recorded = is_recorded(r.thread);
    if (recorded_ && *recorded_ != line_.recorded) continue;
    line_.wall = wall_of(r.tick, anchor_);
    line_.thread = thread_of(r.thread);
    if (!wanted_.wants_time(line_.wall) || !wanted_.wants_thread(line_.thread)) continue;
    if (!rows.values(line_.values)) {
      ++damaged_sites_[r.site];
      continue;
    }
    if (wants(*s)) return true;
  }
  return false;
}

// Where time and thread are wanted; line_ becomes the site's.
bool log_lines::wants(const known_site& s) {
  line_.of = &s.of;
  line_.format = &s.format;
  line_.level = std::min<uint32_t>(s.of.level, THARSIS_LOG_FATAL);
  line_.said = nullptr;
  for (const asked& a : s.conditions)
    if (!a.what->holds_for(argument_at(s.of.codes, line_.values, a.argument))) return false;
  return wanted_.texts.empty() || has_words();
}

bool log_lines::has_words() {
  scratch_.clear();
  line_.append_text(scratch_);
  return wanted_.wants_text(as_text(scratch_.bytes()));
}

bool log_lines::take_note() {
  const std::string_view payload = as_text(walk_.payload());
  if (payload.size() < sizeof note_.wall) {
    walk_.tell("a note is too short");
    return false;
  }
  std::memcpy(&note_.wall, payload.data(), sizeof note_.wall);
  const uint8_t levels = walk_.header().levels;
  note_.level = levels == 0 ? uint32_t{THARSIS_LOG_WARNING} : std::min<uint32_t>(static_cast<uint32_t>(std::bit_width(levels)) - 1, THARSIS_LOG_FATAL);
  note_.plugin = "xlog";
  note_.text = payload.substr(sizeof note_.wall);
  line_ = {};
  line_.wall = note_.wall;
  line_.level = note_.level;
  line_.said = &note_;
  return wanted_.wants(note_);
}

// When its first line was said. It is read again when it is its turn: until then it would need memory.
void log_lines::peek_recovered() {
  auto dead = recovered_lines::open(walk_.payload(), walk_.extra()->anchor, walk_.key());
  if (!dead) return walk_.tell(dead.failure().text);
  state_ = state::recovered_found;
  recovered_record first;
  earliest_ = (*dead)->next(first) ? wall_of(first.record.tick, (*dead)->anchor()) : std::numeric_limits<int64_t>::min();
}

void log_lines::open_recovered() {
  state_ = state::between;
  auto dead = recovered_lines::open(walk_.payload(), walk_.extra()->anchor, walk_.key());
  if (!dead) return walk_.tell(dead.failure().text);
  dead_ = std::move(*dead);
  dead_sites_.clear();
  dead_sites_.resize(dead_->sites().size());
  state_ = state::in_recovered;
}

bool log_lines::next_recovered() {
  for (recovered_record r; dead_->next(r);) {
    auto& s = dead_sites_[r.record.site];
    if (!s) s = know(dead_->sites()[r.record.site]);
    line_.wall = wall_of(r.record.tick, dead_->anchor());
    line_.thread = r.thread;
    line_.recorded = false;
    const auto values = split_cells(s->of.codes, r.record.arguments, dead_texts_);
    if (!s->wanted || !wanted_.wants_time(line_.wall) || !wanted_.wants_thread(r.thread)) continue;
    if (!values) {
      note_ = record_of(s->of, r.thread, line_.wall, r.record.arguments);  // It says what is wrong with it.
      line_.level = note_.level;
      line_.of = nullptr;
      line_.said = &note_;
      if (wanted_.texts.empty() || has_words()) return true;
      continue;
    }
    line_.values = *values;
    if (wants(*s)) return true;
  }
  if (const uint64_t bytes = dead_->unreadable(); bytes > 0) walk_.tell(std::to_string(bytes) + " bytes that a dead process left are no lines");
  return false;
}

}  // namespace tharsis::xlog
