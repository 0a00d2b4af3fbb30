#include "plugins/stn/core/outbox_file.h"

#include <zlib.h>

#include <algorithm>

#include "plugins/stn/core/outbox_settings.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view outbox_magic = "tharsis outbox 1";
constexpr size_t sealed_at = outbox_magic.size(), salt_at = sealed_at + 1, check_at = salt_at + 16, head_crc_at = check_at + 16;
constexpr size_t outbox_head_size = head_crc_at + 4;
constexpr std::string_view record_mark = "\xb0\x7e";
constexpr size_t record_crc_at = 2 + 4 + 8, record_head_size = record_crc_at + 4;
constexpr size_t search_each_byte = 64;
constexpr size_t record_size_max = outbox_record_max;

template <class T>
void add_little(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i));
}
template <class T>
T little_at(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<T>(static_cast<uint8_t>(bytes[at + i])) << (8 * i));
  return value;
}

uint32_t checksum(uint32_t before, std::string_view bytes) {
  return static_cast<uint32_t>(crc32_z(before, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

uint32_t record_checksum(const outbox_salt& salt, std::string_view head, std::string_view content) {
  return checksum(checksum(checksum(0, as_text(salt)), head), content);
}

struct outbox_head {
  bool sealed = false;
  outbox_salt salt{};
  outbox_check check{};
};

std::optional<outbox_head> read_head(std::string_view bytes) {
  if (bytes.size() < outbox_head_size || !bytes.starts_with(outbox_magic)) return std::nullopt;
  if (little_at<uint32_t>(bytes, head_crc_at) != checksum(0, bytes.substr(0, head_crc_at))) return std::nullopt;
  outbox_head h;
  h.sealed = bytes[sealed_at] != 0;
  std::copy_n(bytes.begin() + salt_at, h.salt.size(), h.salt.begin());
  std::copy_n(bytes.begin() + check_at, h.check.size(), h.check.begin());
  return h;
}

struct found_record {
  uint64_t number = 0;
  std::string_view head, content;
};

// The record that begins here, if it is whole. `cut`: there may be one that goes on behind the end.
std::optional<found_record> whole_record(std::string_view at, const outbox_salt& salt, bool& cut) {
  cut = at.size() < record_head_size && at.substr(0, 2) == record_mark.substr(0, at.size());
  if (at.size() < record_head_size || !at.starts_with(record_mark)) return std::nullopt;
  const auto size = little_at<uint32_t>(at, 2);
  if (size > record_size_max) return std::nullopt;
  cut = at.size() - record_head_size < size;
  if (cut) return std::nullopt;
  const found_record r{little_at<uint64_t>(at, 6), at.substr(0, record_crc_at), at.substr(record_head_size, size)};
  if (little_at<uint32_t>(at, record_crc_at) != record_checksum(salt, r.head, r.content)) return std::nullopt;
  return r;
}

class outbox_walk {
 public:
  outbox_walk(std::string_view rest, const outbox_head& h, std::optional<outbox_seal> seal)
      : rest_(rest), head_(h), seal_(std::move(seal)), patience_(search_each_byte * rest.size()) {
    read_.sealed = h.sealed;
  }

  outbox_reading run() {
    while (!rest_.empty()) {
      bool cut = false;
      const auto r = whole_record(rest_, head_.salt, cut);
      if (r && take(*r)) rest_.remove_prefix(record_head_size + r->content.size());
      else skip(cut);
    }
    return std::move(read_);
  }

 private:
  bool take(const found_record& r) {
    if (r.number < next_) return false;
    std::optional<std::vector<uint8_t>> open;
    if (seal_ && !(open = seal_->open(r.number, as_bytes(r.head), as_bytes(r.content)))) return false;
    auto record = read_record(open ? std::span<const uint8_t>(*open) : as_bytes(r.content));
    if (!record) return false;
    next_ = r.number + 1;
    read_.records.push_back(std::move(*record));
    return true;
  }

  // To where the next whole record begins. What is left behind the last one, and looks like the begin of one, is cut.
  void skip(bool cut) {
    size_t at = rest_.find(record_mark, 1);
    for (; at != std::string_view::npos; at = rest_.find(record_mark, at + 1)) {
      if (!may_look(at)) at = std::string_view::npos;
      bool unused = false;
      if (at == std::string_view::npos || whole_record(rest_.substr(at), head_.salt, unused)) break;
    }
    const size_t size = std::min(at, rest_.size());
    (cut && at == std::string_view::npos ? read_.cut : read_.damaged) += size;
    rest_.remove_prefix(size);
  }

  // A file that somebody has filled with begins of records must not keep the reader for hours.
  bool may_look(size_t at) {
    const size_t cost = std::min(rest_.size() - at, at + 6 <= rest_.size() ? size_t{little_at<uint32_t>(rest_, at + 2)} : 0);
    if (cost > patience_) return false;
    patience_ -= cost;
    return true;
  }

  std::string_view rest_;
  const outbox_head head_;
  const std::optional<outbox_seal> seal_;
  size_t patience_;  // Bytes that may still be looked at more than once.
  uint64_t next_ = 0;
  outbox_reading read_;
};

}  // namespace

outbox_writer::outbox_writer(const outbox_salt& salt, const outbox_key* key) : salt_(salt) {
  if (key != nullptr) seal_.emplace(*key, salt);
}

std::string outbox_writer::head() const {
  std::string one(outbox_magic);
  one += seal_ ? '\1' : '\0';
  one += as_text(salt_);
  one += seal_ ? as_text(seal_->check()) : as_text(outbox_check{});
  add_little(one, checksum(0, one));
  return one + one;
}

result<std::string> outbox_writer::record(const outbox_record& r) {
  std::vector<uint8_t> content = write_record(r);
  const uint64_t number = number_++;
  const size_t size = content.size() + (seal_ ? outbox_seal::tag_size : 0);
  if (size > record_size_max)
    return error{THARSIS_E_INVALID, "a record of entry " + std::to_string(r.entry) + " has " + std::to_string(size) + " bytes, more than " + std::to_string(record_size_max)};
  std::string out(record_mark);
  add_little(out, static_cast<uint32_t>(size));
  add_little(out, number);
  if (seal_) content = seal_->seal(number, as_bytes(out), content);
  if (content.empty()) return error{THARSIS_E_INTERNAL, "a record of entry " + std::to_string(r.entry) + " could not be sealed"};
  add_little(out, record_checksum(salt_, out, as_text(content)));
  out += as_text(content);
  return out;
}

result<outbox_reading> read_outbox(std::string_view file, const outbox_key* key) {
  if (file.empty()) return outbox_reading{};
  auto head = read_head(file);
  const size_t intact = head ? 1 : 0;
  if (!head && file.size() > outbox_head_size) head = read_head(file.substr(outbox_head_size));
  if (!head && file.size() < 2 * outbox_head_size && outbox_magic.starts_with(file.substr(0, outbox_magic.size()))) {
    outbox_reading nothing;
    nothing.cut = file.size();
    return nothing;
  }
  if (!head) return error{THARSIS_E_PROTOCOL, "its head is not that of an outbox"};
  if (head->sealed && key == nullptr)
    return error{THARSIS_E_UNTRUSTED, "the file is sealed; outbox.key_file must name the file of its key"};
  std::optional<outbox_seal> seal;
  if (head->sealed) seal.emplace(*key, head->salt);
  if (seal && seal->check() != head->check) return error{THARSIS_E_UNTRUSTED, "the file is sealed with another key than that of outbox.key_file"};
  const std::string_view rest = file.substr(std::min(file.size(), 2 * outbox_head_size));
  outbox_reading all = outbox_walk(rest, *head, std::move(seal)).run();
  if (intact == 0) all.damaged += outbox_head_size;
  else if (file.size() < 2 * outbox_head_size) all.cut += file.size() - outbox_head_size;
  else if (file.substr(0, outbox_head_size) != file.substr(outbox_head_size, outbox_head_size)) all.damaged += outbox_head_size;
  return all;
}

}  // namespace tharsis::stn
