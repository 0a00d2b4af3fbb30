// The way into the internet: portals, proxies, families, and which transports come through.
#include <algorithm>

#include "plugins/sdt/core/portal.h"
#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

struct silence {
  std::vector<const connect_probe*> all;
  const connect_probe* told = nullptr;  // Somebody on the way says so.
};

silence nothing_outside(const scene& s) {
  silence made;
  for (const connect_probe& c : s.seen.connects) {
    if (!ran(c) || c.role == probe_role::closed_port) continue;
    if (scene::silent(c) || c.failed == failure::unreachable || c.failed == failure::no_route ||
        c.failed == failure::prohibited || c.failed == failure::refused)
      made.all.push_back(&c);
    if (c.icmp_type >= 0 && !c.icmp_from.empty()) made.told = &c;
  }
  return made;
}

// The target's host has sent something back, whatever becomes of connections to it: there is a way.
bool target_is_heard(const scene& s) {
  return std::any_of(s.seen.connects.begin(), s.seen.connects.end(), [&](const connect_probe& c) { return c.role == probe_role::target && s.host_heard(host_of(c.to)) != nullptr; });
}

// Where a trace ends on the way; null: it arrives, or tells nothing.
const hop* end_of(const trace_probe& t) {
  const hop* const last = last_of(t);
  return !ran(t) || last == nullptr || last->answer == hop_answer::reached ? nullptr : last;
}

// Nothing beyond the gateway answers at all.
bool judge_internet(const scene& s, findings_list& found) {
  if (s.internet() != nullptr || s.target_works() != nullptr || target_is_heard(s)) return false;
  const silence quiet = nothing_outside(s);
  const bool controls =
      std::any_of(quiet.all.begin(), quiet.all.end(), [](const auto* c) { return c->role == probe_role::control; });
  if (!controls || quiet.all.size() < 2) return false;
  for (const proxy_probe& p : s.seen.proxies) {
    if (!worked(p) || !p.answers) continue;
    claim c(verdict_code::proxy_required);
    for (const auto* one : quiet.all) c.because(*one, s.weight_of_silence(*one));
    c.proven_by(p, 2).with("proxy", p.configured).detail("CONNECT by " + p.configured + " works");
    return found.add(c.asks_for("use_proxy", {p.configured}));
  }
  claim c(verdict_code::internet_unreachable);
  for (const auto* one : quiet.all) c.because(*one, s.weight_of_silence(*one));
  for (const gateway_probe& g : s.seen.gateways)
    if (ran(g) && (g.answered || g.neighbour == neighbour_state::reachable))
      c.unlike(g, 1).detail("the gateway " + g.address + " is there");
  if (quiet.told != nullptr) c.proven_by(*quiet.told, 2).detail(quiet.told->icmp_from + " says unreachable");
  for (const trace_probe& t : s.seen.traces) {
    const hop* const last = end_of(t);
    if (last == nullptr) continue;
    c.proven_by(t, 1).detail("the way ends after " + last->from + ", hop " + std::to_string(last->ttl));
    if (last->ttl > 1) c.blames(blame::isp);
  }
  return found.add(c.asks_for("wait_for_network"));
}

void judge_partial(const scene& s, findings_list& found) {
  const http_probe* plain = nullptr;
  for (const http_probe& h : s.seen.pages)
    if (is_plain_http(h) && worked(h) && h.body == page_body::as_expected) plain = &h;
  if (plain == nullptr) return;
  claim c(verdict_code::partial_connectivity, -3);
  size_t hosts = 0;
  for (const connect_probe& one : s.seen.connects) {
    if (!one.to.ends_with(":443")) continue;
    if (worked(one)) return;
    if (scene::silent(one)) c.because(one, s.weight_of_silence(one)), ++hosts;
  }
  if (hosts < 2) return;
  found.add(c.unlike(*plain).with("reason", "HTTP works, and port 443 is silent everywhere").asks_for("backoff"));
}

