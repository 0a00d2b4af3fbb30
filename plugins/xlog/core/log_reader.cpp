#include "plugins/xlog/core/log_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t header_most = file_header::fixed_size + file_header::seal_max + checksum_size;

}  // namespace

log_reader::~log_reader() = default;

void log_reader::on_bytes(std::string_view bytes) {
  if (hopeless_) return;
  // What was taken goes when it is more than what is left, so that each byte is moved a few times at most.
  if (taken_ > bytes_.size() / 2) {
    bytes_.erase(0, taken_);
    offset_ += taken_;
    taken_ = 0;
  }
  bytes_ += bytes;
}

std::optional<log_reader::item> log_reader::take() {
  for (;;) {
    if (!told_.empty()) {
      item i = std::move(told_.front());
      told_.pop_front();
      return i;
    }
    if (in_block_) {
      if (auto i = next_of_block()) return i;
      in_block_ = false;
      if (const uint64_t lines = std::exchange(unreadable_, 0); lines > 0)
        return damaged(std::to_string(lines) + " lines of a block cannot be read: their sites are lost, or their columns are damaged");
    }
    if (recovered_) {
      if (auto i = next_recovered()) return i;
      recovered_.reset();
    }
    if (hopeless_) return {};
    const size_t before = taken_;
    auto i = header_ ? next_frame() : begin();
    if (i || (taken_ == before && told_.empty() && !in_block_ && !recovered_)) return i;
  }
}

void log_reader::tell(const std::string& damage) { told_.push_back(damaged(damage)); }

log_reader::item log_reader::damaged(const std::string& what) const {
  item i;
  i.damage = "byte " + std::to_string(frame_at_) + ": " + what;
  return i;
}

std::optional<log_reader::item> log_reader::begin() {
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  if (left.empty() || (left.size() < header_most && !ended_)) return {};
  file_opening opening;
  if (const auto damage = decode_file_header(as_bytes(left), opening)) {
    hopeless_ = true;
    return damaged(damage->why);
  }
  taken_ += opening.size;
  header_ = std::move(opening.header);
  block_.emplace(header_->tick_shift);
  if (!header_->sealed) return {};
  const auto give_up = [this](const std::string& why) {
    hopeless_ = true;
    bytes_.clear();
    return damaged(why);
  };
  if (key_ == nullptr) return give_up("the file is sealed; --key FILE takes the private key that opens it");
  if (key_->of_mars) return give_up("the file is sealed by tharsis, and the key that was given is one of Mars'");
  const byte_view envelope = as_bytes(header_->seal);
  auto opener = file_opener::make(envelope, *key_, as_bytes(left).first(file_header::fixed_size));
  if (!opener) return give_up(opener.failure().text);
  chain_ = frame_chain(chain_of(envelope.last(tag_size)));
  opener_.emplace(std::move(*opener));
  if (!opener_->envelope_intact()) return damaged("the file's head was altered, though not what this key needs of it");
  return {};
}

std::optional<log_reader::item> log_reader::next_frame() {
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  if (left.empty() && !ended_) return {};
  if (left.empty()) return at_end();
  if (left.size() < frame_header::header_size && !ended_) return {};
  const auto header = decode_frame_header(as_bytes(left));
  if (header && left.size() < header->size() && !ended_) return {};
  if (!header || left.size() < header->size()) {
    if (lost_ == 0) on_torn(header, left);
    return pass_lost_bytes(left, header ? frame_header::header_size : 1);
  }
  if (lost_ > 0) return at_end();
  frame_at_ = offset_ + taken_;
  opened o;
  o.bytes = left.substr(0, header->size());
  open(*header, o);
  // What is behind a frame that is not as it was written may begin in the midst of it: bytes of it are missing.
  size_t size = o.bytes.size();
  if (!o.chain) size = std::min(size, frame_header::header_size + find_frame(as_bytes(left.substr(frame_header::header_size))));
  taken_ += size;
  on_frame(*header, o);
  return {};
}

// What may be the beginning of a frame that its writer did not end; and whose lines it would have held.
void log_reader::on_torn(const std::optional<frame_header>& h, std::string_view left) {
  torn_ = h || (left.size() < frame_header::header_size && frame_magic.starts_with(left.substr(0, frame_magic.size())));
  torn_lines_ = !h || h->kind == frame_kind::block || h->kind == frame_kind::recovered;
  if (!h || left.size() < frame_header::header_size + h->extra) return;
  if (const auto told = decode_block_extra(as_bytes(left).subspan(frame_header::header_size, h->extra))) writer_ = told->segment;
}

