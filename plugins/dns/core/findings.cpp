#include "plugins/dns/core/findings.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "plugins/dns/core/alias_walk.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_record_data.h"
#include "sdk/pure/harmless.h"

namespace tharsis::dns {
namespace {

constexpr struct { uint16_t number; std::string_view name; } types[] = {
    {type::a, "A"},     {type::ns, "NS"},   {type::cname, "CNAME"}, {type::soa, "SOA"},   {type::ptr, "PTR"},    {type::mx, "MX"},
    {type::txt, "TXT"}, {type::aaaa, "AAAA"}, {type::srv, "SRV"},     {type::svcb, "SVCB"}, {type::https, "HTTPS"}};

char large(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

findings failed(std::string why) {
  findings f;
  f.why = std::move(why);
  return f;
}

std::string sentence_of(uint16_t code) {
  switch (code) {
    case rcode::format: return "it does not understand the question (FORMERR)";
    case rcode::server_failed: return "it could not find out (SERVFAIL)";
    case rcode::not_implemented: return "it does not do such questions (NOTIMP)";
    case rcode::refused: return "it refuses to answer (REFUSED)";
    default: return "it answered with code " + std::to_string(code);
  }
}

void add_hints(std::span<const uint8_t> list, uint8_t family, service_record& to) {
  const size_t size = family == 4 ? 4 : 16;
  for (size_t i = 0; i + size <= list.size() && to.hints.size() < found_max; i += size) {
    tharsis_address a{};
    a.family = family;
    a.port = to.port;
    std::memcpy(a.ip, list.data() + i, size);
    if (std::none_of(to.hints.begin(), to.hints.end(), [&](const auto& h) { return same_ip(h, a); })) to.hints.push_back(a);
  }
}

bool add_service(const record& r, findings& f) {
  service_binding b;
  if (!read_service_binding(r, b)) return false;
  if (!b.understood) return true;
  service_record s;
  s.priority = b.priority;
  s.target = b.target.is_root() ? r.owner.text() : b.target.text();
  if (b.priority != 0) {
    pieces all(b.alpn);
    for (std::string_view p; all.next(p);) s.alpn.emplace_back(p);
    s.port = b.port.value_or(0);
    add_hints(b.hints4, 4, s);
    add_hints(b.hints6, 6, s);
    s.ech.assign(b.ech.begin(), b.ech.end());
  }
  if (f.services.size() < found_max) f.services.push_back(std::move(s));
  return true;
}

// What a terminal would obey is no text either.
void append_text(std::string& to, std::string_view from) {
  while (!from.empty()) {
    const size_t n = utf8_size(from);
    if (n > 0 && !is_harmful(code_of(from.substr(0, n)))) to += from.substr(0, n);
    from.remove_prefix(std::max<size_t>(n, 1));
  }
}

// "1 edge.example.net alpn=h2,h3 port=8443 hints=192.0.2.1", with the names of RFC 9460 where a person knows them.
std::string shown_as(const service_record& s) {
  std::string text = std::to_string(s.priority) + " " + (s.target.empty() ? "." : s.target);
  for (const std::string& p : s.alpn) append_text(text += &p == &s.alpn.front() ? " alpn=" : ",", p);
  if (s.port != 0) text += " port=" + std::to_string(s.port);
  for (const auto& a : s.hints) text += (&a == &s.hints.front() ? " hints=" : ",") + ip_text(a);
  return s.ech.empty() ? text : text + " ech";
}

// Texts are joined, as those who cut them into pieces of 255 mean it; bytes that are no text are left out.
bool add_text(const record& r, findings& f) {
  std::string text;
  wire_name name;
  if (r.kind == type::txt) {
    if (!pieces::whole(r.data)) return false;
    pieces all(r.data);
    for (std::string_view p; all.next(p);) append_text(text, p);
  } else if (r.kind == type::cname || r.kind == type::ns || r.kind == type::ptr) {
    if (!read_target(r, name)) return false;
    text = name.text();
  } else {
    static constexpr char digits[] = "0123456789abcdef";
    for (const uint8_t b : r.data) text += digits[b >> 4], text += digits[b & 15];
  }
  if (f.texts.size() < found_max) f.texts.push_back(std::move(text));
  return true;
}

bool add_address(const record& r, findings& f) {
  tharsis_address a{};
  if (!read_address(r, a)) return false;
  const bool known = std::any_of(f.addresses.begin(), f.addresses.end(), [&](const auto& o) { return same_ip(o, a); });
  if (!known && f.addresses.size() < found_max) f.addresses.push_back(a);
  return true;
}

bool add(const record& r, findings& f) {
  if (r.kind == type::a || r.kind == type::aaaa) return add_address(r, f);
  if (r.kind == type::https || r.kind == type::svcb) return add_service(r, f);
  return add_text(r, f);
}

// What the zone says about how long nothing holds (RFC 2308, 5).
uint32_t negative_life(const message& m) {
  auto all = m.authorities();
  zone_start z;
  for (record r; all.next(r);)
    if (r.kind == type::soa && read_zone_start(r, z)) return std::min(r.life(), z.minimum);
  return 0;
}

}  // namespace

findings read_findings(const question& q, const message& m) {
  const uint16_t code = m.code();
  if (code != rcode::ok && code != rcode::no_name) return failed(sentence_of(code));
  if (!m.has_question()) return failed("it answered without a question");
  findings f;
  f.life = 0x7FFFFFFF;
  wire_name at = m.asked_name();
  size_t used = 0;
  alias_step s;
  const auto take = [&f](const record& r, bool is_alias) {
    f.life = std::min(f.life, r.life());
    return is_alias || add(r, f);
  };
  for (size_t hops = 0;; ++hops) {
    if (hops > aliases_max) return failed("its aliases lead to no end");
    s = step_along(m, q.kind, at, take);
    if (s.broken) return failed("one of its records is broken");
    used += s.used;
    if (!s.moved) break;
  }
  f.tail = at.text();
  if (q.kind != type::a && q.kind != type::aaaa) f.bytes.assign(m.bytes().begin(), m.bytes().end());
  f.strays = m.answers().left() - std::min(used, m.answers().left());
  std::stable_sort(f.services.begin(), f.services.end(), [](const auto& a, const auto& b) { return a.priority < b.priority; });
  for (const service_record& service : f.services) f.texts.push_back(shown_as(service));
  if (s.found && code == rcode::ok) return f.what = findings::kind::found, f;
  if (s.found) return failed("it says that there is no such name, and its addresses");
  if (code == rcode::ok && !m.recursion_available() && !m.authoritative()) return failed("it is no resolver: it does not look for names");
  f.what = code == rcode::no_name ? findings::kind::no_name : findings::kind::no_data;
  f.life = negative_life(m);
  return f;
}

std::string_view type_name(uint16_t kind) {
  for (const auto& t : types)
    if (t.number == kind) return t.name;
  return {};
}

uint16_t type_number(std::string_view name) {
  for (const auto& t : types)
    if (std::equal(name.begin(), name.end(), t.name.begin(), t.name.end(), [](char a, char b) { return large(a) == b; })) return t.number;
  return 0;
}

}  // namespace tharsis::dns
