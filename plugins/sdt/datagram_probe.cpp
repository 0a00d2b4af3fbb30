#include "plugins/sdt/datagram_probe.h"

#include <algorithm>
#include <array>

#include "plugins/sdt/core/scene.h"
#include "plugins/sdt/messenger.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {
namespace {

constexpr uint16_t closed_port = 33467;  // Of traceroute's range; firewalls that tell at all tell of these.
constexpr uint32_t heads_v4 = 28, heads_v6 = 48;

// ICMP's and ICMPv6's numbers.
bool is_too_far(const tharsis_net_error& e) { return e.to.family == 6 ? e.type == 3 : e.type == 11; }
bool is_closed_port(const tharsis_net_error& e) { return e.to.family == 6 ? e.type == 1 && e.code == 4 : e.type == 3 && e.code == 3; }
bool is_prohibited(const tharsis_net_error& e) {
  if (e.to.family == 6) return e.type == 1 && (e.code == 1 || e.code == 5 || e.code == 6);
  return e.type == 3 && (e.code == 9 || e.code == 10 || e.code == 13);
}

}  // namespace

task<void> knock(bench& b, probe_role role, tharsis_address to, duration most) {
  if (role != probe_role::quic) to.port = closed_port;
  auto p = b.start<datagram_probe>("udp", role, to_text(to));
  p.to = to_text(to);
  messenger m(b, to.family);
  if (!m.is_open() || !m.tells() || b.over() || !b.spend(120)) co_return;
  std::array<uint8_t, 1200> bytes{};
  size_t size = 32;
  if (role == probe_role::quic) {
    // A long header of a version that nobody has: whoever speaks QUIC says which it knows.
    bytes = {0xC0, 0x1A, 0x2A, 0x3A, 0x4A, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1};
    size = bytes.size();
  }
  const instant stop = b.until(most);
  instant again = later(b.place.now(), most / 3);
  tharsis_status sent = m.send(to, std::span<const uint8_t>(bytes).first(size));
  p.sent = size + heads_v4;
  p.failed = sent == THARSIS_OK ? failure::timeout : failure_of(sent);
  while (sent == THARSIS_OK) {
    if (auto w = m.take()) {
      if (w->answer && !same_ip(w->from, to)) continue;
      if (!w->answer && !same_ip(w->said.to, to)) continue;
      p.answered = w->answer;
      p.failed = w->answer ? failure::none : is_prohibited(w->said) ? failure::prohibited : failure_of(w->said.status);
      if (!w->answer && is_closed_port(w->said)) p.unreachable_from = ip_text(w->said.from);
      if (!w->answer && !is_closed_port(w->said)) p.said = "icmp " + std::to_string(w->said.type) + "/" + std::to_string(w->said.code) + " from " + ip_text(w->said.from);
      p.received = w->count + heads_v4;
      break;
    }
    if (b.place.now() >= stop) break;
    co_await m.events().wait(std::min(stop, again));
    if (b.place.now() >= again && b.place.now() < stop) {
      again = later(again, most / 3);
      sent = m.send(to, std::span<const uint8_t>(bytes).first(size));
    }
  }
  if (p.answered || !p.unreachable_from.empty()) p.failed = failure::none;
  b.finish(b.seen.datagrams, std::move(p));
}

namespace {

constexpr size_t small_echoes = 20, large_echoes = 10;  // 30 KB of large ones, there and back.
constexpr size_t small_echo = 64;                       // Bytes of IP, as ping sends.
constexpr duration echo_pause = 10ms, echo_patience = 900ms;

struct echo_train {
  std::vector<bool> is_large, left, came;  // `left`: it could be sent.
  std::vector<double> sent_ms;
  size_t last = 0;  // The highest number that has come back.
};

std::vector<uint8_t> echo_of(uint8_t family, size_t number, size_t size) {
  std::vector<uint8_t> bytes(size);
  bytes[0] = family == 6 ? 128 : 8;
  bytes[6] = static_cast<uint8_t>(number >> 8);
  bytes[7] = static_cast<uint8_t>(number);
  return bytes;
}

// Its number, or nothing where it is no answer of ours.
std::optional<size_t> answer_of(const messenger::word& w, const tharsis_address& to, const echo_train& t) {
  const size_t number = static_cast<size_t>(w.bytes[6]) << 8 | w.bytes[7];
  const bool ours = w.answer && w.count >= 8 && w.bytes[0] == (to.family == 6 ? 129 : 0) && same_ip(w.from, to) && number < t.came.size();
  return ours ? std::optional(number) : std::nullopt;
}

void note_echo(bench& b, loss_probe& p, echo_train& t, size_t number) {
  if (!t.left[number]) return;  // Nobody can answer it.
  if (t.came[number]) {
    ++p.duplicated;
    return;
  }
  t.came[number] = true;
  --(t.is_large[number] ? p.large_lost : p.small_lost);
  p.received += t.is_large[number] ? p.large_size : p.small_size;
  p.rtts_ms.push_back(b.ms() - t.sent_ms[number]);
  if (number < t.last) ++p.reordered;
  t.last = std::max(t.last, number);
}

}  // namespace