// The end of a writer that was killed, or damage in the middle; told once, when its end is known.
std::optional<log_reader::item> log_reader::pass_lost_bytes(std::string_view left, size_t from) {
  from = std::min(from, left.size());
  const size_t passed = from + find_frame(as_bytes(left.substr(from)));
  if (lost_ == 0) lost_at_ = offset_ + taken_;
  lost_ += passed;
  taken_ += passed;
  return {};
}

// Of the file, or of bytes that are no frame.
std::optional<log_reader::item> log_reader::at_end() {
  const bool whole = taken_ == bytes_.size() && ended_;
  if (lost_ > 0) {
    frame_at_ = lost_at_;
    item i = damaged(std::to_string(std::exchange(lost_, 0)) + " bytes are no frame" + (whole ? "; the file was cut off there" : ""));
    i.cut = whole && torn_ && !chain_.ended();
    i.torn = i.cut && torn_lines_;
    end_told_ = whole && i.cut;
    chain_.on_lost();
    return i;
  }
  if (!header_->sealed || chain_.ended() || std::exchange(end_told_, true)) return {};
  frame_at_ = offset_ + taken_;
  item i = damaged("the file ends before its last frame: it is still being written, its writer was killed, or somebody cut it");
  i.cut = true;
  return i;
}

std::optional<std::span<const uint8_t>> log_reader::open_payload(const frame_header& h, uint8_t number, std::span<const uint8_t> clear,
                                                                 std::span<uint8_t> payload, std::string& why) {
  if (payload.empty()) return payload;
  if (header_->sealed) {
    const error failure = opener_->open({h.number, number, h.kind == frame_kind::end}, clear, payload);
    if (failure.status == THARSIS_OK) return payload.first(payload.size() - tag_size);
    why = failure.text;
    return {};
  }
  if ((h.flags & frame_sealed) != 0) {
    why = "it is sealed, and the file is not";
    return {};
  }
  const auto content = without_checksum(payload);
  if (!content) why = "its checksum is wrong";
  return content;
}

// Payloads are opened in place, so what ends the last one is read first.
void log_reader::open(const frame_header& h, opened& to) {
  const auto whole = std::span(reinterpret_cast<uint8_t*>(to.bytes.data()), to.bytes.size());
  const auto clear = whole.first(frame_header::header_size + h.extra);
  const size_t payloads = whole.size() - clear.size(), ending = header_->sealed ? tag_size : checksum_size;
  const uint32_t chain = payloads >= ending ? chain_of(byte_view(whole).last(ending)) : h.chain;
  to.extra = clear.subspan(frame_header::header_size);
  to.first = open_payload(h, 0, clear, whole.subspan(clear.size(), h.first), to.why);
  to.second = open_payload(h, h.first > 0 ? 1 : 0, clear, whole.subspan(clear.size() + h.first, h.second), to.why);
  to.believed = !header_->sealed || (h.first > 0 && to.first) || (h.second > 0 && to.second);
  if (payloads == 0 && header_->sealed) to.why = "it has nothing that a seal could prove";
  if (to.believed && to.first && to.second) to.chain = chain;
}

void log_reader::on_frame(const frame_header& h, const opened& o) {
  if (!o.believed) {
    chain_.on_lost();
    return tell("a frame cannot be read: " + o.why);
  }
  if (const auto found = chain_.on_frame(h.number, h.chain, o.chain, h.kind == frame_kind::end)) {
    tell(found->text);
    if (found->what == frame_chain::fault::repeated) return;
  }
  if (h.kind == frame_kind::block) return open_block(h, o);
  if (!o.first || !o.second) return tell("a frame cannot be read: " + o.why);
  switch (h.kind) {
    case frame_kind::sites: return open_sites(*o.first);
    case frame_kind::recovered: return open_recovered(o.extra, *o.first);
    case frame_kind::note: return open_note(h.levels, as_text(*o.first));
    default: return;
  }
}

void log_reader::open_sites(std::span<const uint8_t> entries) {
  std::string_view left = as_text(entries);
  while (!left.empty()) {
    const auto entry = read_site(left);
    if (!entry) return tell("a list of sites is damaged: " + entry.failure().text);
    if (entry->number >= sites_max || !block_->add_site(entry->number, entry->value)) return tell("a site is none that we know");
    if (sites_.size() <= entry->number) sites_.resize(entry->number + 1);
    sites_[entry->number] = std::make_unique<const site>(entry->value);
  }
}