// One family has all it needs and carries nothing, the other works.
void judge_family(const scene& s, findings_list& found, int family) {
  const auto way =
      std::find_if(s.seen.ways.begin(), s.seen.ways.end(), [&](const way_probe& w) { return w.family == family; });
  if (way == s.seen.ways.end() || !way->has_address || !way->has_route) return;
  if (s.internet(family) != nullptr) return;
  const probe* other = s.internet(family == 4 ? 6 : 4);
  if (other == nullptr) return;
  // Connections were lost, and yet the host itself has said that a port is closed: packets of this family come through.
  for (const datagram_probe& d : s.seen.datagrams)
    if (ran(d) && is_v6(d.to) == (family == 6) && !d.unreachable_from.empty() && d.unreachable_from == host_of(d.to)) return;
  claim c(family == 6 ? verdict_code::ipv6_broken : verdict_code::ipv4_broken, -3);
  uint32_t attempts = 0;
  bool control = false, refused = false;
  for (const connect_probe& one : s.seen.connects) {
    if (is_v6(one.to) != (family == 6) || !ran(one) || leads_nowhere(one.to)) continue;
    const bool silent = scene::silent(one);
    if (!silent && one.failed != failure::unreachable && one.failed != failure::no_route) continue;
    attempts += 1 + one.syn_retransmits;
    control = control || one.role == probe_role::control;
    c.because(one, silent ? s.weight_of_silence(one) : 3);
    refused = refused || !silent;
  }
  // The target alone may be down in one family; a place that ought to work may not.
  if (!control) return;
  c.unlike(*other, 1);
  if (attempts >= 3 && c.confidence() > 0.8) c.proven();
  if (refused) c.detail("somebody says unreachable");
  c.detail("IPv" + std::to_string(family) + ": " + std::to_string(attempts) + " attempts, none answered");
  found.add(c.asks_for(family == 6 ? "prefer_v4" : "prefer_v6"));
}

}  // namespace

bool judge_access(const scene& s, findings_list& found) { return judge_portal(s, found) || judge_internet(s, found); }

void judge_families(const scene& s, findings_list& found) {
  judge_family(s, found, 4);
  judge_family(s, found, 6);
  const way_probe* v6 = nullptr;
  bool v4 = false;
  for (const way_probe& w : s.seen.ways) {
    if (w.family == 6 && !w.nat64_prefix.empty() && w.has_route) v6 = &w;
    if (w.family == 4 && w.has_address) v4 = true;
  }
  if (v6 != nullptr && !v4 && s.internet(6) != nullptr)
    found.add(claim(verdict_code::nat64_only).proven_by(*v6).detail("prefix " + v6->nat64_prefix));
  judge_partial(s, found);
}

// UDP against TCP to the same host.
void judge_datagrams(const scene& s, findings_list& found) {
  claim udp(verdict_code::udp_blocked, -3), quic(verdict_code::quic_blocked, -2);
  bool other_tried = false, other_passed = false, quic_tried = false;
  const probe* tcp = nullptr;
  for (const datagram_probe& d : s.seen.datagrams) {
    if (!ran(d)) continue;
    const bool passed = d.answered || !d.unreachable_from.empty();
    const bool is_quic = d.role == probe_role::quic;
    if (passed && is_quic) return;
    if (passed) other_passed = true;
    if (is_quic && !passed) quic_tried = true, quic.because(d, s.weight_of_silence(1));
    if (!is_quic) other_tried = true;
    if (!passed) udp.because(d, s.weight_of_silence(1));
    for (const connect_probe& c : s.seen.connects)
      if (scene::alive(c) && host_of(c.to) == host_of(d.to)) tcp = &c;
  }
  // A train of datagrams that came back is UDP as well.
  for (const loss_probe& l : s.seen.losses)
    if (ran(l) && l.via == "udp" && l.small_lost < l.small_sent) other_passed = true;
  if (tcp == nullptr) return;
  if (other_tried && !other_passed) {
    found.add(udp.unlike(*tcp, 1).asks_for("avoid_udp"));
  } else if (quic_tried) {
    found.add(quic.unlike(*tcp, 1).asks_for("avoid_udp"));
  }
}

}  // namespace tharsis::sdt
