#include "plugins/dns/core/served_message.h"

#include <algorithm>
#include <array>
#include <limits>

#include "plugins/dns/core/alias_walk.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/dns_question.h"
#include "sdk/pure/dns_record_data.h"

namespace tharsis::dns {
namespace {

constexpr uint8_t answers = 0x80, truncated = 0x02, recursion_wanted = 0x01;  // Of the third octet,
constexpr uint8_t recursion_available = 0x80;                                // and of the fourth.
constexpr uint16_t option_reason = 15;
constexpr uint8_t code_above_version = 1;  // BADVERS is 16: the upper bits of it.
constexpr size_t options_size = 11;

void two(std::vector<uint8_t>& to, size_t v) { to.push_back(static_cast<uint8_t>(v >> 8)), to.push_back(static_cast<uint8_t>(v)); }
void four(std::vector<uint8_t>& to, size_t v) { two(to, v >> 16), two(to, v & 0xFFFF); }
void set_two(std::vector<uint8_t>& in, size_t at, size_t v) { in[at] = static_cast<uint8_t>(v >> 8), in[at + 1] = static_cast<uint8_t>(v); }

// The head and the question, as the begin of an answer.
std::vector<uint8_t> begun(std::span<const uint8_t> asked, uint16_t code) {
  std::vector<uint8_t> out(asked.begin(), asked.end());
  const uint8_t kept = out[2] & (0x78 | recursion_wanted);  // The operation.
  out[2] = answers | kept;
  out[3] = static_cast<uint8_t>(recursion_available | (code & 0x0F));
  set_two(out, 4, asked.size() > message::head_size ? 1 : 0);
  for (size_t at = 6; at < message::head_size; ++at) out[at] = 0;
  return out;
}

void add_options(std::vector<uint8_t>& to, uint8_t code_above, std::string_view why) {
  why = why.substr(0, reason_max);
  to.push_back(0);
  two(to, type::opt), two(to, datagram_max), four(to, static_cast<size_t>(code_above) << 24);
  two(to, why.empty() ? 0 : 6 + why.size());
  if (!why.empty()) {
    two(to, option_reason), two(to, 2 + why.size()), two(to, 0);
    to.insert(to.end(), why.begin(), why.end());
  }
  set_two(to, 10, 1);
}

std::vector<uint8_t> refused(std::span<const uint8_t> asked, uint16_t code) { return begun(asked, code); }

// Names within the data of a record: how many octets are before them, how many there are; the rest has none. Other types have
// none, or may not shorten them (RFC 3597, 4).
struct names_within {
  size_t before = 0, count = 0;
};
names_within names_in(uint16_t kind) {
  switch (kind) {
    case type::ns: case type::cname: case type::ptr: return {0, 1};
    case type::soa: return {0, 2};
    case type::mx: case type::svcb: case type::https: return {2, 1};
    case type::srv: return {6, 1};
    default: return {};
  }
}

void add_name(std::vector<uint8_t>& to, const wire_name& name) {
  wire_name::labels all(name);
  for (std::string_view label; all.next(label);) {
    to.push_back(static_cast<uint8_t>(label.size()));
    to.insert(to.end(), label.begin(), label.end());
  }
  to.push_back(0);
}

// With its names written out: what they point to may stay behind. False: it is not what its type says.
bool add_data(std::vector<uint8_t>& to, const record& r) {
  const names_within names = names_in(r.kind);
  if (r.data.size() < names.before) return false;
  const auto octets = r.message.first(r.data_at + r.data.size());
  size_t at = r.data_at + names.before;
  to.insert(to.end(), r.data.begin(), r.data.begin() + static_cast<std::ptrdiff_t>(names.before));
  for (size_t i = 0; i < names.count; ++i) {
    wire_name name;
    if (wire_name::read(octets, at, name, at) != defect::none) return false;
    add_name(to, name);
  }
  to.insert(to.end(), octets.begin() + static_cast<std::ptrdiff_t>(at), octets.end());
  return true;
}

bool add_record(std::vector<uint8_t>& to, const record& r, const wire_name& asked) {
  if (r.owner == asked) two(to, 0xC000 | message::head_size);
  else add_name(to, r.owner);
  two(to, r.kind), two(to, r.group), four(to, r.ttl);
  const size_t size_at = to.size();
  two(to, 0);
  if (!add_data(to, r)) return false;
  set_two(to, size_at, to.size() - size_at - 2);
  return to.size() <= std::numeric_limits<uint16_t>::max();
}

// Those on the way from the question along its aliases. Where it leads to nothing, also what the zone says about how long that holds.
bool add_what_counts(std::vector<uint8_t>& to, const message& m, uint16_t kind) {
  wire_name at = m.asked_name();
  size_t count = 0;
  alias_step s{.moved = true};
  for (size_t hops = 0; s.moved; ++hops) {
    if (hops > aliases_max) return false;
    std::vector<record> own, alias;
    s = step_along(m, kind, at, [&](const record& r, bool is_alias) { return (is_alias ? alias : own).push_back(r), true; });
    if (s.broken) return false;
    for (const record& r : s.moved ? alias : own)
      if (++count, !add_record(to, r, m.asked_name())) return false;
  }
  set_two(to, 6, count);
  if (s.found) return true;
  auto zones = m.authorities();
  for (record r; zones.next(r);) {
    if (r.kind != type::soa || r.group != class_internet) continue;
    set_two(to, 8, 1);
    return add_record(to, r, m.asked_name());
  }
  return true;
}

}  // namespace

heard_request hear_request(std::span<const uint8_t> bytes) {
  if (bytes.size() < message::head_size || (bytes[2] & answers) != 0) return {};
  const auto head = bytes.first(message::head_size);
  if ((bytes[2] >> 3 & 0x0F) != 0) return {{}, refused(head, rcode::not_implemented)};
  message m;
  if (message::read(bytes, m) != defect::none || !m.has_question()) return {{}, refused(head, rcode::format)};
  served_question q;
  wire_name whole;
  size_t end = 0;
  wire_name::read(bytes, message::head_size, whole, end);
  q.asked.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end + 4));
  q.kind = m.asked_kind();
  if (m.has_options()) {
    q.has_options = true;
    q.room = std::max<size_t>(q.room, m.options().group);
    if ((m.options().ttl >> 16 & 0xFF) != 0) {
      heard_request said{{}, begun(q.asked, 0)};
      add_options(said.refusal, code_above_version, {});
      return said;
    }
  }
  const auto name = canonical_name(m.asked_name().text());
  if (m.asked_group() != class_internet || !name) return {{}, refused(q.asked, rcode::refused)};
  q.name = *name;
  return {std::move(q), {}};
}

