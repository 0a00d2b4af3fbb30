// The path: routers that say no or send in circles, and packets that vanish by their size.
#include <algorithm>
#include <map>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

// The routers that a trace meets again and again: three times each is no chance of parallel ways.
std::vector<std::string> loop_of(const trace_probe& t) {
  std::map<std::string, int> met;
  std::vector<std::string> circle;
  const std::string* before = nullptr;
  for (const hop& h : t.hops) {
    if (h.answer == hop_answer::reached) return {};
    if (h.answer != hop_answer::passed_on || h.from.empty()) continue;
    // One router that answers for each TTL behind it is a rewriter, no circle.
    if ((before == nullptr || *before != h.from) && ++met[h.from] == 3) circle.push_back(h.from);
    before = &h.from;
  }
  return circle.size() > 1 ? circle : std::vector<std::string>{};
}

void judge_loop(const scene& s, findings_list& found) {
  for (const trace_probe& t : s.seen.traces) {
    if (!ran(t) || t.role != probe_role::target) continue;
    const auto circle = loop_of(t);
    if (circle.empty()) continue;
    claim c(verdict_code::route_loop);
    found.add(c.proven_by(t)
                  .with("place", joined(circle, " and "))
                  .detail("hops repeat: " + joined(circle, ", "))
                  .asks_for("use_other_address"));
    return;
  }
}

bool says_prohibited(const connect_probe& c) {
  if (c.icmp_from.empty()) return false;
  if (is_v6(c.to)) return c.icmp_type == 1 && (c.icmp_code == 1 || c.icmp_code == 5 || c.icmp_code == 6);
  return c.icmp_type == 3 && (c.icmp_code == 9 || c.icmp_code == 10 || c.icmp_code == 13);
}

void judge_prohibited(const scene& s, findings_list& found) {
  claim c(verdict_code::last_hop_admin_reject);
  std::string place;
  for (const connect_probe& one : s.seen.connects) {
    if (!ran(one) || one.role != probe_role::target) continue;
    if (worked(one)) return;
    if (!says_prohibited(one)) continue;
    place = one.icmp_from;
    c.proven_by(one).detail("ICMP " + std::to_string(one.icmp_type) + "/" + std::to_string(one.icmp_code) + " from " +
                            place);
  }
  for (const trace_probe& t : s.seen.traces) {
    if (!ran(t) || t.role != probe_role::target) continue;
    for (const hop& h : t.hops) {
      if (h.answer != hop_answer::prohibited) continue;
      if (place.empty()) place = h.from;
      c.proven_by(t, 2).detail("hop " + std::to_string(h.ttl) + " (" + h.from + ") says so");
      break;
    }
  }
  if (!place.empty()) found.add(c.with("place", place).asks_for("use_other_address"));
}

// The rungs of one direction to one host.
struct ladder {
  const segment_probe *passed = nullptr,
                      *stalled = nullptr;  // The largest that passed, the smallest above it that did not.
  std::vector<const segment_probe*> passes, stalls;
  bool splits() const { return passed != nullptr && stalled != nullptr; }
};

ladder climb(const scene& s, way_direction direction) {
  ladder made;
  for (const segment_probe& p : s.seen.segments) {
    if (!ran(p) || p.direction != direction || p.role != probe_role::target) continue;
    if (carried_whole_segment(p)) {
      made.passes.push_back(&p);
      if (made.passed == nullptr || p.mss > made.passed->mss) made.passed = &p;
    } else if (p.stalled) {
      made.stalls.push_back(&p);
    }
  }
  for (const auto* p : made.stalls) {
    if (made.passed != nullptr && p->mss <= made.passed->mss) continue;  // By loss: a larger one passed.
    if (made.stalled == nullptr || p->mss < made.stalled->mss) made.stalled = p;
  }
  return made;
}

uint32_t packet_size(const segment_probe& p) { return p.mss + (is_v6(p.to) ? 60 : 40); }

