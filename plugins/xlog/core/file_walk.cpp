#include "plugins/xlog/core/file_walk.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t header_most = file_header::fixed_size + file_header::seal_max + checksum_size;
constexpr size_t searched_at_once = 64 << 10;
// Blocks whose texts wait to be read: far more than an epoch of a writer's has.
constexpr size_t passed_max = 16 << 10;

}  // namespace

file_walk::~file_walk() = default;

void file_walk::tell(std::string why, uint64_t lines) {
  damage d{frame_at_, std::move(why)};
  d.frame = header_.number;
  d.missing_lines = lines;
  tell(std::move(d));
}

file_walk::step file_walk::next() {
  for (;;) {
    if (!told_.empty()) {
      damage_ = std::move(told_.front());
      told_.pop_front();
      return step::damage;
    }
    if (found_) return *std::exchange(found_, {});
    if (hopeless_) return step::end;
    found_ = file_ ? next_frame() : begin();
  }
}

file_walk::outcome file_walk::cannot_read() {
  hopeless_ = true;
  return step::end;
}

file_walk::outcome file_walk::begin() {
  const std::string_view left = bytes_.at(0, header_most);
  if (left.empty()) return bytes_.ended() ? step::end : step::more;
  file_opening opening;
  if (auto wrong = decode_file_header(as_bytes(left), opening)) {
    if (wrong->cut && !bytes_.ended()) return step::more;
    hopeless_ = true;
    tell(damage{0, std::move(wrong->why)});
    return {};
  }
  at_ = opening.size;
  file_ = std::move(opening.header);
  block_.emplace(file_->tick_shift);
  if (!file_->sealed) return {};
  const auto give_up = [this](const std::string& why) {
    hopeless_ = true;
    damage d{0, why};
    d.status = THARSIS_E_DENIED;
    tell(std::move(d));
  };
  if (key_ == nullptr) return give_up("the file is sealed; --key FILE takes the private key that opens it"), std::nullopt;
  if (key_->of_mars) return give_up("the file is sealed by tharsis, and the key that was given is one of Mars'"), std::nullopt;
  const byte_view envelope = as_bytes(file_->seal);
  auto opener = file_opener::make(envelope, *key_, as_bytes(left).first(file_header::fixed_size));
  if (!opener) return give_up(opener.failure().text), std::nullopt;
  chain_ = frame_chain(chain_of(envelope.last(tag_size)));
  opener_.emplace(std::move(*opener));
  if (!opener_->envelope_intact()) tell(damage{0, "the file's head was altered, though not what this key needs of it"});
  return {};
}

file_walk::outcome file_walk::next_frame() {
  const std::string_view left = bytes_.at(at_, frame_header::header_size);
  const uint64_t there = bytes_.size() - std::min(at_, bytes_.size());
  if (left.size() < std::min<uint64_t>(there, frame_header::header_size)) return cannot_read();
  if (left.size() < frame_header::header_size && !bytes_.ended()) return step::more;
  if (left.empty()) return at_end(true);
  const auto header = decode_frame_header(as_bytes(left));
  if (header && there < header->size() && !bytes_.ended()) return step::more;
  if (!header || there < header->size()) {
    if (lost_ == 0) on_torn(header);
    return pass_lost_bytes(header ? frame_header::header_size : 1);
  }
  header_ = *header;
  if (lost_ > 0) return at_end(false);
  return take_frame();
}

// What may be the beginning of a frame that its writer did not end; and whose lines it would have held.
void file_walk::on_torn(const std::optional<frame_header>& h) {
  const std::string_view left = bytes_.at(at_, frame_header::header_size);
  torn_ = h || (left.size() < frame_header::header_size && frame_magic.starts_with(left.substr(0, frame_magic.size())));
  torn_lines_ = !h || h->kind == frame_kind::block || h->kind == frame_kind::recovered;
  if (!h) return;
  const std::string_view clear = bytes_.at(at_, frame_header::header_size + h->extra);
  if (clear.size() < frame_header::header_size + h->extra) return;
  if (const auto told = decode_block_extra(as_bytes(clear).subspan(frame_header::header_size))) extra_ = told;
}

