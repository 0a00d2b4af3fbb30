#include "plugins/xlog/core/log_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t header_most = file_header::fixed_size + file_header::seal_max + checksum_size;

}  // namespace

log_reader::~log_reader() = default;

void log_reader::on_bytes(std::string_view bytes) {
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
    if (in_block_) {
      if (auto i = next_of_block()) return i;
      in_block_ = false;
    }
    if (recovered_) {
      if (auto i = next_recovered()) return i;
      recovered_.reset();
    }
    if (hopeless_) return {};
    const size_t before = taken_;
    auto i = header_ ? next_frame() : begin();
    if (i || (taken_ == before && !in_block_ && !recovered_)) return i;
  }
}

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
  if (key_ == nullptr) {
    hopeless_ = true;
    return damaged("the file is sealed; --key FILE takes the private key that opens it");
  }
  auto opener = file_opener::make(as_bytes(header_->seal), *key_);
  if (!opener) {
    hopeless_ = true;
    return damaged(opener.failure().text);
  }
  opener_.emplace(std::move(*opener));
  return {};
}

std::optional<log_reader::item> log_reader::next_frame() {
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  frame_at_ = offset_ + taken_;
  if (left.empty() || (left.size() < frame_header::header_size && !ended_)) return {};
  const auto header = decode_frame_header(as_bytes(left));
  if (header && left.size() >= header->size()) {
    // Whole frames that are missing, without a trace in the bytes.
    if (next_number_ && header->number != *next_number_) {
      const uint64_t expected = *std::exchange(next_number_, header->number);
      return damaged("frame " + std::to_string(header->number) + " stands where frame " + std::to_string(expected) + " belongs");
    }
    next_number_ = header->number + 1;
    const std::string frame(left.substr(0, header->size()));
    taken_ += frame.size();
    return open_frame(*header, frame);
  }
  if (header && !ended_) return {};
  // Lost: the end of a writer that was killed, or damage in the middle.
  const size_t next = header || left.size() < 2 ? left.size() : 1 + find_frame(as_bytes(left.substr(1)));
  taken_ += next;
  next_number_.reset();
  return damaged(std::to_string(next) + " bytes are no frame" + (taken_ == bytes_.size() && ended_ ? "; the file was cut off there" : ""));
}

std::optional<std::span<const uint8_t>> log_reader::open_payload(const frame_header& h, uint8_t number, std::span<const uint8_t> clear,
                                                                 std::span<uint8_t> payload, std::string& why) {
  if (payload.empty()) return payload;
  if ((h.flags & frame_sealed) == 0 && !header_->sealed) {
    const auto content = without_checksum(payload);
    if (!content) why = "its checksum is wrong";
    return content;
  }
  if (!opener_ || payload.size() < tag_size) {
    why = "it is sealed, and the file is not";
    return {};
  }
  const error failure = opener_->open({h.number, number, h.kind == frame_kind::end}, clear, payload);
  if (failure.status != THARSIS_OK) {
    why = failure.text;
    return {};
  }
  return payload.first(payload.size() - tag_size);
}

std::optional<log_reader::item> log_reader::open_frame(const frame_header& h, std::string_view bytes) {
  std::string open(bytes);
  const auto whole = std::span(reinterpret_cast<uint8_t*>(open.data()), open.size());
  const auto clear = whole.first(frame_header::header_size + h.extra);
  std::string why;
  const auto first = open_payload(h, 0, clear, whole.subspan(clear.size(), h.first), why);
  const auto second = open_payload(h, h.first > 0 ? 1 : 0, clear, whole.subspan(clear.size() + h.first, h.second), why);
  if (h.kind == frame_kind::block && first && block_) {
    // A reader that lost rows still follows the texts.
    if (const auto failure = block_->on_texts(h.epoch, *first)) why = failure->text;
    if (second) return why.empty() ? open_block(h, clear.subspan(frame_header::header_size), *second) : damaged(why);
  }
  if (!why.empty()) return damaged("a frame with " + std::to_string(h.rows) + " lines cannot be read: " + why);
  switch (h.kind) {
    case frame_kind::sites: return open_sites(*first);
    case frame_kind::recovered: return open_recovered(clear.subspan(frame_header::header_size), *first);
    case frame_kind::note: return open_note(as_text(*first));
    default: return {};
  }
}

