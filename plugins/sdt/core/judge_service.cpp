// The service behind the port: silent, cutting, failing, or something else altogether.
#include <algorithm>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

bool hole_found(const findings_list& found) {
  return found.has(verdict_code::pmtu_black_hole_up) || found.has(verdict_code::pmtu_black_hole_down) ||
         found.has(verdict_code::pmtu_black_hole_both);
}
bool name_blocked(const findings_list& found) {
  return found.has(verdict_code::sni_blocking_rst) || found.has(verdict_code::sni_blocking_timeout);
}

// Everything that was asked of the service itself, and how it ended.
struct asked {
  std::vector<const probe*> silent, cut;
  std::vector<const probe*> others_alike;  // TLS under other names that fared the same.
  bool answered = false;
  bool unconfirmed = false;  // Bytes of ours that nobody has confirmed: it is the path.
};

asked ask(const scene& s) {
  asked a;
  for (const tls_probe& t : s.seen.handshakes) {
    if (!ran(t)) continue;
    const bool silent = t.outcome == tls_outcome::silent_after_hello;
    const bool cut = t.outcome == tls_outcome::reset_after_hello || t.outcome == tls_outcome::closed;
    if (t.role == probe_role::other_name || t.role == probe_role::no_name) {
      if (silent || cut) a.others_alike.push_back(&t);
      continue;
    }
    if (t.role != probe_role::target) continue;
    if (silent)
      a.silent.push_back(&t), a.unconfirmed = a.unconfirmed || t.unacked > 0;
    else if (cut)
      a.cut.push_back(&t);
    else if (t.outcome != tls_outcome::not_connected)
      a.answered = true;
  }
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !s.is_of_target(h)) continue;
    if (h.status > 0)
      a.answered = true;
    else if (h.failed == failure::timeout)
      a.silent.push_back(&h);
    else if (h.failed == failure::reset || h.failed == failure::closed)
      a.cut.push_back(&h);
  }
  for (const noop_probe& n : s.seen.noops) {
    if (!ran(n) || !n.link.empty()) continue;  // What an old connection does says nothing about new ones.
    if (n.answered)
      a.answered = true;
    else if (n.failed == failure::timeout)
      a.silent.push_back(&n);
    else if (n.failed == failure::reset || n.failed == failure::closed)
      a.cut.push_back(&n);
  }
  return a;
}

// Whether pages of the service were asked for and none came, though TLS has answered.
bool pages_are_silent(const scene& s) {
  bool silent = false;
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !s.is_of_target(h)) continue;
    if (h.status > 0) return false;
    silent = silent || h.failed == failure::timeout;
  }
  return silent;
}

void judge_silence(const scene& s, findings_list& found, const asked& a) {
  const bool silent = !a.silent.empty() && (!a.answered || pages_are_silent(s));
  const bool cut = !a.cut.empty() && !a.answered;
  if ((!silent && !cut) || hole_found(found) || name_blocked(found)) return;
  const connect_probe* stands = nullptr;
  for (const auto* c : of_role(s.seen.connects, probe_role::target))
    if (worked(*c)) stands = c;
  if (stands == nullptr) return;
  claim c(silent ? verdict_code::service_slow_accept : verdict_code::service_resets, silent ? -3 : -2);
  for (const auto* p : silent ? a.silent : a.cut) c.because(*p, silent ? std::min(3.0, s.weight_of_silence(2)) : 2.5);
  for (const auto* p : a.others_alike) c.again(*p, 0.7);
  c.unlike(*stands, 0.7);
  for (const tls_probe& t : s.seen.handshakes)
    if (t.role == probe_role::control && worked(t) && t.outcome == tls_outcome::ok) c.unlike(t, 0.7);
  if (silent && s.to_self()) c.contrast(1.5);  // Nothing is lost on the way to oneself.
  if (silent && a.unconfirmed) c.because(*stands, -2);
  c.detail(silent ? "everything sent is confirmed, and nothing comes back" : "cut before an answer");
  found.add(c.asks_for("backoff"));
}

void judge_status(const scene& s, findings_list& found) {
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !s.is_of_target(h)) continue;
    const bool busy = h.status == 429;
    if (!busy && (h.status < 500 || h.status > 599 || h.status == 511)) continue;
    claim c(busy ? verdict_code::server_overload : verdict_code::http_5xx);
    c.proven_by(h)
        .with("status", std::to_string(h.status))
        .detail(h.url + " -> " + std::to_string(h.status))
        .asks_for("backoff");
    found.add(c);
    return;
  }
}

void judge_reply(const scene& s, findings_list& found) {
  for (const noop_probe& n : s.seen.noops) {
    if (!ran(n) || !n.answered || n.understood) continue;
    claim c(verdict_code::wrong_reply);
    c.because(n, 3).detail(n.to + ": " + n.said);
    if (const connect_probe* control = s.control_like(n.to)) c.unlike(*control, 0.5);
    if (s.to_self()) c.contrast(1);
    found.add(c);
  }
  const std::string of_service = s.about.scheme + "://";  // Port 80 of another service may speak what it likes.
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !s.is_of_target(h) || !h.url.starts_with(of_service) || h.failed != failure::protocol) continue;
    claim c(verdict_code::wrong_reply);
    c.because(h, 3).detail(h.said.empty() ? h.url + ": what came is no HTTP" : h.said);
    if (const connect_probe* control = s.control_like(h.to)) c.unlike(*control, 0.5);
    if (s.to_self()) c.contrast(1);
    found.add(c);
    return;
  }
}

}  // namespace

void judge_service(const scene& s, findings_list& found) {
  judge_silence(s, found, ask(s));
  judge_status(s, found);
  judge_reply(s, found);
}

}  // namespace tharsis::sdt