// The end of a writer that was killed, or damage in the middle; told once, when its end is known.
file_walk::outcome file_walk::pass_lost_bytes(size_t from) {
  const std::string_view left = bytes_.at(at_, searched_at_once);
  from = std::min(from, left.size());
  const size_t passed = from + find_frame(as_bytes(left.substr(from)));
  if (passed == 0) return cannot_read();
  if (lost_ == 0) lost_at_ = at_;
  lost_ += passed;
  at_ += passed;
  return {};
}

// Of the file, or of bytes that are no frame; behind those stands the frame of header_, unless the file ends.
file_walk::outcome file_walk::at_end(bool whole) {
  if (lost_ > 0) {
    damage d{lost_at_, std::to_string(std::exchange(lost_, 0)) + " bytes are no frame" + (whole ? "; the file was cut off there" : "")};
    if (!whole && header_.number > chain_.next()) {
      d.missing_frames = header_.number - chain_.next();
      d.why += "; " + frame_chain::missing_text(chain_.next(), header_.number);
    }
    d.cut = whole && torn_ && !chain_.ended();
    d.torn = d.cut && torn_lines_;
    end_told_ = whole && d.cut;
    chain_.on_lost();
    gap_ = true;
    tell(std::move(d));
    return {};
  }
  settle_left_out(true);
  if (!told_.empty()) return {};
  if (!file_->sealed || chain_.ended() || chosen_.is_open || std::exchange(end_told_, true)) return step::end;
  damage d{at_, "the file ends before its last frame: it is still being written, its writer was killed, or somebody cut it"};
  d.cut = true;
  tell(std::move(d));
  return {};
}

file_walk::outcome file_walk::take_frame() {
  frame_at_ = at_;
  rows_.reset();
  extra_.reset();
  why_.clear();
  const frame_header& h = header_;
  if (doubtful_.holds(frame_at_) && !is_whole()) return hopeless_ ? cannot_read() : pass_damaged();
  if (h.kind == frame_kind::block) {
    const size_t clear = frame_header::header_size + h.extra;
    const std::string_view bytes = bytes_.at(at_, clear);
    if (bytes.size() < clear) return cannot_read();
    extra_ = decode_block_extra(as_bytes(bytes).subspan(frame_header::header_size));
    const bool wanted = !extra_ || choice_.wants_block(h, *extra_);
    if (!wanted && may_pass_over()) return pass_over(), std::nullopt;
    return take_block();
  }
  if (h.kind == frame_kind::left_out) return take_left_out();
  if (h.kind == frame_kind::note && !choice_.wants_note(h) && may_pass_over()) return pass_over(), std::nullopt;
  return take_other();
}

// Only where it stands is it not opened what nobody wants: else its seal must prove it, or a header that somebody made up
// would make the frames behind it seem to be there twice.
bool file_walk::may_pass_over() const {
  return expects(header_) && passed_.size() < passed_max &&
         (!file_->sealed || header_.first + uint64_t{header_.second} > 0);
}

void file_walk::pass_over() {
  const frame_header& h = header_;
  if (h.kind == frame_kind::block) {
    if (!passed_.empty() && passed_.back().header.epoch != h.epoch) passed_.clear();
    on_epoch();
    if (h.first > 0) passed_.push_back({at_, h});
  }
  on_chain(chain_at_end());
  at_ += h.size();
}

// Another block comes: are the texts of its epoch all known that far?
void file_walk::on_epoch() {
  if (epoch_ != header_.epoch) texts_lost_ = false;
  epoch_ = header_.epoch;
  texts_lost_ = std::exchange(gap_, false) || texts_lost_;
}

