#include "sdk/pure/dns_message.h"

#include "sdk/pure/dns_numbers.h"

namespace tharsis::dns {
namespace {

constexpr size_t fixed_size = 10;  // Of a record: kind, group, life, length.

// The record at `at`, which then is behind it.
defect read_record(std::span<const uint8_t> bytes, size_t& at, record& r) {
  size_t behind = 0;
  if (const defect d = wire_name::read(bytes, at, r.owner, behind); d != defect::none) return d;
  if (bytes.size() - behind < fixed_size) return defect::record_cut;
  r.kind = two(bytes, behind);
  r.group = two(bytes, behind + 2);
  r.ttl = four(bytes, behind + 4);
  const size_t size = two(bytes, behind + 8);
  r.data_at = behind + fixed_size;
  if (bytes.size() - r.data_at < size) return defect::record_cut;
  r.data = bytes.subspan(r.data_at, size);
  r.message = bytes;
  at = r.data_at + size;
  return defect::none;
}

}  // namespace

defect message::read(std::span<const uint8_t> bytes, message& into) {
  into = {};
  const defect d = into.read_head(bytes);
  return d != defect::none ? d : into.read_sections();
}

std::optional<message> message::read_front(std::span<const uint8_t> bytes, defect& damage) {
  message m;
  damage = m.read_head(bytes);
  if (damage != defect::none) return std::nullopt;
  damage = m.read_sections();
  return m;
}

defect message::read_head(std::span<const uint8_t> bytes) {
  if (bytes.size() < head_size) return defect::too_short;
  bytes_ = bytes;
  if (number(4) > 1) return defect::questions_many;
  if (size_t{number(6)} + number(8) + number(10) > records_max) return defect::records_many;
  at_[0] = head_size;
  return number(4) == 1 ? read_question() : defect::none;
}

defect message::read_question() {
  size_t behind = 0;
  if (const defect d = wire_name::read(bytes_, head_size, asked_name_, behind); d != defect::none) return d;
  if (bytes_.size() - behind < 4) return defect::record_cut;
  asked_kind_ = two(bytes_, behind);
  asked_group_ = two(bytes_, behind + 2);
  has_question_ = true;
  at_[0] = behind + 4;
  return defect::none;
}

defect message::read_sections() {
  size_t at = at_[0];
  for (size_t section = 0; section < 3; ++section) {
    at_[section] = at;
    for (size_t left = number(6 + 2 * section); left > 0; --left) {
      record r;
      if (const defect d = read_record(bytes_, at, r); d != defect::none) return d;
      if (r.kind == type::opt) {
        if (section != 2 || has_options_ || !r.owner.is_root()) return defect::options_many;
        has_options_ = true;
        options_ = r;
      }
      ++count_[section];
    }
  }
  return defect::none;
}

bool message::records::next(record& r) {
  if (left_ == 0) return false;
  --left_;
  return read_record(bytes_, at_, r) == defect::none;
}

}  // namespace tharsis::dns