// What the train of small and large packets says: positive speaks for a hole, negative against one.
double weigh_train(const scene& s, claim& c) {
  double sum = 0;
  for (const loss_probe& l : s.seen.losses) {
    if (!ran(l) || l.role != probe_role::target || l.large_sent < 4 || l.small_sent < 4) continue;
    const double small = static_cast<double>(l.small_lost) / l.small_sent;
    if (l.large_lost == l.large_sent && small <= 0.5) {
      const double weight = s.weight_of_silence(l.large_sent);
      c.unlike(l, weight), sum += weight;
    } else if (l.large_lost < l.large_sent) {
      c.despite(l, 8), sum -= 8;  // A large packet arrived: there is no hole of its size.
    }
  }
  return sum;
}

bool find_hole(const scene& s, way_direction direction, claim& c, uint32_t& size, bool& v6) {
  const ladder rungs = climb(s, direction);
  if (!rungs.splits()) return false;
  size = packet_size(*rungs.passed);
  v6 = is_v6(rungs.passed->to);
  double stood = 0;
  size_t above = 0;
  for (const auto* p : rungs.stalls) {
    if (p->mss < rungs.stalled->mss) {
      c.despite(*p, 1);
      continue;
    }
    // Bytes that wait to be confirmed and are sent again and again; downwards it is the silence that counts.
    if (direction == way_direction::up && p->unacked == 0 && p->retransmits == 0) continue;
    const double weight = s.weight_of_silence(std::max(2u, p->retransmits + 1)) * 0.7;
    c.because(*p, weight), stood += weight, ++above;
  }
  for (size_t i = 0; i < rungs.passes.size(); ++i) c.unlike(*rungs.passes[i], i < 3 ? 0.7 : 0);
  const double train = weigh_train(s, c);
  for (const datagram_size_probe& d : s.seen.datagram_sizes)
    if (ran(d) && d.role == probe_role::target && !d.told && d.largest > 0 && d.largest + 16 >= size &&
        d.largest <= size + 16)
      c.unlike(d, 1.5);
  if (train > 0 || (train == 0 && above > 1 && rungs.passes.size() > 1 && stood > 5)) c.proven();
  const std::string way = direction == way_direction::up ? "there" : "back";
  c.detail(std::to_string(size) + " bytes pass on the way " + way + ", " + std::to_string(packet_size(*rungs.stalled)) +
           " do not");
  return true;
}

}  // namespace

void judge_path(const scene& s, findings_list& found) {
  judge_loop(s, found);
  judge_prohibited(s, found);
}

void judge_sizes(const scene& s, findings_list& found) {
  claim up(verdict_code::pmtu_black_hole_up, -4), down(verdict_code::pmtu_black_hole_down, -4);
  claim both(verdict_code::pmtu_black_hole_both, -4);
  uint32_t up_size = 0, down_size = 0, scratch = 0;
  bool v6 = false;
  // Proof is a claim's own; what is not there adds nothing.
  const bool is_up = find_hole(s, way_direction::up, up, up_size, v6) && up.confidence() >= claim_floor;
  const bool is_down = find_hole(s, way_direction::down, down, down_size, v6) && down.confidence() >= claim_floor;
  const uint32_t size = is_up && is_down ? std::min(up_size, down_size) : is_up ? up_size : down_size;
  if (is_up && is_down) {
    find_hole(s, way_direction::up, both, scratch, v6);
    find_hole(s, way_direction::down, both, scratch, v6);
  }
  claim& c = is_up && is_down ? both : is_up ? up : down;
  if (is_up || is_down) {
    found.add(c.with("size", std::to_string(size)).asks_for("clamp_mss", {std::to_string(size - (v6 ? 60 : 40))}));
    return;
  }
  for (const connect_probe& one : s.seen.connects) {
    // Twelve bytes of time stamps are the system's own; what is smaller by more than that was told so.
    if (one.role != probe_role::target || !worked(one) || one.mss == 0 || one.announced_mss == 0 ||
        one.mss + 20 >= one.announced_mss)
      continue;
    claim clamped(verdict_code::mss_clamped, 0);
    found.add(
        clamped.because(one, 0.4).detail(std::to_string(one.mss) + " against " + std::to_string(one.announced_mss)));
    break;
  }
}

}  // namespace tharsis::sdt