// What the next frame's chain must be: it ends the last payload.
std::optional<uint32_t> file_walk::chain_at_end() {
  const size_t ending = file_->sealed ? tag_size : checksum_size;
  if (header_.first + uint64_t{header_.second} < ending) return header_.chain;
  const std::string_view bytes = bytes_.at(frame_at_ + header_.size() - ending, ending);
  if (bytes.size() < ending) return {};
  return chain_of(as_bytes(bytes));
}

// False: the frame was there already.
bool file_walk::on_chain(std::optional<uint32_t> own) {
  settle_left_out(false);
  const uint64_t expected = chain_.next();
  const auto found = chain_.on_frame(header_.number, header_.chain, own, header_.kind == frame_kind::end);
  if (!found) return true;
  gap_ = true;
  damage d{frame_at_, found->text};
  d.frame = header_.number;
  if (found->what == frame_chain::fault::missing) d.missing_frames = header_.number - expected;
  tell(std::move(d));
  return found->what != frame_chain::fault::repeated;
}

std::optional<std::span<const uint8_t>> file_walk::open_payload(const frame_header& h, uint8_t number, std::span<uint8_t> payload) {
  if (payload.empty()) return payload;
  if (file_->sealed) {
    const auto clear = std::span<const uint8_t>(clear_).first(frame_header::header_size + h.extra);
    const error failure = opener_->open({h.number, number, h.kind == frame_kind::end}, clear, payload);
    if (failure.status == THARSIS_OK) return payload.first(payload.size() - tag_size);
    why_ = failure.text;
    return {};
  }
  if ((h.flags & frame_sealed) != 0) {
    why_ = "it is sealed, and the file is not";
    return {};
  }
  const auto content = without_checksum(payload);
  if (!content) why_ = "its checksum is wrong";
  return content;
}

// Payloads are opened in place, so these are copies of what stands in the file.
bool file_walk::read_clear_and_first(uint64_t at, const frame_header& h) {
  clear_.resize(frame_header::header_size + h.extra + h.first);
  return bytes_.read(at, clear_);
}
std::optional<std::span<const uint8_t>> file_walk::open_first(const frame_header& h) {
  return open_payload(h, 0, std::span(clear_).subspan(frame_header::header_size + h.extra));
}
std::optional<std::span<const uint8_t>> file_walk::read_second() {
  const frame_header& h = header_;
  second_.resize(h.second);
  if (!bytes_.read(frame_at_ + h.size() - h.second, second_)) {
    hopeless_ = true;
    why_ = "the file cannot be read there";
    return {};
  }
  return open_payload(h, h.first > 0 ? 1 : 0, second_);
}

// What is behind a frame that is not as it was written may begin in the midst of it: bytes of it are missing.
void file_walk::go_on_within() {
  if (doubtful_.on_damaged(frame_at_, header_.size())) {
    at_ = find_frame_from(frame_at_ + frame_header::header_size, frame_at_ + header_.size());
    return;
  }
  at_ = doubtful_.end();
  tell("damaged frames stand in one another; nothing is looked for in " + std::to_string(at_ - frame_at_) + " bytes");
}

// Whether each payload of the frame is as it was written.
bool file_walk::is_whole() {
  const frame_header& h = header_;
  if (!read_clear_and_first(frame_at_, h)) return hopeless_ = true, false;
  return open_first(h) && (h.second == 0 || read_second());
}

uint64_t file_walk::find_frame_from(uint64_t from, uint64_t end) {
  while (from < end) {
    const std::string_view bytes = bytes_.at(from, searched_at_once);
    if (bytes.empty()) return end;
    const size_t found = find_frame(as_bytes(bytes));
    from += found;
    if (found == bytes.size()) continue;
    if (bytes.size() - found >= frame_header::header_size) break;
    if (bytes_.size() - from < frame_header::header_size) break;  // It is cut off by the end of the file.
    if (decode_frame_header(as_bytes(bytes_.at(from, frame_header::header_size)))) break;
    ++from;
  }
  return std::min(from, end);
}

file_walk::outcome file_walk::unbelieved(const std::string& why) {
  tell("a frame cannot be read: " + why, header_.rows);
  return pass_damaged();
}

