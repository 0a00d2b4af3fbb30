// TLS: whose certificate it is, and whether the name alone decides the fate of a handshake.
#include <algorithm>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

using handshakes = std::vector<const tls_probe*>;

bool is_cut(const tls_probe& t) {
  return t.outcome == tls_outcome::reset_after_hello || t.outcome == tls_outcome::closed;
}
bool is_swallowed(const tls_probe& t) { return t.outcome == tls_outcome::silent_after_hello; }
// It got further than ClientHello, whatever became of it.
bool went_on(const tls_probe& t) {
  return ran(t) && !is_cut(t) && !is_swallowed(t) && t.outcome != tls_outcome::not_connected;
}

// The same address under another name, or under none.
handshakes other_names(const scene& s, const tls_probe& target) {
  handshakes some;
  for (const tls_probe& t : s.seen.handshakes)
    if (ran(t) && (t.role == probe_role::other_name || t.role == probe_role::no_name) &&
        host_of(t.to) == host_of(target.to))
      some.push_back(&t);
  return some;
}

void judge_name_blocked(const scene& s, findings_list& found, const handshakes& targets) {
  const auto verdict_of = [&](auto met, verdict_code code, bool is_silence) {
    claim c(code, -3);
    size_t times = 0;
    const tls_probe* other = nullptr;
    for (const auto* t : targets) {
      if (went_on(*t)) return;
      if (!met(*t)) continue;
      for (const auto* o : other_names(s, *t))
        if (went_on(*o)) other = o;
      // A handshake that stalls was sent several times.
      c.because(*t, is_silence ? s.weight_of_silence(t->ms > 700 ? 3 : 2) : 3), ++times;
    }
    if (other == nullptr) return;
    c.unlike(*other, 1.5)
        .detail(targets.front()->sni + " against " + (other->sni.empty() ? "no name" : other->sni) + " at " +
                other->to);
    if (times > 1) c.proven();
    found.add(c.asks_for("change_address"));
  };
  verdict_of(is_cut, verdict_code::sni_blocking_rst, false);
  verdict_of(is_swallowed, verdict_code::sni_blocking_timeout, true);
}

// Somebody whom nobody on the way can stand for has proved who he is.
const probe* proved_beside(const scene& s) {
  for (const tls_probe& t : s.seen.handshakes)
    if (worked(t) && t.outcome == tls_outcome::ok) return &t;
  for (const name_probe& n : s.seen.names)
    if (n.role == probe_role::truth && worked(n) && n.rcode >= 0 && (n.over == name_transport::tls || n.over == name_transport::https)) return &n;
  return nullptr;
}

// One key for two names: who makes certificates as they are asked for does not make a key for each.
bool shares_a_key(const tls_probe& a, const tls_probe& b) {
  return a.subject != b.subject && !a.pins.empty() && !b.pins.empty() && a.pins.front() == b.pins.front();
}

// The same foreign issuer at a host that has nothing to do with the target. One's own authority, which this machine does not know, looks
// the same; an opener shows by its keys, and by resolvers that cannot prove their name either.
bool judge_issuer(const scene& s, findings_list& found, const tls_probe& t, const tls_probe& other) {
  claim c(verdict_code::tls_interception);
  c.because(t, 2).unlike(other, 0.4).with("issuer", t.issuer);
  c.detail("the same issuer at " + t.to + " and " + other.to + ": " + t.issuer);
  if (shares_a_key(t, other)) c.unlike(other, 3).detail("and the same key under two names");
  for (const name_probe& n : s.seen.names)
    if (n.role == probe_role::truth && ran(n) && n.failed == failure::untrusted) c.unlike(n, 2);
  if (const probe* const proved = proved_beside(s)) c.despite(*proved, 3);
  return found.add(c.asks_for("do_not_trust")) && c.confidence() >= 0.7;
}

// A pin that does not fit, or the same foreign issuer at hosts that have nothing to do with each other.
bool judge_opened(const scene& s, findings_list& found, const handshakes& targets) {
  for (const auto* t : targets) {
    const bool pin = t->outcome == tls_outcome::pin_mismatch ||
                     (t->pinned_as_expected == false && t->outcome != tls_outcome::not_connected);
    claim c(verdict_code::tls_interception);
    c.with("issuer", t->issuer.empty() ? "somebody unknown" : t->issuer);
    if (pin)
      return found.add(
          c.proven_by(*t).detail("the chain is not the pinned one; issuer " + t->issuer).asks_for("do_not_trust"));
    if (t->outcome != tls_outcome::unknown_ca || t->issuer.empty()) continue;
    for (const tls_probe& other : s.seen.handshakes)
      if (ran(other) && other.role == probe_role::control && other.outcome == tls_outcome::unknown_ca && other.issuer == t->issuer)
        return judge_issuer(s, found, *t, other);
  }
  return false;
}

verdict_code code_of(tls_outcome outcome) {
  switch (outcome) {
    case tls_outcome::expired:
    case tls_outcome::not_yet:
      return verdict_code::tls_expired;
    case tls_outcome::wrong_name:
      return verdict_code::tls_name_mismatch;
    case tls_outcome::unknown_ca:
      return verdict_code::tls_unknown_ca;
    default:
      return verdict_code::tls_protocol;
  }
}

void judge_certificate(const scene& s, findings_list& found, const handshakes& targets) {
  const tls_probe* bad = nullptr;
  for (const auto* t : targets) {
    if (t->outcome == tls_outcome::ok) return;
    const bool certificate = t->outcome == tls_outcome::expired || t->outcome == tls_outcome::not_yet ||
                             t->outcome == tls_outcome::wrong_name || t->outcome == tls_outcome::unknown_ca ||
                             t->outcome == tls_outcome::protocol;
    if (certificate && bad == nullptr) bad = t;
  }
  if (bad == nullptr) return;
  const verdict_code code = code_of(bad->outcome);
  const bool by_date = code == verdict_code::tls_expired;
  if (by_date && found.has(verdict_code::clock_wrong)) return;  // The clock explains it.
  // A liar's landing place shows what it likes.
  if (found.has(verdict_code::dns_hijack_resolver) || found.has(verdict_code::dns_injection_onpath)) return;
  claim c(code);
  c.because(*bad, 3).detail(bad->to + ": subject " + bad->subject + ", issuer " + bad->issuer);
  for (const tls_probe& other : s.seen.handshakes) {
    if (!ran(other) || other.role != probe_role::control) continue;
    if (other.outcome == tls_outcome::ok && code != verdict_code::tls_protocol)
      c.proven_by(other, 2);
    else if (other.outcome == tls_outcome::ok)
      c.unlike(other, 1.5);
    else if (other.outcome == bad->outcome)
      c.despite(other, code == verdict_code::tls_unknown_ca && other.issuer == bad->issuer ? 0.7 : 3);
  }
  if (by_date)
    for (const clock_probe& clock : s.seen.clocks)
      if (ran(clock) && clock.ahead_s < 3600 && clock.ahead_s > -3600) c.proven_by(clock, 2);
  if (s.to_self()) c.contrast(1);
  found.add(c);
}

}  // namespace

void judge_tls(const scene& s, findings_list& found) {
  const handshakes targets = of_role(s.seen.handshakes, probe_role::target);
  if (targets.empty()) return;
  judge_name_blocked(s, found, targets);
  if (judge_opened(s, found, targets)) return;
  judge_certificate(s, found, targets);
}

}  // namespace tharsis::sdt
