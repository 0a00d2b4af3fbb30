#include "plugins/sdt/core/name_reply.h"

#include <algorithm>

#include "sdk/pure/dns_name.h"
#include "sdk/pure/dns_record_data.h"

namespace tharsis::sdt {
namespace {

constexpr size_t addresses_most = 64;
constexpr size_t texts_most = 16;

// Any refusal may leave out what it refuses: some name servers' do.
bool answers(const dns::question& q, const dns::message& m, bool& case_kept) {
  const dns::fit f = dns::match(q, m);
  case_kept = f == dns::fit::fits && m.has_question();
  if (f == dns::fit::other_question && !m.has_question()) return m.code() != dns::rcode::ok;
  return f == dns::fit::fits || f == dns::fit::other_case;
}

void take_record(const dns::record& r, name_reply& into) {
  into.ttl = into.ttl == 0 ? r.ttl : std::min(into.ttl, r.ttl);
  tharsis_address a{};
  if (dns::read_address(r, a) && into.addresses.size() < addresses_most) into.addresses.push_back(a);
  if (r.kind != dns::type::txt || into.texts.size() >= texts_most) return;
  dns::pieces all(r.data);
  if (std::string_view first; all.next(first)) into.texts.emplace_back(first);
}

}  // namespace

std::string_view name_of(record_type t) { return t == record_type::a ? "A" : t == record_type::aaaa ? "AAAA" : "TXT"; }

std::optional<dns::question> question_of(std::string_view name, record_type type, uint64_t chance) {
  std::array<char, 256> room;
  const std::string_view canonical = dns::quick_canonical_name(name, room);
  if (canonical.empty()) return std::nullopt;
  dns::question q;
  q.name = canonical;
  q.kind = static_cast<uint16_t>(type);
  for (size_t i = 0; i < q.secret.cases.size(); ++i) q.secret.cases[i] = static_cast<uint8_t>(chance >> (i % 8 * 8));
  return q;
}

std::optional<name_reply> read_reply(std::span<const uint8_t> bytes, const dns::question& q) {
  dns::defect damage = dns::defect::none;
  const auto m = dns::message::read_front(bytes, damage);
  name_reply r;
  if (!m || !answers(q, *m, r.case_kept)) return std::nullopt;
  r.rcode = m->code();
  r.truncated = m->truncated();
  r.edns = m->has_options();
  r.damaged = damage != dns::defect::none;
  auto all = m->answers();
  for (dns::record one; all.next(one);)
    if (one.kind == q.kind) take_record(one, r);
  // What is missing may have been behind the damage: this is no "there is none".
  if (r.damaged && r.rcode == 0 && r.addresses.empty() && r.texts.empty()) return std::nullopt;
  return r;
}

}  // namespace tharsis::sdt
