// Writes DNS messages octet by octet, right and wrong ones, for tests.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/dns_question.h"

namespace tharsis::dns::test {

using octets = std::vector<uint8_t>;

inline void two(octets& to, size_t v) { to.push_back(static_cast<uint8_t>(v >> 8)), to.push_back(static_cast<uint8_t>(v)); }
inline void four(octets& to, size_t v) { two(to, v >> 16), two(to, v & 0xFFFF); }
inline octets name_octets(std::string_view name) {
  octets out;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    out.push_back(static_cast<uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  out.push_back(0);
  return out;
}
inline octets ip_octets(std::string_view text) {
  const auto a = parse_ip(text);
  return octets(a->ip, a->ip + (a->family == 4 ? 4 : 16));
}
inline octets operator+(octets a, const octets& b) { return a.insert(a.end(), b.begin(), b.end()), a; }

// The answer to a question whose bytes are given, which begins with them.
class answer_writer {
 public:
  explicit answer_writer(std::span<const uint8_t> asked, uint16_t code = 0) {
    message m;
    message::read(asked, m);
    wire_name name;
    size_t end = 0;
    wire_name::read(asked, message::head_size, name, end);
    bytes.assign(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(end + 4));
    bytes[2] = 0x81, bytes[3] = static_cast<uint8_t>(0x80 | code);
    for (size_t i = 6; i < 12; ++i) bytes[i] = 0;
  }
  // Owner "": the question's name, by a pointer.
  answer_writer& add(std::string_view owner, uint16_t kind, uint32_t ttl, const octets& data, size_t section = 0) {
    if (owner.empty()) two(bytes, 0xC000 | message::head_size);
    else bytes = bytes + name_octets(owner);
    two(bytes, kind), two(bytes, 1), four(bytes, ttl), two(bytes, data.size());
    bytes = bytes + data;
    const size_t at = 6 + 2 * section, n = static_cast<size_t>(bytes[at] << 8 | bytes[at + 1]) + 1;
    bytes[at] = static_cast<uint8_t>(n >> 8), bytes[at + 1] = static_cast<uint8_t>(n);
    return *this;
  }
  answer_writer& address(std::string_view ip, uint32_t ttl = 60, std::string_view owner = "") {
    return add(owner, ip.find(':') == std::string_view::npos ? type::a : type::aaaa, ttl, ip_octets(ip));
  }
  answer_writer& alias(std::string_view owner, std::string_view to, uint32_t ttl = 60) { return add(owner, type::cname, ttl, name_octets(to)); }
  answer_writer& zone_start(std::string_view zone, uint32_t ttl, uint32_t minimum) {
    octets data = name_octets("ns." + std::string(zone)) + name_octets("who." + std::string(zone));
    for (const uint32_t v : {1u, 2u, 3u, 4u, minimum}) four(data, v);
    return add(zone, type::soa, ttl, data, 1);
  }
  // `data` of options; `size` and `extension` are where a record has its class and life.
  answer_writer& options(const octets& data = {}, uint8_t code_above = 0) {
    bytes.push_back(0);
    two(bytes, type::opt), two(bytes, 1232), four(bytes, static_cast<size_t>(code_above) << 24), two(bytes, data.size());
    bytes = bytes + data;
    bytes[11] = static_cast<uint8_t>(bytes[11] + 1);
    return *this;
  }
  octets bytes;
};

inline octets bytes_of(const question& q) {
  std::array<uint8_t, question_max> room;
  const auto b = write(q, room);
  return octets(b.begin(), b.end());
}

}  // namespace tharsis::dns::test