std::optional<log_reader::item> log_reader::open_sites(std::span<const uint8_t> entries) {
  std::string_view left = as_text(entries);
  while (!left.empty()) {
    const auto entry = read_site(left);
    if (!entry) return damaged("a list of sites is damaged: " + entry.failure().text);
    if (entry->number >= sites_max || !block_->add_site(entry->number, entry->value)) return damaged("a site is none that we know");
    if (sites_.size() <= entry->number) sites_.resize(entry->number + 1);
    sites_[entry->number] = entry->value;
  }
  return {};
}

std::optional<log_reader::item> log_reader::open_block(const frame_header& h, std::span<const uint8_t> extra, std::span<const uint8_t> rows) {
  const auto told = decode_block_extra(extra);
  if (!told) return damaged("a block's clear part is damaged");
  extra_ = *told;
  rows_ = as_text(rows);
  if (const auto failure = block_->on_rows(as_bytes(rows_), h.rows)) return damaged(failure->text);
  in_block_ = true;
  return {};
}

std::optional<log_reader::item> log_reader::next_of_block() {
  row r;
  if (!block_->next(r)) return {};
  const auto arguments = block_->arguments();
  if (!arguments || r.site >= sites_.size()) return damaged("a line of a block cannot be read");
  const auto of = std::find_if(extra_.consumed.begin(), extra_.consumed.end(), [&](const ring_range& c) { return c.ring == r.thread; });
  const uint64_t thread = of != extra_.consumed.end() ? of->thread : 0;
  return item{record_of(sites_[r.site], thread, wall_of(r.tick, extra_.anchor), *arguments), {}};
}

record log_reader::record_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments) const {
  record r;
  r.wall = wall;
  r.level = std::min<uint32_t>(s.level, THARSIS_LOG_FATAL);
  r.thread = thread;
  r.plugin = s.plugin;
  if (!s.tag.empty()) r.text = "[" + s.tag + "] ";
  r.text += format_line(s.text, s.codes, arguments);
  return r;
}

std::optional<log_reader::item> log_reader::open_recovered(std::span<const uint8_t> extra, std::span<const uint8_t> payload) {
  auto image = read_recovered(payload);
  if (!image) return damaged("what a dead process left cannot be read: " + image.failure().text);
  auto r = std::make_unique<recovered>();
  r->image = std::move(*image);
  const auto told = decode_block_extra(extra);
  if (!told) return damaged("what a dead process left: the frame's clear part is damaged");
  r->anchor = told->anchor;
  if (r->image.info.sealed) {
    if (key_ == nullptr) return damaged("what a dead process left is sealed; --key FILE takes the private key that opens it");
    auto stream = unwrap_keystream(r->image.wrapped, *key_);
    if (!stream) return damaged("what a dead process left: " + stream.failure().text);
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
  return {};
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
  return item{record_of(from.sites[r.record.site], r.thread, wall_of(r.record.tick, from.anchor), r.record.arguments), {}};
}

std::optional<log_reader::item> log_reader::open_note(std::string_view payload) {
  item i;
  if (payload.size() < sizeof i.value.wall) return damaged("a note is too short");
  std::memcpy(&i.value.wall, payload.data(), sizeof i.value.wall);
  i.value.level = THARSIS_LOG_WARNING;
  i.value.plugin = "xlog";
  i.value.text = payload.substr(sizeof i.value.wall);
  return i;
}

bool may_be_log(std::string_view bytes, bool whole) {
  if (bytes.empty()) return whole;
  file_opening opening;
  const auto damage = decode_file_header(as_bytes(bytes), opening);
  return !damage || (damage->cut && !whole) || opening.size > 0;
}

}  // namespace tharsis::xlog