file_walk::outcome file_walk::pass_damaged() {
  chain_.on_lost();
  gap_ = true;
  go_on_within();
  return {};
}

// Without its texts a block still has rows, and a reader that lost rows still follows the texts.
file_walk::outcome file_walk::take_block() {
  const frame_header& h = header_;
  if (passed_.empty() || passed_.back().header.epoch != h.epoch) passed_.clear();
  else load_passed_texts();
  if (!read_clear_and_first(frame_at_, h)) return cannot_read();
  const auto first = open_first(h);
  bool believed = !file_->sealed || (h.first > 0 && first);
  const std::string why_first = why_;
  if (!believed && h.second > 0) {
    rows_ = read_second();
    believed = rows_.has_value();
  }
  if (!believed) return unbelieved(h.first + h.second > 0 ? why_ : "it has nothing that a seal could prove");
  at_ += h.size();
  if (!on_chain(first ? chain_at_end() : std::nullopt)) return {};
  on_epoch();
  const auto failure = block_->on_texts(h.epoch, first ? *first : std::span<const uint8_t>());
  if (!first) tell("the texts of a block cannot be read: " + why_first);
  else if (failure) tell(failure->text);
  texts_lost_ = texts_lost_ || !first || failure;
  if (!first) go_on_within();
  if (extra_) return step::block;
  if (has_second()) tell("a block's clear part is damaged", h.rows);
  return {};
}

void file_walk::load_passed_texts() {
  for (const texts_place& p : std::exchange(passed_, {})) {
    const bool there = read_clear_and_first(p.at, p.header);
    const auto first = there ? open_first(p.header) : std::nullopt;
    const auto failure = first ? block_->on_texts(p.header.epoch, *first) : std::nullopt;
    if (first && !failure) continue;
    damage d{p.at, failure ? failure->text : "the texts of a block cannot be read: " + why_};
    d.frame = p.header.number;
    tell(std::move(d));
    texts_lost_ = true;
  }
}

bool file_walk::has_second() {
  if (!rows_) rows_ = read_second();
  if (rows_) return true;
  tell("a block with " + std::to_string(header_.rows) + " lines cannot be read: " + why_, header_.rows);
  chain_.on_doubt();
  go_on_within();
  return false;
}

bool file_walk::open_rows() {
  if (!has_second()) return false;
  const auto failure = block_->on_rows(*rows_, header_.rows);
  if (failure) tell(failure->text, header_.rows);
  return !failure;
}

file_walk::outcome file_walk::take_other() {
  const frame_header& h = header_;
  if (!read_clear_and_first(frame_at_, h)) return cannot_read();
  const auto first = open_first(h);
  const auto second = h.second > 0 ? read_second() : std::span<const uint8_t>();
  const bool believed = !file_->sealed || (h.first > 0 && first) || (h.second > 0 && second);
  if (!believed) return unbelieved(h.first + h.second > 0 ? why_ : "it has nothing that a seal could prove");
  at_ += h.size();
  if (!on_chain(first && second ? chain_at_end() : std::nullopt)) return {};
  if (!first || !second) {
    tell("a frame cannot be read: " + why_);
    go_on_within();
    return {};
  }
  payload_ = *first;
  if (h.kind == frame_kind::sites) take_sites(payload_);
  if (h.kind == frame_kind::note) return step::note;
  if (h.kind != frame_kind::recovered) return {};
  extra_ = decode_block_extra(std::span(clear_).subspan(frame_header::header_size, h.extra));
  if (extra_) return step::recovered;
  tell("what a dead process left: the frame's clear part is damaged");
  return {};
}

