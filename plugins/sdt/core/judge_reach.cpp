// Is the target's port reached? Silence and refusals of its host, against its other ports, echo and other hosts.
#include <algorithm>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

using attempts = std::vector<const connect_probe*>;

struct reach {
  attempts silent, refused, unreachable, works;
};

reach reach_of(const scene& s) {
  reach r;
  for (const auto* c : of_role(s.seen.connects, probe_role::target)) {
    if (worked(*c))
      r.works.push_back(c);
    else if (scene::silent(*c))
      r.silent.push_back(c);
    else if (c->failed == failure::refused)
      r.refused.push_back(c);
    else if (c->failed == failure::unreachable || c->failed == failure::no_route)
      r.unreachable.push_back(c);
  }
  return r;
}

// Sooner than anything that the host does comes back from it.
bool too_soon(const scene& s, const connect_probe& refused) {
  for (const connect_probe& c : s.seen.connects)
    if (&c != &refused && worked(c) && c.syn_retransmits == 0 && host_of(c.to) == host_of(refused.to))
      return c.ms > 5 && refused.ms < 0.4 * c.ms;
  return false;
}

void judge_refused(const scene& s, findings_list& found, const reach& r) {
  const connect_probe& first = *r.refused.front();
  const std::string port = std::to_string(s.about.port);
  if (too_soon(s, first)) {
    claim c(verdict_code::rst_injection);
    found.add(
        c.because(first, 3).contrast().detail("refused after " + ms_text(first.ms)).asks_for("change_port", {"443"}));
    return;
  }
  claim c(verdict_code::port_closed);
  for (const auto* one : r.refused) c.because(*one, 2.5);
  c.detail(first.to + ": RST after " + ms_text(first.ms));
  const probe* alive = s.host_alive(host_of(first.to));
  const connect_probe* control = s.control_like(first.to);
  if (s.to_self())
    c.proven();
  else if (alive != nullptr)
    c.proven_by(*alive, 2);
  else if (control != nullptr)
    c.proven_by(*control, 1);
  for (const connect_probe& other : s.seen.connects)
    if (other.role == probe_role::other_port && worked(other))
      c.asks_for("change_port", {std::string(other.to.substr(other.to.rfind(':') + 1))});
  found.add(c);
}

// Where the trace to the target ends, and that to a control, of the same family, which arrives.
struct ends {
  const trace_probe *of_target = nullptr, *of_control = nullptr;
  bool reached = false;
};

ends ends_of(const scene& s, std::string_view like) {
  ends e;
  for (const trace_probe& t : s.seen.traces) {
    if (!ran(t) || is_v6(t.to) != is_v6(like)) continue;
    if (t.role == probe_role::target) e.of_target = &t, e.reached = arrives(t);
    else if (arrives(t)) e.of_control = &t;
  }
  return e;
}

// It ends on the control's own way, behind the gateway, and the control is two hops and more behind that.
bool ends_early(const ends& e) {
  if (e.of_target == nullptr || e.of_control == nullptr || e.reached) return false;
  const hop* const last = last_of(*e.of_target);
  if (last == nullptr || last->ttl < 2) return false;
  const auto& way = e.of_control->hops;
  const bool common = std::any_of(way.begin(), way.end(), [&](const hop& h) { return h.ttl == last->ttl && h.from == last->from; });
  return common && way.back().ttl > last->ttl + 1;
}

// A router that lets nothing through to it looks like this; so does a dead host behind routers that tell nothing of themselves, so it is said
// beside that, and never surely.
void judge_early_end(const scene& s, findings_list& found, const reach& r, const ends& e) {
  claim c(verdict_code::ip_blocked, -3);
  for (const auto* one : r.silent) c.because(*one, s.weight_of_silence(*one));
  c.because(*e.of_target, 0.5).because(*e.of_control, 0.5).detail("the way ends after " + last_of(*e.of_target)->from + ", and that of " + e.of_control->to + " goes on there");
  found.add(c.asks_for("use_other_address"));
}

