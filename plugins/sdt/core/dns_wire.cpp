#include "plugins/sdt/core/dns_wire.h"

#include <algorithm>
#include <cstring>

#include "sdk/pure/letters.h"

namespace tharsis::sdt {
namespace {

constexpr size_t head_size = 12;
constexpr size_t addresses_most = 64;
constexpr size_t texts_most = 16;
constexpr int jumps_most = 32;
constexpr uint16_t options_type = 41;
constexpr uint16_t datagram_size = 1232;  // Fits every way without being cut.

void put16(std::vector<uint8_t>& to, uint16_t value) {
  to.push_back(static_cast<uint8_t>(value >> 8));
  to.push_back(static_cast<uint8_t>(value));
}

bool put_name(std::vector<uint8_t>& to, std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63) return false;
    to.push_back(static_cast<uint8_t>(label.size()));
    to.insert(to.end(), label.begin(), label.end());
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  to.push_back(0);
  return true;
}

// A message that is read from front to back; `good` goes when it ends too early.
struct reader {
  std::span<const uint8_t> bytes;
  size_t at = 0;
  bool good = true;

  uint8_t byte() {
    if (at >= bytes.size()) return good = false, uint8_t{0};
    return bytes[at++];
  }
  uint16_t number16() {
    const uint16_t high = byte();
    return static_cast<uint16_t>(high << 8 | byte());
  }
  uint32_t number32() {
    const uint32_t high = number16();
    return high << 16 | number16();
  }
  // Labels with dots; compressed ones point backwards, so that there is an end.
  std::string name() {
    std::string text;
    size_t from = at, limit = at;
    bool jumped = false;
    for (int jumps = 0;;) {
      if (from >= bytes.size()) return good = false, text;
      const uint8_t size = bytes[from];
      if ((size & 0xC0) == 0xC0) {
        if (from + 1 >= bytes.size() || ++jumps > jumps_most) return good = false, text;
        const size_t to = static_cast<size_t>(size & 0x3F) << 8 | bytes[from + 1];
        if (!jumped) at = from + 2;
        if (to >= limit) return good = false, text;
        from = limit = to;
        jumped = true;
        continue;
      }
      if ((size & 0xC0) != 0 || from + 1 + size > bytes.size() || text.size() + size > 255) return good = false, text;
      if (size == 0) break;
      if (!text.empty()) text += '.';
      text.append(reinterpret_cast<const char*>(bytes.data() + from + 1), size);
      from += size_t{1} + size;
    }
    if (!jumped) at = from + 1;
    return text;
  }
  std::span<const uint8_t> piece(size_t size) {
    if (size > bytes.size() - at) return good = false, std::span<const uint8_t>{};
    const auto part = bytes.subspan(at, size);
    at += size;
    return part;
  }
};

void take_record(uint16_t type, uint32_t ttl, std::span<const uint8_t> data, const dns_question& q, dns_reply& into) {
  if (type != static_cast<uint16_t>(q.type)) return;
  into.ttl = into.ttl == 0 ? ttl : std::min(into.ttl, ttl);
  const size_t size = q.type == record_type::a ? 4 : 16;
  if (q.type != record_type::txt && data.size() == size && into.addresses.size() < addresses_most) {
    tharsis_address a{};
    a.family = q.type == record_type::a ? 4 : 6;
    std::memcpy(a.ip, data.data(), size);
    into.addresses.push_back(a);
  }
  if (q.type == record_type::txt && !data.empty() && data[0] < data.size() && into.texts.size() < texts_most)
    into.texts.emplace_back(reinterpret_cast<const char*>(data.data() + 1), data[0]);
}

// False where the message ends too early; what came before is kept.
void read_records(reader& in, uint16_t count, bool answers, const dns_question& q, dns_reply& into) {
  for (uint16_t i = 0; i < count && in.good; ++i) {
    in.name();
    const uint16_t type = in.number16();
    in.number16();
    const uint32_t ttl = in.number32();
    const auto data = in.piece(in.number16());
    if (!in.good) return;
    if (type == options_type) into.edns = true;
    else if (answers) take_record(type, ttl, data, q, into);
  }
}

}  // namespace

std::string_view name_of(record_type t) { return t == record_type::a ? "A" : t == record_type::aaaa ? "AAAA" : "TXT"; }

std::vector<uint8_t> write_question(const dns_question& q) {
  std::vector<uint8_t> m;
  put16(m, q.id);
  put16(m, 0x0100);  // Recursion is desired.
  put16(m, 1);
  put16(m, 0);
  put16(m, 0);
  put16(m, q.edns ? 1 : 0);
  if (!put_name(m, q.name)) return {};
  put16(m, static_cast<uint16_t>(q.type));
  put16(m, 1);
  if (!q.edns) return m;
  m.push_back(0);
  put16(m, options_type);
  put16(m, datagram_size);
  put16(m, 0);
  put16(m, 0);
  put16(m, 0);
  return m;
}

std::optional<dns_reply> read_reply(std::span<const uint8_t> bytes, const dns_question& q) {
  if (bytes.size() < head_size) return std::nullopt;
  reader in{bytes};
  const uint16_t id = in.number16(), flags = in.number16();
  const uint16_t questions = in.number16(), answers = in.number16(), authorities = in.number16(), others = in.number16();
  if (id != q.id || (flags & 0x8000) == 0 || questions > 1) return std::nullopt;
  dns_reply r;
  r.rcode = flags & 0x0F;
  r.truncated = (flags & 0x0200) != 0;
  if (questions == 1) {
    const std::string name = in.name();
    const uint16_t type = in.number16(), group = in.number16();
    std::string_view asked = q.name;
    if (asked.ends_with('.')) asked.remove_suffix(1);
    if (!in.good || type != static_cast<uint16_t>(q.type) || group != 1 || !same_but_for_case(name, asked)) return std::nullopt;
    r.case_kept = name == asked;
  } else if (r.rcode == 0) {
    return std::nullopt;  // Only a refusal may leave out what it refuses.
  }
  read_records(in, answers, true, q, r);
  read_records(in, authorities, false, q, r);
  read_records(in, others, false, q, r);
  return r;
}

}  // namespace tharsis::sdt