std::vector<uint8_t> reply_with(const served_question& q, std::span<const tharsis_address> addresses, uint32_t life, size_t room) {
  std::vector<uint8_t> out = begun(q.asked, rcode::ok);
  room -= std::min(room, q.has_options ? options_size : 0);
  size_t count = 0;
  for (const tharsis_address& a : addresses) {
    const size_t size = a.family == 4 ? 4 : 16;
    if ((q.kind == type::a) != (a.family == 4)) continue;
    if (out.size() + 12 + size > room) {
      out[2] |= truncated;
      break;
    }
    two(out, 0xC000 | message::head_size);
    two(out, q.kind), two(out, class_internet), four(out, life), two(out, size);
    out.insert(out.end(), a.ip, a.ip + size);
    ++count;
  }
  set_two(out, 6, count);
  if (q.has_options) add_options(out, 0, {});
  return out;
}

std::vector<uint8_t> reply_without(const served_question& q, uint16_t code, std::string_view why) {
  std::vector<uint8_t> out = begun(q.asked, code);
  if (q.has_options) add_options(out, 0, why);
  return out;
}

// What nobody has weighed stays behind: records beside the way, zones' servers, and what others think of options.
std::vector<uint8_t> reply_like(const served_question& q, std::span<const uint8_t> answer, size_t room) {
  message m;
  const bool means_something = message::read(answer, m) == defect::none && m.has_question() && m.code() <= 0x0F && m.asked_kind() == q.kind && m.asked_name().is(q.name);
  std::vector<uint8_t> out = begun(q.asked, means_something ? m.code() : rcode::ok);
  if (!means_something || !add_what_counts(out, m, q.kind)) return reply_without(q, rcode::server_failed, "a server's answer means nothing");
  if (out.size() + (q.has_options ? options_size : 0) > room) {
    out = begun(q.asked, m.code());
    out[2] |= truncated;
  }
  if (q.has_options) add_options(out, 0, {});
  return out;
}

uint32_t life_of(std::span<const uint8_t> reply) {
  message m;
  if (message::read(reply, m) != defect::none) return 0;
  std::optional<uint32_t> least;
  for (auto all : {m.answers(), m.authorities()}) {
    record r;
    zone_start z;
    while (all.next(r)) {
      const uint32_t life = r.kind == type::soa && read_zone_start(r, z) ? std::min(r.life(), z.minimum) : r.life();
      least = std::min(least.value_or(life), life);
    }
  }
  return least.value_or(0);
}

}  // namespace tharsis::dns
