#include "sdk/pure/dns_record_data.h"

#include <algorithm>
#include <cstring>

#include "sdk/pure/dns_numbers.h"

namespace tharsis::dns {
namespace {

// A name within the data, at `at` of the message, which then is behind it.
bool read_name(const record& r, size_t& at, wire_name& into) {
  const size_t data_end = r.data_at + r.data.size();
  size_t behind = 0;
  if (wire_name::read(r.message.first(data_end), at, into, behind) != defect::none) return false;
  at = behind;
  return true;
}

constexpr size_t cookie_size = 8;

enum : uint16_t { key_mandatory, key_alpn, key_no_default_alpn, key_port, key_hints4, key_ech, key_hints6 };

bool read_key(uint16_t key, std::span<const uint8_t> value, service_binding& into) {
  switch (key) {
    case key_mandatory:
      into.mandatory = value;
      return !value.empty() && value.size() % 2 == 0;
    case key_alpn:
      into.alpn = value;
      return !value.empty() && pieces::whole(value);
    case key_no_default_alpn:
      into.no_default_alpn = true;
      return value.empty();
    case key_port:
      if (value.size() != 2) return false;
      into.port = two(value);
      return true;
    case key_hints4:
      into.hints4 = value;
      return !value.empty() && value.size() % 4 == 0;
    case key_ech:
      into.ech = value;
      return true;
    case key_hints6:
      into.hints6 = value;
      return !value.empty() && value.size() % 16 == 0;
    default: return true;
  }
}

bool knows_all(std::span<const uint8_t> mandatory) {
  for (size_t i = 0; i < mandatory.size(); i += 2)
    if (two(mandatory, i) > key_hints6) return false;
  return true;
}

}  // namespace

bool read_address(const record& r, tharsis_address& into) {
  const size_t size = r.kind == type::a ? 4 : r.kind == type::aaaa ? 16 : 0;
  if (size == 0 || r.data.size() != size) return false;
  into = {};
  into.family = size == 4 ? 4 : 6;
  std::memcpy(into.ip, r.data.data(), size);
  return true;
}

bool read_target(const record& r, wire_name& into) {
  size_t at = r.data_at;
  return read_name(r, at, into) && at == r.data_at + r.data.size();
}

bool read_zone_start(const record& r, zone_start& into) {
  size_t at = r.data_at;
  if (!read_name(r, at, into.server) || !read_name(r, at, into.person)) return false;
  if (r.data_at + r.data.size() - at != 20) return false;
  into.serial = four(r.message, at);
  into.refresh = four(r.message, at + 4);
  into.retry = four(r.message, at + 8);
  into.expire = four(r.message, at + 12);
  into.minimum = four(r.message, at + 16);
  return true;
}

// Keys ascend (RFC 9460, 2.2), so none comes twice.
bool read_service_binding(const record& r, service_binding& into) {
  into = {};
  if (r.data.size() < 3) return false;
  into.priority = two(r.data);
  size_t at = r.data_at + 2;
  if (!read_name(r, at, into.target)) return false;
  auto left = r.data.subspan(at - r.data_at);
  for (int32_t before = -1; !left.empty();) {
    if (left.size() < 4) return false;
    const uint16_t key = two(left), size = two(left, 2);
    if (key <= before || left.size() - 4 < size) return false;
    if (!read_key(key, left.subspan(4, size), into)) return false;
    before = key;
    left = left.subspan(4u + size);
  }
  into.understood = knows_all(into.mandatory);
  return true;
}

bool pieces::next(std::string_view& piece) {
  if (left_.empty() || left_.size() - 1 < left_[0]) return false;
  piece = {reinterpret_cast<const char*>(left_.data()) + 1, left_[0]};
  left_ = left_.subspan(1 + piece.size());
  return true;
}

bool pieces::whole(std::span<const uint8_t> list) {
  pieces all(list);
  size_t size = 0;
  for (std::string_view piece; all.next(piece);) size += 1 + piece.size();
  return size == list.size();
}

bool options::next(uint16_t& code, std::span<const uint8_t>& data) {
  if (left_.size() < 4 || left_.size() - 4 < two(left_, 2)) return false;
  code = two(left_);
  data = left_.subspan(4, two(left_, 2));
  left_ = left_.subspan(4 + data.size());
  return true;
}

}  // namespace tharsis::dns
