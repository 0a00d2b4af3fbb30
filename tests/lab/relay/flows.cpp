#include "tests/lab/relay/flows.h"

#include <algorithm>

#include "tests/lab/relay/answer.h"
#include "tests/lab/relay/settings.h"

namespace tharsis::lab {
namespace {

// Sequence numbers wrap: whether a lies behind b is a question of the shorter way round.
bool is_after(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) > 0; }

bool advance(std::optional<uint32_t>& mark, uint32_t to) {
  if (mark && !is_after(to, *mark)) return false;
  mark = to;
  return true;
}

bool begins(const tcp_segment& segment) { return segment.has(tcp_syn) && !segment.has(tcp_ack); }

void note_segment(flow& f, const tcp_segment& segment, direction way) {
  flow_end& from = f.sender(way);
  if (advance(from.sent, segment.next())) f.closed = false;  // A reset was not believed.
  if (segment.has(tcp_rst)) f.closed = true;
  if (segment.has(tcp_ack)) advance(from.confirmed, segment.acknowledged);
  if (begins(segment)) from.first = segment.sequence;
  if (segment.has(tcp_fin)) from.finished = true;
  if (f.ends[0].finished && f.ends[1].finished) f.closed = true;
}

}  // namespace

std::vector<injected> resets_of(flow& f) {
  std::vector<injected> made;
  for (const direction way : {direction::up, direction::down}) {
    const tharsis_address& from = way == direction::up ? f.inside : f.outside;
    const tharsis_address& to = way == direction::up ? f.outside : f.inside;
    const flow_end& end = f.receiver(way);
    const uint8_t flags = end.sent ? tcp_rst | tcp_ack : tcp_rst;
    const auto add = [&](uint32_t sequence) {
      made.push_back({way, make_tcp(from, to, sequence, end.sent.value_or(0), flags)});
    };
    // Only the very number it expects is believed. What it confirmed may be behind by an answer that
    // waits, what arrived here may have been dropped on its last metre: so both.
    if (end.arrived) add(*end.arrived);
    if (end.confirmed && end.confirmed != end.arrived) add(*end.confirmed);
    if (!end.arrived && !end.confirmed && end.sent) add(0);  // It waits for an answer to its SYN.
  }
  f.closed = true;
  return made;
}

flow_table::key flow_table::key_of(const packet& p, direction way) {
  const tharsis_address& inside = way == direction::up ? p.source : p.target;
  const tharsis_address& outside = way == direction::up ? p.target : p.source;
  key k{};
  k[0] = p.protocol;
  k[1] = p.source.family;
  size_t at = 2;
  for (const tharsis_address* a : {&inside, &outside}) {
    std::copy_n(a->ip, 16, k.begin() + static_cast<std::ptrdiff_t>(at));
    k[at + 16] = static_cast<uint8_t>(a->port >> 8);
    k[at + 17] = static_cast<uint8_t>(a->port);
    at += 18;
  }
  return k;
}

std::map<flow_table::key, flow_table::entry>::iterator flow_table::make(const key& k, const packet& p, direction way,
                                                                        instant now) {
  if (flows_.size() >= settings::flows_most) {
    flows_.erase(by_age_.front());
    by_age_.pop_front();
  }
  const auto made = flows_.try_emplace(k).first;
  entry& e = made->second;
  by_age_.push_back(k);
  e.place = std::prev(by_age_.end());
  e.state.protocol = p.protocol;
  e.state.inside = way == direction::up ? p.source : p.target;
  e.state.outside = way == direction::up ? p.target : p.source;
  e.state.last = now;
  return made;
}

flow_table::seen flow_table::on_packet(const packet& p, direction way, instant now, duration forgets_after) {
  const auto segment = parse_tcp(p);
  if (!segment && !parse_udp(p)) return {};
  const key k = key_of(p, way);
  const bool nat = forgets_after > duration::zero();
  const bool may_begin = !nat || (way == direction::up && (!segment || begins(*segment)));
  auto found = flows_.find(k);
  if (found != flows_.end() && may_begin && segment && begins(*segment)) {
    flow& old = found->second.state;
    if (old.forgotten || old.closed || old.sender(way).first != segment->sequence) {  // Else it is sent once more.
      by_age_.erase(found->second.place);
      flows_.erase(found);
      found = flows_.end();
    }
  }
  if (found == flows_.end()) {
    if (!may_begin) return {nullptr, true};
    found = make(k, p, way, now);
    if (segment && begins(*segment)) ++connections_;
  }
  by_age_.splice(by_age_.end(), by_age_, found->second.place);
  flow& f = found->second.state;
  if (nat && now - f.last > forgets_after) f.forgotten = true;
  if (f.forgotten) return {&f, true};
  f.last = now;
  if (segment) note_segment(f, *segment, way);
  return {&f, false};
}

void flow_table::on_arrived(const packet& p, direction way) {
  const auto segment = parse_tcp(p);
  if (!segment) return;
  const auto found = flows_.find(key_of(p, way));
  if (found == flows_.end()) return;
  std::optional<uint32_t>& arrived = found->second.state.receiver(way).arrived;
  if (segment->has(tcp_syn)) arrived = segment->next();
  const bool without_gap = arrived && !is_after(segment->sequence, *arrived);
  if (without_gap) advance(arrived, segment->next());
}

void flow_table::forget_all() {
  for (auto& [k, e] : flows_) e.state.forgotten = true;
}

std::vector<injected> flow_table::reset_all() {
  std::vector<injected> made;
  for (auto& [k, e] : flows_) {
    if (!e.state.lives()) continue;
    for (injected& one : resets_of(e.state)) made.push_back(std::move(one));
  }
  return made;
}

}  // namespace tharsis::lab
