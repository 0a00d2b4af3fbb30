// The session as a whole, and this machine: what the system itself says needs no contrast.
#include <algorithm>
#include <cmath>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {

bool judge_session(const scene& s, findings_list& found) {
  if (!s.about.cancelled && !s.about.network_changed) return false;
  const std::string reason = s.about.network_changed ? "the network changed while it ran" : "somebody cancelled it";
  return found.add(claim(verdict_code::cancelled).proven().with("reason", reason).detail(reason));
}

namespace {

bool is_loopback_link(const link_probe& l) { return l.type == "loopback" || l.name == "lo"; }

bool is_radio(const link_probe* l) { return l != nullptr && (l->type == "wifi" || l->type == "cellular"); }

// No link, no address or no way: the system's word, unless something beyond answered all the same.
bool judge_links(const scene& s, findings_list& found) {
  if (s.internet() != nullptr || s.target_answers()) return false;
  const link_probe *up = nullptr, *down = nullptr, *off = nullptr;
  for (const link_probe& l : s.seen.links) {
    if (is_loopback_link(l)) continue;
    // One that is switched on and finds nobody explains more than a socket without a cable.
    const bool is_down = !l.radio_off && !(l.up && l.carrier);
    if (!is_down) (l.radio_off ? off : up) = &l;
    else if (!is_radio(down)) down = &l;
  }
  if (!s.seen.links.empty() && up == nullptr) {
    if (off != nullptr && !is_radio(down)) {
      claim c(verdict_code::airplane_or_radio_off);
      // The cable may be what is missed.
      if (down == nullptr) c.proven_by(*off);
      else c.because(*off, 3).unlike(*down).detail(down->name + " is down");
      return found.add(c.detail("the radio of " + off->name + " is off").asks_for("wait_for_network"));
    }
    claim c(verdict_code::no_interface);
    return found.add(c.proven_by(down != nullptr ? *down : s.seen.links.front())
                         .detail(down != nullptr ? down->name + " is down" : "there is none")
                         .asks_for("wait_for_network"));
  }
  if (s.seen.ways.empty()) return false;
  const auto some = [&](bool way_probe::*what) {
    return std::any_of(s.seen.ways.begin(), s.seen.ways.end(), [&](const way_probe& w) { return w.*what; });
  };
  if (!some(&way_probe::has_address))
    return found.add(claim(verdict_code::no_address).proven_by(s.seen.ways.front()).asks_for("wait_for_network"));
  if (!some(&way_probe::has_route))
    return found.add(claim(verdict_code::no_default_route).proven_by(s.seen.ways.front()).asks_for("wait_for_network"));
  return false;
}

// The router of the other family is there, and what lies beyond it was tried, too: it is not the router that nothing is reached by.
bool other_router_is_there(const scene& s, const gateway_probe& gone) {
  const auto is_other = [&](const std::string& place) { return is_v6(place) != is_v6(gone.address); };
  const bool tried = std::any_of(s.seen.connects.begin(), s.seen.connects.end(), [&](const connect_probe& c) { return ran(c) && is_other(c.to); });
  return tried && std::any_of(s.seen.gateways.begin(), s.seen.gateways.end(), [&](const gateway_probe& g) {
           return ran(g) && is_other(g.address) && (g.answered || g.neighbour == neighbour_state::reachable);
         });
}

// The neighbour that all packets are handed to is not there.
bool judge_gateway(const scene& s, findings_list& found) {
  bool decisive = false;
  for (const gateway_probe& g : s.seen.gateways) {
    const bool gone = g.neighbour == neighbour_state::failed || g.neighbour == neighbour_state::incomplete;
    if (!ran(g) || !gone || g.answered || s.internet(is_v6(g.address) ? 6 : 4) != nullptr) continue;
    const bool asked = g.failed == failure::timeout;  // By us, and just now; else the system's word is of some time ago.
    if (!asked && g.neighbour == neighbour_state::incomplete) continue;  // Somebody else waits for it.
    const auto other = std::find_if(s.seen.ways.begin(), s.seen.ways.end(), [&](const way_probe& w) {
      return w.default_routes > 1 && (w.family == 6) == is_v6(g.address);
    });
    claim c(other != s.seen.ways.end() ? verdict_code::multi_default_wrong : verdict_code::gateway_unreachable);
    if (other != s.seen.ways.end())
      c.because(g, 3).unlike(*other).with("interface", other->interface_name);
    else if (asked)
      c.proven_by(g);
    else
      c.because(g, 3);
    c.with("gateway", g.address)
        .detail("the neighbour " + g.address + " is " +
                (g.neighbour == neighbour_state::failed ? "failed" : "incomplete"))
        .asks_for("wait_for_network");
    // Said once, for the family that matters.
    if (!decisive && s.internet() == nullptr && !s.target_answers() && !other_router_is_there(s, g)) decisive = found.add(c);
  }
  return decisive;
}

// ICMP "prohibited" becomes the same errno; but that takes its time to come back.
bool is_refused_here(const connect_probe& c) {
  constexpr double at_once_ms = 1;
  return c.failed == failure::exhausted ||
         (c.failed == failure::denied && c.icmp_from.empty() && c.syn_retransmits == 0 && c.ms < at_once_ms);
}

// A socket call that the system itself refused.
void judge_sockets(const scene& s, findings_list& found) {
  for (const connect_probe& c : s.seen.connects) {
    if (!ran(c) || !is_refused_here(c)) continue;
    const auto code = c.failed == failure::denied ? verdict_code::local_firewall : verdict_code::fd_or_port_exhausted;
    if (found.has(code)) continue;
    claim it(code);
    it.proven_by(c).detail(c.to + ": errno " + std::to_string(c.error_number));
    if (c.failed == failure::exhausted) it.asks_for("backoff");
    found.add(it);
  }
}

constexpr double clock_off_s = 86400;  // Dates of certificates are of days.

// Another host that says the same; one alone may be wrong itself, whatever number of pages it has.
const clock_probe* who_agrees(const scene& s, const clock_probe& off) {
  constexpr double same_s = 3600;
  for (const clock_probe& c : s.seen.clocks)
    if (ran(c) && host_of_url(c.source) != host_of_url(off.source) && std::abs(c.ahead_s - off.ahead_s) < same_s) return &c;
  return nullptr;
}

void judge_clock(const scene& s, findings_list& found) {
  constexpr double right_s = 300;
  const clock_probe *off = nullptr, *right = nullptr;
  for (const clock_probe& c : s.seen.clocks) {
    if (!ran(c)) continue;
    if (std::abs(c.ahead_s) < right_s && c.authentic) return;
    if (std::abs(c.ahead_s) < right_s) right = &c;
    if (std::abs(c.ahead_s) >= clock_off_s && (off == nullptr || (c.authentic && !off->authentic))) off = &c;
  }
  if (off == nullptr) return;
  const double days = std::abs(off->ahead_s) / 86400;
  claim c(verdict_code::clock_wrong);
  c.because(*off, off->authentic ? 3 : 2);
  if (off->authentic) c.contrast(0);
  const clock_probe* const second = who_agrees(s, *off);
  // Whoever answers for everybody over plain HTTP, as a portal does, is one witness.
  if (second != nullptr && off->authentic && right == nullptr) c.proven_by(*second);
  else if (second != nullptr) c.again(*second, 0.5);
  if (right != nullptr) c.despite(*right, 3);
  for (const tls_probe& t : s.seen.handshakes)
    if (t.outcome == tls_outcome::expired || t.outcome == tls_outcome::not_yet) c.unlike(t, 1);
  c.with("skew", (days < 60 ? std::to_string(std::lround(days)) + " days"
                            : std::to_string(std::lround(days / 30.4)) + " months"));
  found.add(c.detail(off->source + ": " + std::to_string(std::lround(off->ahead_s)) + " s").asks_for("set_clock"));
}

}  // namespace

bool judge_local(const scene& s, findings_list& found) {
  judge_sockets(s, found);
  if (s.to_self()) return false;
  if (judge_links(s, found) || judge_gateway(s, found)) return true;
  judge_clock(s, found);
  return false;
}

}  // namespace tharsis::sdt
