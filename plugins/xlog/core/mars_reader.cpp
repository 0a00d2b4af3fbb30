#include "plugins/xlog/core/mars_reader.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/core/mars_legacy.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t header_size = mars_record_header::size;
// Mars' blocks are smaller than the 150 KiB of its buffer, ours than a million bytes.
constexpr uint32_t payload_max = 16 << 20;
// What such a payload may expand to: five hundred times what Mars writes at once.
constexpr uint64_t expanded_max = 64 << 20;
constexpr size_t agreed_max = 64;  // Who sealed blocks of one file: one for each process.
// A file that a process of Mars' maps, and that is not finished.
constexpr size_t mapped_size = 150 << 10;
constexpr uint32_t numbers = 0xFFFF;

bool is_any_magic(char byte) {
  return is_mars_magic(static_cast<uint8_t>(byte)) || is_mars_legacy_magic(static_cast<uint8_t>(byte));
}

bool is_hour(uint8_t hour) { return hour < 24; }

enum class seems { record, unsure, nothing };

// Enough to be believed behind bytes that are no record: it is whole, and what follows, if anything does, begins like one.
seems what_begins(std::string_view left) {
  const auto h = decode_mars_header(as_bytes(left));
  if (!h) return left.size() < header_size ? seems::unsure : seems::nothing;
  if (!is_hour(h->first_hour) || !is_hour(h->last_hour) || h->length > payload_max) return seems::nothing;
  const size_t size = header_size + h->length + mars_record_header::tail_size;
  if (left.size() < size) return seems::unsure;
  return left[size - 1] == '\0' && (left.size() == size || is_any_magic(left[size])) ? seems::record : seems::nothing;
}
bool begins_record(std::string_view left) { return what_begins(left) == seems::record; }

