#include "tests/lab/relay/relay.h"

#include <algorithm>

#include "sdk/pure/json.h"
#include "tests/lab/relay/answer.h"
#include "tests/lab/relay/client_hello.h"
#include "tests/lab/relay/forge.h"

namespace tharsis::lab {
namespace {

// A bit behind the IP headers, where only a checksum finds it.
void corrupt(bytes& whole, const packet& p, uint64_t chosen) {
  const byte_view part = p.transport.empty() ? p.whole : p.transport;
  const uint64_t bit = chosen % (part.size() * 8);
  whole[static_cast<size_t>(part.data() - p.whole.data()) + bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
}

json_object json_of(const counters& c) {
  constexpr std::string_view reasons[drop_reasons] = {
      "loss", "burst", "queue", "size", "blocked", "nat", "client_hello", "forged", "malformed", "refused"};
  json_object dropped;
  for (size_t i = 0; i < drop_reasons; ++i) dropped.add(reasons[i], c.dropped[i]);
  return json_object()
      .add("in_packets", c.in_packets).add("in_bytes", c.in_bytes)
      .add("out_packets", c.out_packets).add("out_bytes", c.out_bytes)
      .add("dropped", dropped)
      .add("duplicated", c.duplicated).add("reordered", c.reordered).add("corrupted", c.corrupted)
      .add("resets", c.resets).add("forged", c.forged).add("icmp", c.icmp);
}

}  // namespace

std::string json_of(const std::array<counters, 2>& both, uint64_t connections) {
  return json_object().add("up", json_of(both[0])).add("down", json_of(both[1])).add("connections", connections).text();
}

relay::relay(plan states, uint64_t seed)
    : plan_(std::move(states)), lines_{line(sim::dice(seed).next()), line(sim::dice(~seed).next())} {}

bool relay::comes_later(const on_its_way& a, const on_its_way& b) {
  return a.at != b.at ? a.at > b.at : a.number > b.number;
}

void relay::start(instant now) {
  if (started_) return;
  started_ = now;
  if (state().reset_every > duration::zero()) next_reset_ = now + state().reset_every;
  advance(now);
}

// Brings the plan to `now`; a period that two states share goes on undisturbed.
void relay::advance(instant now) {
  while (started_ && state_ + 1 < plan_.size() && *started_ + plan_[state_ + 1].at <= now) {
    const instant begins = *started_ + plan_[state_ + 1].at;
    const duration before = state().reset_every, every = plan_[++state_].reset_every;
    if (every != before) next_reset_ = every > duration::zero() ? begins + every : never;
  }
  if (next_reset_ > now) return;
  reset(now);
  // After a pause of the whole machine the missed ones are not made up for.
  next_reset_ += ((now - next_reset_) / state().reset_every + 1) * state().reset_every;
}

void relay::on_packet(direction way, byte_view read, instant now) {
  advance(now);
  const auto p = parse_packet(read);
  if (p && stays_on_link(*p)) return;
  ++count(way).in_packets;
  count(way).in_bytes += p ? p->whole.size() : read.size();
  if (!p) return drop(way, drop_reason::malformed);
  flow* known = nullptr;
  if (meets_nat(*p, way, now, known) || meets_block(*p, way, now) || meets_client_hello(*p, way, now, known) ||
      meets_size(*p, way, now) || meets_forger(*p, way, now))
    return;
  meets_line(*p, way, now);
}

bool relay::meets_nat(const packet& p, direction way, instant now, flow*& known) {
  const flow_table::seen seen = flows_.on_packet(p, way, now, state().nat_forgets_after);
  known = seen.known;
  if (seen.forgotten) drop(way, drop_reason::nat);
  return seen.forgotten;
}

bool relay::meets_block(const packet& p, direction way, instant now) {
  const auto& rules = state().blocked;
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const block_rule& r) { return r.fits(p, way); });
  if (rule == rules.end()) return false;
  drop(way, drop_reason::blocked);
  const direction back = opposite(way);
  if (rule->says == block_rule::answer::unreachable) send_icmp(back, icmp_answer(p, icmp_error::host_unreachable), now);
  if (rule->says != block_rule::answer::reset) return true;
  if (const auto segment = parse_tcp(p)) {
    if (auto answer = reset_answer(p, *segment)) send_resets({{back, std::move(*answer)}}, now);
  } else if (parse_udp(p)) {
    send_icmp(back, icmp_answer(p, icmp_error::port_unreachable), now);
  }
  return true;
}