task<void> measure_echo(bench& b, tharsis_address to, uint32_t large) {
  auto p = b.start<loss_probe>("echo", probe_role::target, ip_text(to));
  p.to = ip_text(to);
  p.via = "icmp";
  p.small_size = small_echo;
  p.large_size = large;
  to.port = 7;  // Of echo; ICMP has no ports, and an address needs one.
  messenger m(b, to.family);
  const tharsis_status may = m.is_open() ? m.set("echo", 1) : tharsis_status{THARSIS_E_UNSUPPORTED};
  if (may == THARSIS_E_DENIED) {
    p.state = probe_state::skip;
    p.failed = failure::denied;
    p.said = "echoes are for root and the groups of net.ipv4.ping_group_range; round trips and losses are TCP's";
    b.finish(b.seen.losses, std::move(p));
  }
  const uint64_t cost = small_echoes * small_echo + (large > 0 ? large_echoes * large : 0);
  if (may != THARSIS_OK || b.over() || !b.spend(cost, cost)) co_return;
  m.set("errors", 1);
  if (large > 0) m.set("whole", 1);
  const uint32_t head = to.family == 4 ? 20 : 40;
  echo_train train;
  bool told = false;
  instant next = b.place.now(), stop = b.until(echo_patience);
  const size_t all = small_echoes + (large > 0 ? large_echoes : 0);
  while (b.place.now() < stop && p.rtts_ms.size() < all) {
    while (auto w = m.take()) {
      if (const auto number = answer_of(*w, to, train)) note_echo(b, p, train, *number);
      told = told || (!w->answer && w->said.mtu > 0);
    }
    if (train.came.size() < all && b.place.now() >= next) {
      const bool is_large = large > 0 && train.came.size() % 3 == 2;
      const bool left = m.send(to, echo_of(to.family, train.came.size(), (is_large ? large : small_echo) - head)) == THARSIS_OK;
      if (left) {
        ++(is_large ? p.large_sent : p.small_sent);
        ++(is_large ? p.large_lost : p.small_lost);
      }
      train.is_large.push_back(is_large);
      train.left.push_back(left);
      train.came.push_back(false);
      train.sent_ms.push_back(b.ms());
      next = later(next, echo_pause);
      stop = b.until(echo_patience);  // From the last one on.
    }
    if (p.rtts_ms.size() == all) break;
    co_await m.events().wait(train.came.size() < all ? std::min(next, stop) : stop);
  }
  if (told) p.large_sent = p.large_lost = 0;  // They are too large, and somebody says so: that is no loss.
  p.sent = cost;
  b.finish(b.seen.losses, std::move(p));
}

task<void> try_quic(bench& b, tharsis_address to) {
  to.port = 443;
  return knock(b, probe_role::quic, to, 900ms);
}

task<void> knock_at_gateway(bench& b, tharsis_address gateway) {
  gateway.port = closed_port;
  auto p = b.start<gateway_probe>("gateway", probe_role::target, ip_text(gateway));
  p.address = ip_text(gateway);
  messenger m(b, gateway.family);
  if (!m.is_open() || !b.spend(60)) co_return;
  const std::array<uint8_t, 8> bytes{};
  const tharsis_status sent = m.send(gateway, bytes);
  p.failed = failure::timeout;
  const instant stop = b.until(1000ms);
  while (sent == THARSIS_OK && b.place.now() < stop) {
    while (auto w = m.take())
      if (w->answer || same_ip(w->said.from, gateway)) p.answered = true;
    if (p.answered) break;
    co_await m.events().wait(stop);
  }
  if (p.answered) p.failed = failure::none;
  p.state = p.answered ? probe_state::pass : probe_state::warn;
  b.finish(b.seen.gateways, std::move(p));
}