// Frames that were left out on purpose. Those that stand next to each other are one run.
file_walk::outcome file_walk::take_left_out() {
  const frame_header h = header_;
  if (!read_clear_and_first(frame_at_, h)) return cannot_read();
  const auto what = decode_left_out(std::span<const uint8_t>(clear_).subspan(frame_header::header_size, h.extra), h);
  const auto payload = std::span<const uint8_t>(clear_).subspan(frame_header::header_size + h.extra);
  const auto texts = payload.empty() ? std::optional(payload) : without_checksum(payload);
  if (!what || !texts || h.second > 0) return unbelieved("what it says was left out is damaged");
  // Where the file is followed, the next edition has other frames from here on.
  if (what->until == left_out::open_end && !bytes_.ended()) return step::more;
  at_ += h.size();
  const uint64_t frames = what->until == left_out::open_end ? 0 : what->until - h.number;
  if (left_out_ && left_out_->what.until == h.number && left_out_->what.chain == h.chain) {
    left_out_->what = {what->until, left_out_->what.lines + what->lines, left_out_->what.bytes + what->bytes, what->chain};
    left_out_->frames += frames;
  } else {
    settle_left_out(false);
    left_out_ = left_out_run{h, *what, frame_at_, frames};
  }
  if (texts->empty()) gap_ = true;
  else take_left_texts(h, *texts);
  return {};
}

// Blocks whose rows are not here still have texts for those behind them: they are as those of a block that nobody wants.
void file_walk::take_left_texts(const frame_header& h, std::span<const uint8_t> texts) {
  const auto block = decode_frame_header(texts);
  if (!block || block->kind != frame_kind::block || block->number != h.number || frame_header::header_size + uint64_t{block->extra} + block->first != texts.size())
    return tell("the texts that are left of a block are not those of a block");
  if (!passed_.empty() && passed_.back().header.epoch != block->epoch) passed_.clear();
  header_ = *block;
  on_epoch();
  header_ = h;
  if (block->first > 0 && passed_.size() < passed_max) passed_.push_back({frame_at_ + frame_header::header_size + h.extra, *block});
}

// Whether the frames before and behind bear out what is said to be left out between them.
void file_walk::settle_left_out(bool at_end) {
  if (!left_out_) return;
  const left_out_run run = *std::exchange(left_out_, {});
  const left_out& what = run.what;
  const bool is_open = what.until == left_out::open_end;
  const bool fits = at_end ? is_open : !is_open && header_.number == what.until && header_.chain == what.chain;
  if (!fits && !(at_end && !is_open)) {
    damage d{run.at, "it says that frames were left out here, and what stands behind it says otherwise"};
    d.frame = run.begins.number;
    return tell(std::move(d));
  }
  if (const auto found = chain_.on_frame(run.begins.number, run.begins.chain, what.chain, false)) {
    damage d{run.at, "before what was left out: " + found->text};
    d.frame = run.begins.number;
    tell(std::move(d));
    if (found->what == frame_chain::fault::repeated) return;
  }
  chosen_.is_open = is_open;
  chosen_.lines += what.lines;
  chosen_.bytes += what.bytes;
  chosen_.frames += run.frames;
  if (!is_open) chain_.pass_to(what.until);
}

// Whether a frame is the one that comes next, if what is left out before it is.
bool file_walk::expects(const frame_header& h) const {
  if (!left_out_) return chain_.expects(h.number, h.chain);
  return chain_.expects(left_out_->begins.number, left_out_->begins.chain) && h.number == left_out_->what.until && h.chain == left_out_->what.chain;
}

void file_walk::take_sites(std::span<const uint8_t> entries) {
  std::string_view left = as_text(entries);
  while (!left.empty()) {
    const auto entry = read_site(left);
    if (!entry) return tell("a list of sites is damaged: " + entry.failure().text);
    if (entry->number >= sites_max || !block_->add_site(entry->number, entry->value)) return tell("a site is none that we know");
    choice_.on_site(entry->number, entry->value);
  }
}

bool may_be_log(std::string_view bytes, bool whole) {
  if (bytes.empty()) return whole;
  file_opening opening;
  const auto wrong = decode_file_header(as_bytes(bytes), opening);
  return !wrong || (wrong->cut && !whole) || opening.size > 0;
}

}  // namespace tharsis::xlog