bool relay::meets_client_hello(const packet& p, direction way, instant now, flow* known) {
  if (known == nullptr) return false;
  if (!known->cut && way == direction::up) {
    const auto segment = parse_tcp(p);
    const client_hello_rule* rule = segment ? match_client_hello(*known, *segment, state().client_hellos) : nullptr;
    known->cut = rule != nullptr;
    if (rule != nullptr && rule->reset) send_resets(resets_of(*known), now);
  }
  if (known->cut) drop(way, drop_reason::client_hello);
  return known->cut;
}

bool relay::meets_size(const packet& p, direction way, instant now) {
  const line_faults& line = state().line(way);
  if (line.drop_over == 0 || p.whole.size() <= line.drop_over) return false;
  drop(way, drop_reason::size);
  if (line.icmp) send_icmp(opposite(way), icmp_answer(p, icmp_error::too_big, static_cast<uint32_t>(line.drop_over)), now);
  return true;
}

bool relay::meets_forger(const packet& p, direction way, instant now) {
  if (way != direction::up) return false;
  auto lie = forge_answer(p, state().forged);
  if (!lie) return false;
  ++count(direction::down).forged;
  send(direction::down, std::move(lie->packet), now);
  if (lie->only) drop(way, drop_reason::forged);
  return lie->only;
}

void relay::meets_line(const packet& p, direction way, instant now) {
  if (in_flight_[static_cast<size_t>(way)] >= settings::in_flight_most) return drop(way, drop_reason::queue);
  const line::verdict v = lines_[static_cast<size_t>(way)].on_packet(p.whole.size(), now, state().line(way));
  if (v.dropped) return drop(way, *v.dropped);
  bytes whole(p.whole.begin(), p.whole.end());
  if (v.corrupted) corrupt(whole, p, *v.corrupted), ++count(way).corrupted;
  if (v.late) ++count(way).reordered;
  if (v.duplicated) send(way, whole, v.at), ++count(way).duplicated;
  send(way, std::move(whole), v.at);
}

void relay::send(direction way, bytes packet, instant at) {
  ++in_flight_[static_cast<size_t>(way)];
  waiting_.push_back({at, sent_++, {way, std::move(packet)}});
  std::push_heap(waiting_.begin(), waiting_.end(), comes_later);
}

void relay::send_resets(std::vector<injected> all, instant now) {
  for (injected& one : all) {
    ++count(one.way).resets;
    send(one.way, std::move(one.packet), now);
  }
}

void relay::send_icmp(direction way, std::optional<bytes> packet, instant now) {
  if (!packet) return;
  ++count(way).icmp;
  send(way, std::move(*packet), now);
}

void relay::forget() { flows_.forget_all(); }

void relay::reset(instant now) { send_resets(flows_.reset_all(), now); }

instant relay::next_due() const {
  instant due = next_reset_;
  if (!waiting_.empty()) due = std::min(due, waiting_.front().at);
  if (started_ && state_ + 1 < plan_.size()) due = std::min(due, *started_ + plan_[state_ + 1].at);
  return due;
}

std::optional<injected> relay::take_due(instant now) {
  advance(now);
  if (waiting_.empty() || waiting_.front().at > now) return {};
  std::pop_heap(waiting_.begin(), waiting_.end(), comes_later);
  injected out = std::move(waiting_.back().what);
  waiting_.pop_back();
  --in_flight_[static_cast<size_t>(out.way)];
  ++count(out.way).out_packets;
  count(out.way).out_bytes += out.packet.size();
  if (const auto p = parse_packet(out.packet)) flows_.on_arrived(*p, out.way);
  return out;
}

void relay::on_refused(const injected& taken) {
  --count(taken.way).out_packets;
  count(taken.way).out_bytes -= taken.packet.size();
  drop(taken.way, drop_reason::refused);
}

}  // namespace tharsis::lab
