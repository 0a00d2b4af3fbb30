#include "sdk/pure/dns_wire_name.h"

#include <cstdio>

#include "sdk/pure/letters.h"

namespace tharsis::dns {
namespace {

constexpr size_t names_begin = 12;  // Behind a message's head.
constexpr uint8_t pointer_bits = 0xC0;  // The two highest bits of a length.

bool same_label(std::string_view a, std::string_view b, bool case_counts) {
  return case_counts ? a == b : same_but_for_case(a, b);
}

bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

}  // namespace

defect wire_name::read(std::span<const uint8_t> message, size_t at, wire_name& name, size_t& end) {
  size_t octets = 1, count = 0, hops = 0, from = at, next = at;
  end = 0;
  for (;;) {
    if (next >= message.size()) return defect::name_cut;
    const uint8_t length = message[next];
    if ((length & pointer_bits) == pointer_bits) {
      if (next + 1 >= message.size()) return defect::name_cut;
      if (end == 0) end = next + 2;
      const size_t target = static_cast<size_t>((length & ~pointer_bits) << 8 | message[next + 1]);
      if (target < names_begin || target >= from || ++hops > hops_max) return defect::name_loop;
      from = next = target;
      continue;
    }
    if ((length & pointer_bits) != 0) return defect::name_label;
    next += 1u + length;
    if (length == 0) break;
    octets += 1u + length;
    if (octets > octets_max) return defect::name_long;
    if (++count > labels_max) return defect::name_labels;
  }
  if (end == 0) end = next;
  name.message_ = message.data();
  name.at_ = at;
  return defect::none;
}

bool wire_name::labels::next(std::string_view& label) {
  while ((message_[at_] & pointer_bits) == pointer_bits)
    at_ = static_cast<size_t>((message_[at_] & ~pointer_bits) << 8 | message_[at_ + 1]);
  const uint8_t length = message_[at_];
  if (length == 0) return false;
  label = {reinterpret_cast<const char*>(message_) + at_ + 1, length};
  at_ += 1u + length;
  return true;
}

bool wire_name::is_root() const {
  std::string_view label;
  return !labels(*this).next(label);
}

bool wire_name::same(const wire_name& other, bool case_counts) const {
  if (message_ == other.message_ && at_ == other.at_) return true;
  labels mine(*this), theirs(other);
  std::string_view a, b;
  for (;;) {
    const bool more = mine.next(a);
    if (more != theirs.next(b)) return false;
    if (!more) return true;
    if (!same_label(a, b, case_counts)) return false;
  }
}

bool wire_name::is(std::string_view canonical) const {
  labels mine(*this);
  std::string_view label;
  while (mine.next(label)) {
    const size_t dot = canonical.find('.');
    if (canonical.empty() || !same_label(label, canonical.substr(0, dot), false)) return false;
    canonical.remove_prefix(dot == std::string_view::npos ? canonical.size() : dot + 1);
  }
  return canonical.empty();
}

std::string wire_name::text() const {
  std::string out;
  labels mine(*this);
  for (std::string_view label; mine.next(label);) {
    if (!out.empty()) out += '.';
    for (char c : label) {
      c = small_letter(c);
      if (stands_for_itself(c)) {
        out += c;
        continue;
      }
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\%03u", static_cast<unsigned>(static_cast<uint8_t>(c)));
      out += escaped;
    }
  }
  return out;
}

}  // namespace tharsis::dns
