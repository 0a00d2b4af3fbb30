#include "sdk/pure/protobuf.h"

#include <cassert>

namespace tharsis::protobuf {
namespace {

// Wire types that only the walk over a group sees.
constexpr uint32_t start_group = 3, end_group = 4;
// Nobody writes groups any more; the limit keeps hostile ones from costing memory.
constexpr size_t group_depth_max = 32;

}  // namespace

void writer::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<uint8_t>(value | 0x80));
  out_.push_back(static_cast<uint8_t>(value));
}

void writer::tag(uint32_t field, wire_type type) {
  assert(field > 0 && field <= field_number_max);
  varint(uint64_t{field} << 3 | static_cast<uint8_t>(type));
}

void writer::number(uint32_t field, uint64_t value) {
  tag(field, wire_type::varint);
  varint(value);
}

void writer::bytes(uint32_t field, std::span<const uint8_t> content) {
  tag(field, wire_type::bytes);
  varint(content.size());
  out_.insert(out_.end(), content.begin(), content.end());
}

void writer::text(uint32_t field, std::string_view content) {
  bytes(field, {reinterpret_cast<const uint8_t*>(content.data()), content.size()});
}

bool reader::next(field& into) {
  if (failed() || rest_.empty()) return false;
  uint32_t type = 0;
  into = {};
  if (!tag(into.number, type)) return false;
  if (type == start_group) {
    into.type = wire_type::group;
    return skip_group(into.number);
  }
  if (type == end_group) return damaged("a group ends that has not begun");
  return value_of(type, into);
}

bool reader::damaged(const char* why) {
  failure_ = why;
  return false;
}

bool reader::varint(uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < 10; ++i) {
    if (i == rest_.size()) return damaged("the bytes end inside a number");
    const uint8_t byte = rest_[i];
    if (i == 9 && byte > 1) break;  // 9 times 7 bits leave room for one more.
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      rest_ = rest_.subspan(i + 1);
      return true;
    }
  }
  return damaged("a number has more than 64 bits");
}

bool reader::fixed(size_t size, uint64_t& value) {
  if (rest_.size() < size) return damaged("the bytes end inside a number");
  value = 0;
  for (size_t i = size; i > 0; --i) value = value << 8 | rest_[i - 1];
  rest_ = rest_.subspan(size);
  return true;
}

bool reader::tag(uint32_t& number, uint32_t& type) {
  uint64_t both = 0;
  if (!varint(both)) return false;
  if (both >> 3 == 0 || both >> 3 > field_number_max) return damaged("a field's number is out of range");
  number = static_cast<uint32_t>(both >> 3);
  type = static_cast<uint32_t>(both & 7);
  return true;
}

bool reader::value_of(uint32_t type, field& into) {
  into.type = static_cast<wire_type>(type);
  switch (into.type) {
    case wire_type::varint: return varint(into.value);
    case wire_type::fixed64: return fixed(8, into.value);
    case wire_type::fixed32: return fixed(4, into.value);
    case wire_type::bytes: {
      uint64_t size = 0;
      if (!varint(size)) return false;
      if (size > rest_.size()) return damaged("a field is longer than the bytes that are left");
      into.content = rest_.first(static_cast<size_t>(size));
      rest_ = rest_.subspan(static_cast<size_t>(size));
      return true;
    }
    default: return damaged("a field has an unknown wire type");
  }
}

bool reader::skip_group(uint32_t number) {
  std::vector<uint32_t> open{number};
  while (!open.empty()) {
    field inside;
    uint32_t type = 0;
    if (rest_.empty()) return damaged("the bytes end inside a group");
    if (!tag(inside.number, type)) return false;
    if (type == start_group) {
      if (open.size() == group_depth_max) return damaged("groups are nested too deeply");
      open.push_back(inside.number);
    } else if (type == end_group) {
      if (inside.number != open.back()) return damaged("a group ends that has not begun");
      open.pop_back();
    } else if (!value_of(type, inside)) {
      return false;
    }
  }
  return true;
}

}  // namespace tharsis::protobuf