// Without its texts a block still has rows, and a reader that lost rows still follows the texts.
void log_reader::open_block(const frame_header& h, const opened& o) {
  const auto failure = block_->on_texts(h.epoch, o.first ? *o.first : std::span<const uint8_t>());
  if (!o.first) tell("the texts of a block cannot be read: " + o.why);
  else if (failure) tell(failure->text);
  if (!o.second) return tell("a block with " + std::to_string(h.rows) + " lines cannot be read: " + o.why);
  const auto told = decode_block_extra(o.extra);
  if (!told) return tell("a block's clear part is damaged");
  anchor_ = told->anchor;
  writer_ = told->segment;
  threads_.clear();
  for (const ring_range& r : told->consumed) threads_.emplace(r.ring, r.thread);
  rows_ = as_text(*o.second);
  if (const auto damage = block_->on_rows(as_bytes(rows_), h.rows)) return tell(damage->text);
  in_block_ = true;
}

std::optional<log_reader::item> log_reader::next_of_block() {
  for (row r; block_->next(r);) {
    const auto arguments = block_->arguments();
    const site* const s = r.site < sites_.size() ? sites_[r.site].get() : nullptr;
    if (!arguments || s == nullptr) {
      ++unreadable_;
      continue;
    }
    const auto of = threads_.find(r.thread);
    item i = line_of(*s, of != threads_.end() ? of->second : 0, wall_of(r.tick, anchor_), *arguments);
    i.recorded = is_recorded(r.thread);
    return i;
  }
  return {};
}

log_reader::item log_reader::line_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments) {
  item i{record_of(s, thread, wall, arguments)};
  if (is_finished_text(s)) return i;
  i.of = &s;
  i.arguments = arguments;
  return i;
}

void log_reader::open_recovered(std::span<const uint8_t> extra, std::span<const uint8_t> payload) {
  auto image = read_recovered(payload);
  if (!image) return tell("what a dead process left cannot be read: " + image.failure().text);
  auto r = std::make_unique<recovered>();
  r->image = std::move(*image);
  const auto told = decode_block_extra(extra);
  if (!told) return tell("what a dead process left: the frame's clear part is damaged");
  r->anchor = told->anchor;
  kept_.insert(told->segment);
  if (r->image.info.sealed) {
    if (key_ == nullptr) return tell("what a dead process left is sealed; --key FILE takes the private key that opens it");
    auto stream = unwrap_keystream(r->image.wrapped, *key_);
    if (!stream) return tell("what a dead process left: " + stream.failure().text);
    r->stream.emplace(std::move(*stream));
  }
  recovered* const here = r.get();
  const fill_keystream fill = [here](uint64_t position, std::span<uint8_t> into) {
    return here->stream && here->stream->fill(position, into);
  };
  const std::vector<uint8_t> dictionary = open_dictionary(r->image, fill);
  std::string_view left = as_text(dictionary);
  while (!left.empty()) {
    const auto entry = read_site(left);
    if (!entry || entry->number >= sites_max) break;
    if (r->sites.size() <= entry->number) r->sites.resize(entry->number + 1);
    r->sites[entry->number] = entry->value;
  }
  r->records.emplace(r->image, fill, static_cast<uint32_t>(r->sites.size()));
  recovered_ = std::move(r);
}

std::optional<log_reader::item> log_reader::next_recovered() {
  recovered_record r;
  recovered& from = *recovered_;
  if (!from.records->next(r)) {
    if (from.records->unreadable() == 0) return {};
    const auto bytes = from.records->unreadable();
    from.image.rings.clear();
    recovered_.reset();
    return damaged(std::to_string(bytes) + " bytes that a dead process left are no lines");
  }
  return line_of(from.sites[r.record.site], r.thread, wall_of(r.record.tick, from.anchor), r.record.arguments);
}

void log_reader::open_note(uint8_t levels, std::string_view payload) {
  item i;
  if (payload.size() < sizeof i.value.wall) return tell("a note is too short");
  std::memcpy(&i.value.wall, payload.data(), sizeof i.value.wall);
  i.value.level = levels == 0 ? uint32_t{THARSIS_LOG_WARNING} : std::min<uint32_t>(static_cast<uint32_t>(std::bit_width(levels)) - 1, THARSIS_LOG_FATAL);
  i.value.plugin = "xlog";
  i.value.text = payload.substr(sizeof i.value.wall);
  told_.push_back(std::move(i));
}

bool may_be_log(std::string_view bytes, bool whole) {
  if (bytes.empty()) return whole;
  file_opening opening;
  const auto damage = decode_file_header(as_bytes(bytes), opening);
  return !damage || (damage->cut && !whole) || opening.size > 0;
}

}  // namespace tharsis::xlog