bool all_zeros(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace

void mars_reader::on_bytes(std::string_view bytes) {
  // What was taken goes when it is more than what is left, so that each byte is moved a few times at most.
  if (!in_record_ && taken_ > bytes_.size() / 2) {
    bytes_.erase(0, taken_);
    offset_ += taken_;
    taken_ = 0;
  }
  bytes_ += bytes;
  searched_to_ = std::min(searched_to_, unsure_at_);
  unsure_at_ = ~uint64_t{0};
}

std::optional<mars_reader::item> mars_reader::take() {
  for (;;) {
    if (in_record_) {
      if (auto i = next_line()) return i;
      if (stream_) go_on();
      else close_record();
      continue;
    }
    if (!told_.empty()) {
      item i = std::move(told_.front());
      told_.pop_front();
      return i;
    }
    if (!next_record()) return {};
  }
}

std::optional<mars_reader::item> mars_reader::next_line() {
  auto r = text_.take();
  if (!r) return {};
  item i;
  i.value = std::move(*r);
  return i;
}

mars_reader::item mars_reader::damaged(uint64_t at, const std::string& what) const {
  item i;
  i.damage = "byte " + std::to_string(at) + ": " + what;
  return i;
}

void mars_reader::tell(const std::string& what) { told_.push_back(damaged(record_at_, what)); }

// True: something was found or told.
bool mars_reader::next_record() {
  if (!started_) return on_start();
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  if (left.empty()) return ended_ && at_end();
  if (lost_ > 0 && !begins_record(left)) {
    if (!ended_ && left.size() <= header_size + payload_max + 1) {
      // Where it cannot be known yet, more bytes tell.
      if (look(left) == found::more) return false;
    }
    pass_lost(left);
    return true;
  }
  switch (look(left)) {
    case found::more: return false;
    case found::nothing: pass_lost(left); return true;
    case found::part:
      tell_lost();
      open_part(left);
      return true;
    case found::record: break;
  }
  tell_lost();
  return open(left);
}

// Where a record of today begins behind the front and before `size`.
std::optional<size_t> mars_reader::find_inside(std::string_view left, size_t size) {
  const uint64_t front = offset_ + taken_, end = front + size;
  if (front + 1 < searched_from_ || front + 1 > searched_to_) {
    searched_from_ = searched_to_ = front + 1;
    unsure_at_ = ~uint64_t{0};
  }
  for (; searched_to_ < end; ++searched_to_) {
    const std::string_view there = left.substr(searched_to_ - front);
    if (!is_mars_magic(static_cast<uint8_t>(there[0]))) continue;
    const seems what = what_begins(there);
    if (what == seems::record) return searched_to_ - front;
    if (what == seems::unsure) unsure_at_ = std::min(unsure_at_, searched_to_);
  }
  return {};
}

// What stands at the front.
mars_reader::found mars_reader::look(std::string_view left) {
  const auto magic = static_cast<uint8_t>(left[0]);
  if (is_mars_legacy_magic(magic)) {
    if (const auto r = read_mars_legacy(as_bytes(left), ended_)) return found::record;
    return ended_ || left.size() > payload_max ? found::nothing : found::more;
  }
  if (!is_mars_magic(magic)) return found::nothing;
  if (left.size() < header_size) return ended_ ? found::nothing : found::more;
  const auto h = decode_mars_header(as_bytes(left));
  if (h->length > payload_max) return found::nothing;
  const size_t size = header_size + h->length + mars_record_header::tail_size;
  if (left.size() < size) {
    if (!ended_) return found::more;
    return is_hour(h->first_hour) && is_hour(h->last_hour) && !find_inside(left, left.size()) ? found::part : found::nothing;
  }
  if (left[size - 1] != '\0') return found::nothing;
  if (left.size() == size || is_any_magic(left[size])) return found::record;
  // Its length may be wrong, or what follows is: if a record begins inside, the first.
  return find_inside(left, size) ? found::nothing : found::record;
}

// A file that is still mapped is one record without an end, and then nothing.
bool mars_reader::on_start() {
  if (bytes_.size() <= mapped_size && !ended_ && !begins_record(bytes_)) return false;
  started_ = true;
  if (bytes_.size() != mapped_size || !ended_) return true;
  const auto h = decode_mars_header(as_bytes(bytes_));
  if (all_zeros(std::string_view(bytes_).substr(0, header_size)) || (h && h->length == 0)) {
    taken_ = bytes_.size();  // Nothing was said since the last time it was written out.
    return true;
  }
  if (!h || begins_record(bytes_)) return true;
  const size_t length = std::min<size_t>(h->length, mapped_size - header_size);
  record_at_ = 0;
  record_size_ = bytes_.size();
  check_number(*h);
  in_record_ = open_payload(*h, std::string_view(bytes_).substr(header_size, length));
  if (!in_record_) taken_ = bytes_.size();
  return true;
}

bool mars_reader::open(std::string_view left) {
  record_at_ = offset_ + taken_;
  if (is_mars_legacy_magic(static_cast<uint8_t>(left[0]))) {
    auto r = read_mars_legacy(as_bytes(left), ended_);
    taken_ += r->size;
    record_size_ = 0;
    if (r->text.empty()) return tell("a record of an old version of Mars cannot be read"), true;
    text_.begin();
    text_.more() = std::move(r->text);
    text_.end();
    in_record_ = true;
    return true;
  }
  const auto h = decode_mars_header(as_bytes(left));
  record_size_ = header_size + h->length + mars_record_header::tail_size;
  check_number(*h);
  in_record_ = open_payload(*h, left.substr(header_size, h->length));
  if (!in_record_) taken_ += record_size_;
  return true;
}

// The writer was killed there, or the file was cut. What is there of the record is read.
void mars_reader::open_part(std::string_view left) {
  const auto h = decode_mars_header(as_bytes(left));
  record_at_ = offset_ + taken_;
  record_size_ = left.size();
  const size_t missing = header_size + h->length + mars_record_header::tail_size - left.size();
  item i = damaged(record_at_, "the file ends within a block: " + std::to_string(missing) + (missing == 1 ? " byte is" : " bytes are") + " missing");
  i.cut = i.torn = true;
  told_.push_back(std::move(i));
  cut_ = true;
  in_record_ = open_payload(*h, left.substr(header_size, h->length));
  if (!in_record_) taken_ += record_size_;
}

bool mars_reader::open_payload(const mars_record_header& h, std::string_view payload) {
  sealed_ = is_mars_sealed(h.magic);
  expanded_ = 0;
  payload_ = payload;
  if (sealed_ && !unseal(h)) return false;
  text_.begin();
  if (is_mars_sync(h.magic)) {
    text_.more() = std::move(payload_);
    text_.end();
  } else {
    stream_.emplace(mars_compression_of(h.magic), as_bytes(payload_));
  }
  return true;
}

bool mars_reader::unseal(const mars_record_header& h) {
  if (key_ == nullptr || !key_->of_mars) {
    if (unopened_++ == 0)
      tell(key_ == nullptr ? "a block is sealed; --key FILE takes Mars' private key, 64 hexadecimal digits"
                           : "a block is sealed for a key of Mars', 64 hexadecimal digits; the one that was given is none");
    return false;
  }
  if (agreed_.size() >= agreed_max) agreed_.clear();
  auto known = agreed_.find(h.sealed_by);
  if (known == agreed_.end()) {
    const auto agreed = mars_agree(key_->scalar, h.sealed_by);
    known = agreed_.emplace(h.sealed_by, agreed ? std::optional<tea>(*agreed) : std::nullopt).first;
  }
  if (!known->second) return tell("a block cannot be opened: what stands there of its sealer's key is none"), false;
  known->second->open({reinterpret_cast<uint8_t*>(payload_.data()), payload_.size()});
  return true;
}

// Blocks of one process count from 1; those of several of its logs together.
void mars_reader::check_number(const mars_record_header& h) {
  if (is_mars_sync(h.magic) || h.number == 0) return;
  const uint16_t last = std::exchange(last_number_, h.number);
  if (last == 0 || h.number == 1) return;
  const uint32_t next = last == numbers ? 1u : last + 1u;
  if (h.number == next) return;
  if (h.number == last) return tell("block " + std::to_string(last) + " comes again");
  const uint32_t missing = (h.number + numbers - next) % numbers;
  if (missing > numbers / 2) return tell("block " + std::to_string(h.number) + " stands behind block " + std::to_string(last));
  const uint32_t end = h.number == 1 ? numbers : h.number - 1u;
  tell(missing == 1 ? "block " + std::to_string(next) + " is missing before this one"
                    : std::to_string(missing) + " blocks are missing before this one, " + std::to_string(next) + " to " + std::to_string(end));
}

// With the next piece of the stream.
void mars_reader::go_on() {
  const size_t before = text_.more().size();
  const auto next = stream_->read(text_.more());
  expanded_ += text_.more().size() - before;
  if (next == mars_stream::next::more && expanded_ <= expanded_max) return;
  const bool rest = stream_->has_rest(), whole = !stream_->lacks_end();
  stream_.reset();
  text_.end();
  if (next == mars_stream::next::end && !rest && (whole || cut_)) return;
  if (next == mars_stream::next::more) return tell("a block expands to more than " + std::to_string(expanded_max >> 20) + " MiB; the rest of it is not read");
  text_.doubt();
  tell(rest ? "behind a block's end stands more: its length is wrong, or it is damaged"
            : sealed_ ? "a block cannot be read to its end: it is sealed for another key, or damaged" : "a block is damaged: it cannot be read to its end");
  if (record_size_ > 0 && !cut_) pass_damaged();
}

// Another record may begin inside.
void mars_reader::pass_damaged() {
  if (!doubtful_.on_damaged(record_at_, record_size_)) {
    record_size_ = doubtful_.end() - record_at_;
    return tell("damaged blocks stand in one another; nothing is looked for in " + std::to_string(record_size_) + " bytes");
  }
  if (const auto at = find_inside(std::string_view(bytes_).substr(taken_), record_size_)) record_size_ = *at;
}

void mars_reader::close_record() {
  in_record_ = false;
  taken_ += record_size_;
}

void mars_reader::pass_lost(std::string_view left) {
  if (lost_ == 0) lost_at_ = offset_ + taken_;
  size_t next = 1;
  while (next < left.size() && !is_mars_magic(static_cast<uint8_t>(left[next]))) ++next;
  lost_ += next;
  taken_ += next;
}

void mars_reader::tell_lost(const std::string& more) {
  if (lost_ > 0) told_.push_back(damaged(lost_at_, std::to_string(std::exchange(lost_, 0)) + " bytes are no record of Mars'" + more));
}

// True: something was told.
bool mars_reader::at_end() {
  if (std::exchange(end_told_, true)) return false;
  tell_lost("; the file was cut off there, or is damaged");
  if (unopened_ > 1) told_.push_back(damaged(offset_ + taken_, std::to_string(unopened_) + " sealed blocks of this file were not read"));
  return !told_.empty();
}

bool may_be_mars(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (is_any_magic(bytes[0]) && (bytes.size() < header_size || !is_mars_magic(static_cast<uint8_t>(bytes[0])))) return true;
  if (const auto h = decode_mars_header(as_bytes(bytes)); h && is_hour(h->first_hour) && is_hour(h->last_hour) && h->length <= payload_max) return true;
  for (size_t at = 1; at < bytes.size(); ++at)
    if (is_mars_magic(static_cast<uint8_t>(bytes[at])) && begins_record(bytes.substr(at))) return true;
  return all_zeros(bytes);
}

}  // namespace tharsis::xlog