void judge_dead_host(const scene& s, findings_list& found, const reach& r, const connect_probe& control) {
  const connect_probe& first = !r.silent.empty() ? *r.silent.front() : *r.unreachable.front();
  const ends e = ends_of(s, first.to);
  claim c(verdict_code::host_down, -3);
  for (const auto* one : r.silent) c.because(*one, s.weight_of_silence(*one));
  for (const connect_probe& one : s.seen.connects)
    if (one.role == probe_role::other_port && scene::silent(one)) c.because(one, s.weight_of_silence(one));
  for (const auto* one : r.unreachable) {
    if (one->icmp_from.empty())
      c.because(*one, 3);
    else
      c.proven_by(*one, 4).detail(one->icmp_from + " says unreachable");
  }
  for (const loss_probe& l : s.seen.losses)
    if (ran(l) && l.role == probe_role::target && l.small_sent > 0 && l.small_lost == l.small_sent) c.because(l, 1);
  c.unlike(control, 1);
  const auto ttl_text = [](const trace_probe& t) { return std::to_string(last_of(t) == nullptr ? 0 : last_of(t)->ttl); };
  if (e.of_target != nullptr)
    c.detail("the trace ends at hop " + ttl_text(*e.of_target) + (e.of_control != nullptr ? ", that of a control at " + ttl_text(*e.of_control) : ""));
  const bool added = found.add(c.asks_for("use_other_address"));
  if (added && ends_early(e)) judge_early_end(s, found, r, e);
}

void judge_silent(const scene& s, findings_list& found, const reach& r) {
  const connect_probe& first = !r.silent.empty() ? *r.silent.front() : *r.unreachable.front();
  const connect_probe* control = s.control_like(first.to);
  const connect_probe *other_open = nullptr, *other_quiet = nullptr;
  for (const auto* c : of_role(s.seen.connects, probe_role::other_port)) {
    if (scene::alive(*c))
      other_open = c;
    else if (scene::silent(*c))
      other_quiet = c;
  }
  if (!r.silent.empty() && other_open != nullptr) {
    claim c(verdict_code::port_blocked, -3);
    for (const auto* one : r.silent) c.because(*one, s.weight_of_silence(*one));
    c.unlike(*other_open, 1)
        .detail(other_open->to + (worked(*other_open) ? " connects" : " refuses") + ", " + first.to + " is silent");
    found.add(c.asks_for("change_port", {other_open->to.substr(other_open->to.rfind(':') + 1)}));
    return;
  }
  const probe* alive = nullptr;
  for (const auto* one : r.silent)
    if (alive == nullptr) alive = s.host_alive(host_of(one->to));
  if (alive != nullptr && control != nullptr) {
    // Without another port that is as silent it may be the port alone.
    claim c(other_quiet != nullptr ? verdict_code::handshake_black_hole : verdict_code::port_blocked, -3);
    for (const auto* one : r.silent) c.because(*one, s.weight_of_silence(*one));
    if (other_quiet != nullptr) c.because(*other_quiet, s.weight_of_silence(*other_quiet));
    c.unlike(*alive, other_quiet != nullptr ? 1.5 : 0.5).unlike(*control, 0.5).detail("the host answers " + alive->id);
    found.add(c.asks_for("change_port", {"443"}));
    return;
  }
  if (control != nullptr) judge_dead_host(s, found, r, *control);
}

// One of several addresses is dead: nothing is broken while another works.
void judge_dead_addresses(const scene& s, findings_list& found, const reach& r) {
  for (const auto* one : r.silent) {
    const auto same =
        std::find_if(r.works.begin(), r.works.end(), [&](const auto* w) { return is_v6(w->to) == is_v6(one->to); });
    if (same == r.works.end() || s.host_alive(host_of(one->to)) != nullptr) continue;
    claim c(verdict_code::host_down, -3);
    c.because(*one, s.weight_of_silence(*one))
        .unlike(**same, 1)
        .is_information()
        .detail(one->to + " is silent, " + (*same)->to + " connects");
    for (const connect_probe& port : s.seen.connects)
      if (port.role == probe_role::other_port && scene::silent(port) && host_of(port.to) == host_of(one->to)) c.because(port, s.weight_of_silence(port));
    if (found.add(c.asks_for("ban_address", {std::string(host_of(one->to))}))) return;
  }
}

}  // namespace

void judge_reach(const scene& s, findings_list& found) {
  const reach r = reach_of(s);
  if (!r.works.empty()) return judge_dead_addresses(s, found, r);
  if (found.has(verdict_code::last_hop_admin_reject) || found.has(verdict_code::route_loop)) return;
  if (!r.refused.empty()) return judge_refused(s, found, r);
  if (!r.silent.empty() || !r.unreachable.empty()) judge_silent(s, found, r);
}

}  // namespace tharsis::sdt