task<void> trace(bench& b, probe_role role, tharsis_address to, duration most) {
  constexpr uint8_t hops_most = 20;
  to.port = closed_port;
  auto p = b.start<trace_probe>("trace", role, ip_text(to));
  p.to = ip_text(to);
  p.via = "udp";
  messenger m(b, to.family);
  if (!m.is_open() || !m.tells() || b.over() || !b.spend(hops_most * 60, hops_most * 80)) co_return;
  const double sent_ms = b.ms();
  for (uint8_t ttl = 1; ttl <= hops_most; ++ttl) {
    hop h;
    h.ttl = ttl;
    p.hops.push_back(h);
    // The same ports for all, so that they take the same way; what comes back brings the number along.
    std::array<uint8_t, 24> bytes{};
    bytes[0] = ttl;
    m.set("ttl", ttl);
    m.send(to, bytes);
  }
  const instant stop = b.until(most);
  bool reached = false;
  while (b.place.now() < stop) {
    while (auto w = m.take()) {
      if (w->answer || w->count == 0 || w->bytes[0] == 0 || w->bytes[0] > hops_most) continue;
      hop& h = p.hops[w->bytes[0] - 1u];
      h.from = ip_text(w->said.from);
      h.ms = b.ms() - sent_ms;
      h.answer = is_too_far(w->said) ? hop_answer::passed_on
                 : is_closed_port(w->said) ? hop_answer::reached
                 : is_prohibited(w->said) ? hop_answer::prohibited
                                          : hop_answer::unreachable;
      reached = reached || h.answer != hop_answer::passed_on;
    }
    if (reached) break;
    co_await m.events().wait(stop);
  }
  // Behind where it ends nothing is to be said.
  const auto ends = std::find_if(p.hops.begin(), p.hops.end(), is_end);
  if (ends != p.hops.end()) p.hops.erase(std::next(ends), p.hops.end());
  const auto last = std::find_if(p.hops.rbegin(), p.hops.rend(), has_answered);
  if (last != p.hops.rend() && ends == p.hops.end()) p.hops.erase(last.base() == p.hops.end() ? p.hops.end() : std::next(last.base()), p.hops.end());
  b.finish(b.seen.traces, std::move(p));
}

task<void> measure_datagrams(bench& b, tharsis_address to) {
  to.port = closed_port;
  const uint32_t heads = to.family == 4 ? heads_v4 : heads_v6;
  auto p = b.start<datagram_size_probe>("mtu", probe_role::target, ip_text(to));
  p.to = ip_text(to);
  messenger m(b, to.family);
  // Few: hosts refuse some datagrams at once, and then one a second.
  constexpr std::array<uint32_t, 4> sizes = {1500, 1400, 1280, 576};
  if (!m.is_open() || !m.tells() || m.set("whole", 1) != THARSIS_OK || !b.spend(5000)) co_return;
  std::array<uint8_t, 1500> bytes{};
  for (const uint32_t size : sizes) m.send(to, std::span<const uint8_t>(bytes).first(size - heads));
  const instant stop = b.until(600ms);
  while (b.place.now() < stop) {
    while (auto w = m.take()) {
      if (w->answer) continue;
      if (w->said.mtu > 0) {
        p.told = true;
        p.largest = std::max(p.largest, std::min<uint32_t>(w->said.mtu, 65'535));
      } else if (is_closed_port(w->said)) {
        // What comes back is cut, so who it was is told by how many came before.
        p.largest = std::max(p.largest, static_cast<uint32_t>(w->count) + heads);
      }
    }
    if (p.largest >= sizes[0]) break;
    co_await m.events().wait(stop);
  }
  if (p.largest > 0 && p.told) b.finish(b.seen.datagram_sizes, std::move(p));
}

}  // namespace tharsis::sdt
