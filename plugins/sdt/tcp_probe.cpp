#include "plugins/sdt/tcp_probe.h"

#include <algorithm>
#include <array>

#include "plugins/sdt/tls_trial.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr uint64_t handshake_bytes = 200;  // Three packets of 60 and one more, as the wire has them.
constexpr uint32_t smallest_segment = 536;
constexpr duration look_every = 20ms;      // The system tells nobody when something was confirmed.

// Each is as long as its kind of message may be before it is whole.
std::vector<uint8_t> unfinished(opening how, size_t bytes) {
  std::vector<uint8_t> text;
  if (how == opening::tls_hello) {
    text = {0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0x00, 0x3F, 0xFC, 0x03, 0x03};  // A ClientHello of 16 KiB.
    text.resize(std::min<size_t>(std::max(bytes, text.size()), 16'000), 0);
    return text;
  }
  const std::string_view head = "GET / HTTP/1.1\r\nX-Padding: ";
  text.assign(head.begin(), head.end());
  text.resize(std::max(bytes, text.size()), 'a');
  return text;
}

task<void> pause(bench& b, duration d) {
  signal never_raised(b.place);
  co_await never_raised.wait(later(b.place.now(), d));
}

struct attempt {
  std::unique_ptr<tcp_stream> wire;
  tharsis_status status = THARSIS_PENDING;
};

task<attempt> dial(bench& b, tharsis_address to, uint32_t mss, instant deadline) {
  attempt a;
  a.wire = std::make_unique<tcp_stream>(b.place, b.net());
  tharsis_error why = no_error();
  a.status = a.wire->dial(to, &why, mss);
  if (a.status != THARSIS_OK) co_return a;
  while (a.wire->connected() == THARSIS_PENDING)
    if (co_await a.wire->events().wait(deadline) == 0) break;
  a.status = a.wire->connected();
  a.wire->reset_on_close();
  co_return a;
}

void note_handshake(bench& b, const tcp_stream& wire, bool stands, connect_probe& p) {
  p.syn_retransmits = static_cast<uint32_t>(std::max<int64_t>(0, fact(b, wire, "retransmits")));
  if (!stands) return;
  if (const int64_t us = fact(b, wire, "rtt_us"); us > 0) p.rtt_ms = static_cast<double>(us) / 1e3;
  p.mss = static_cast<uint32_t>(std::max<int64_t>(0, fact(b, wire, "mss")));
  p.announced_mss = static_cast<uint32_t>(std::max<int64_t>(0, fact(b, wire, "mss_announced")));
  if (const int64_t options = fact(b, wire, "options"); options > 0) {
    p.timestamps = (options & 1) != 0;
    p.sack = (options & 2) != 0;
    p.window_scale = (options & 4) != 0;
  }
}

}  // namespace

int64_t fact(bench& b, const tcp_stream& wire, const char* name) {
  int64_t value = 0;
  return b.net().get(b.net().self, wire.handle(), name, &value) == THARSIS_OK ? value : -1;
}

task<connected> connect(bench& b, probe_role role, tharsis_address to, duration most, uint32_t mss) {
  auto p = b.start<connect_probe>("tcp", role, to_text(to));
  p.to = to_text(to);
  if (b.over() || !b.spend(handshake_bytes)) {
    p.failed = failure::budget;
    p.state = probe_state::skip;
    connected none;
    none.failed = p.failed;
    none.id = p.id;
    b.finish(b.seen.connects, std::move(p));
    co_return none;
  }
  auto a = co_await dial(b, to, mss, b.until(most));
  p.sent = p.received = handshake_bytes / 2;
  p.failed = failure_of(a.status);
  // Nobody on the way can have said so within no time.
  const bool at_once = b.ms() - p.t0_ms < 0.5;
  if (p.failed == failure::unreachable && at_once) p.failed = failure::no_route;
  // Linux has the same number for a router's "administratively prohibited" over IPv6.
  if (p.failed == failure::denied && !at_once) p.failed = failure::prohibited;
  note_handshake(b, *a.wire, a.status == THARSIS_OK, p);
  connected c;
  c.failed = p.failed;
  c.id = p.id;
  b.finish(b.seen.connects, std::move(p));
  if (a.status == THARSIS_OK) c.wire = std::move(a.wire);
  co_return c;
}

task<void> try_closed_port(bench& b, tharsis_address to) {
  constexpr duration most = 600ms;  // Who takes what is another's is near.
  auto p = b.start<proxy_probe>("proxy", probe_role::closed_port, to_text(to));
  if (b.over() || !b.spend(handshake_bytes)) co_return;
  const auto a = co_await dial(b, to, 0, b.until(most));
  p.sent = p.received = handshake_bytes / 2;
  p.accepted_closed_port = a.status == THARSIS_OK;
  p.failed = a.status == THARSIS_E_REFUSED ? failure::none : failure_of(a.status);
  if (p.accepted_closed_port) p.state = probe_state::warn;
  b.finish(b.seen.proxies, std::move(p));
}

task<segment_probe> try_up(bench& b, tharsis_address to, opening how, uint32_t mss, size_t bytes, duration patience) {
  auto p = b.start<segment_probe>("mss", probe_role::target, to_text(to));
  p.to = to_text(to);
  p.direction = way_direction::up;
  p.mss = mss;
  if (b.over() || !b.spend(bytes + handshake_bytes)) {
    p.failed = failure::budget;
    p.state = probe_state::skip;
    co_return p;
  }
  auto a = co_await dial(b, to, mss, b.until(patience));
  p.failed = failure_of(a.status);
  if (a.status != THARSIS_OK) co_return p;
  if (mss == 0) {
    const int64_t announced = fact(b, *a.wire, "mss");
    p.mss = announced > 0 ? static_cast<uint32_t>(announced) + (fact(b, *a.wire, "options") & 1 ? 12 : 0) : 0;
  }
  const auto text = unfinished(how, bytes);
  a.wire->write(text);
  const instant stop = b.until(patience);
  std::array<uint8_t, 512> unread;
  for (;;) {
    co_await pause(b, look_every);
    size_t count = 0;
    const tharsis_status heard = a.wire->read(unread, count);
    p.bytes = static_cast<uint64_t>(std::max<int64_t>(0, fact(b, *a.wire, "acked_bytes")));
    p.retransmits = static_cast<uint32_t>(std::max<int64_t>(0, fact(b, *a.wire, "retransmits")));
    const int64_t waiting = fact(b, *a.wire, "unacked_bytes");
    p.unacked = static_cast<uint32_t>(std::max<int64_t>(0, waiting));
    // Whoever ends it, or answers, has read so far; the system counts its SYN as one byte.
    p.passed = p.bytes >= text.size() || (waiting == 0 && p.bytes > 1) || (heard < 0 && p.bytes > text.size() / 2);
    if (p.passed || heard < 0 || b.place.now() >= stop) break;
  }
  p.stalled = !p.passed;
  p.sent = text.size() + handshake_bytes / 2;
  co_return p;
}

namespace {

constexpr duration quiet_after = 150ms;
constexpr size_t download_most = 16 * 1024;  // Segments get full long before, and a server may send for ever.

// Reads until `expected` is there, all is quiet, it is enough, or it ends.
task<uint64_t> drain(bench& b, stream* wire, size_t expected, instant stop) {
  uint64_t came = 0;
  instant heard_at = b.place.now();
  std::array<uint8_t, 4096> piece;
  for (;;) {
    size_t count = 0;
    tharsis_status heard = THARSIS_OK;
    while (came < download_most && b.place.now() < stop) {
      heard = wire->read(std::span(piece).first(std::min<size_t>(piece.size(), download_most - came)), count);
      if (heard != THARSIS_OK || count == 0) break;
      came += count;
      heard_at = b.place.now();
    }
    const bool quiet = came > 0 && b.place.now() - heard_at >= quiet_after;
    if (heard != THARSIS_PENDING || b.place.now() >= stop || (expected > 0 ? came >= expected : quiet)) co_return came;
    co_await wire->events().wait(std::min(stop, later(b.place.now(), look_every)));
  }
}

// The bytes that came; 0: it did not get so far.
task<uint64_t> download_pages(bench& b, std::unique_ptr<stream> wire, download what, instant stop) {
  if (what.tls) {
    auto trial = std::make_unique<tls_trial>(b.place, std::move(wire), *b.trusted.http1, what.host, what.host);
    if (co_await trial->shake(stop) != tls_outcome::ok) co_return 0;
    wire = std::move(trial);
  }
  std::string questions;
  for (size_t i = 0; i < what.pages; ++i) questions += "GET / HTTP/1.1\r\nHost: " + what.host + "\r\n\r\n";
  wire->write(as_bytes(questions));
  co_return co_await drain(b, wire.get(), what.expected, stop);
}

task<uint64_t> download_hello(bench& b, std::unique_ptr<stream> wire, download what, instant stop) {
  tls_machine hello(*b.trusted.bare, what.host, std::chrono::floor<std::chrono::seconds>(duration(b.place.wall())).count());
  wire->write(hello.take_output());
  co_return co_await drain(b, wire.get(), what.expected, stop);
}

}  // namespace

task<segment_probe> try_down(bench& b, tharsis_address to, download what, uint32_t mss, duration patience) {
  auto p = b.start<segment_probe>("mss", probe_role::target, to_text(to));
  p.to = to_text(to);
  p.direction = way_direction::down;
  p.mss = mss;
  const uint64_t up = 700 + what.pages * 60 + handshake_bytes;
  if (!b.trusted.bare || !b.trusted.http1 || b.over() || !b.spend(up, what.expected)) {
    p.failed = failure::budget;
    p.state = probe_state::skip;
    co_return p;
  }
  auto a = co_await dial(b, to, mss, b.until(patience));
  p.failed = failure_of(a.status);
  if (a.status != THARSIS_OK) b.count_received(0, what.expected);
  if (a.status != THARSIS_OK) co_return p;
  if (mss == 0) p.mss = static_cast<uint32_t>(std::max<int64_t>(0, fact(b, *a.wire, "mss_announced")));
  const tharsis_handle handle = a.wire->handle();
  b.net().set(b.net().self, handle, "mss", smallest_segment);
  const instant stop = b.until(patience);
  if (what.http) p.bytes = co_await download_pages(b, std::move(a.wire), what, stop);
  else p.bytes = co_await download_hello(b, std::move(a.wire), what, stop);
  p.passed = what.expected > 0 ? p.bytes >= what.expected : p.bytes > 0 && b.place.now() < stop;
  p.stalled = !p.passed;
  p.sent = up;
  p.received = p.bytes;
  b.count_received(p.bytes, what.expected);
  co_return p;
}

namespace {

constexpr uint32_t largest_segment = 1460;
// Of ways that there are: 40 bytes less than 1064, 1220, 1260, 1280, 1340, 1400, 1440 and 1480; the smallest must pass, else nothing
// is known.
constexpr uint32_t usual_segments[] = {smallest_segment, 1024, 1180, 1220, 1240, 1300, 1360, 1400, 1440};
constexpr size_t rungs = 8;
constexpr size_t trial_bytes = 3000;  // Two segments of the largest that there are.

struct rung {
  uint32_t mss;
  bool passed = false;
};

task<void> climb(bench& b, tharsis_address to, opening how, way_direction way, download what, rung* r) {
  segment_probe p;
  if (way == way_direction::up) p = co_await try_up(b, to, how, r->mss, trial_bytes, 600ms);
  else p = co_await try_down(b, to, std::move(what), r->mss, 600ms);
  r->passed = carried_whole_segment(p);
  if (p.failed != failure::none && p.state == probe_state::skip) co_return;
  b.finish(b.seen.segments, std::move(p));
}

}  // namespace

task<void> measure_segments(bench& b, tharsis_address to, opening how, way_direction way, download what) {
  uint32_t low = smallest_segment, high = to.family == 6 ? largest_segment - 20 : largest_segment;
  for (int round = 0; round < 3 && high - low > 8; ++round) {
    std::vector<rung> ladder;
    if (round == 0) {
      for (const uint32_t mss : usual_segments)
        if (mss < high && (mss > low || way == way_direction::up)) ladder.push_back({mss});
    } else {
      const size_t steps = std::min<size_t>(rungs, (high - low + 7) / 8 + 1);
      for (size_t i = 1; i < steps; ++i) ladder.push_back({low + static_cast<uint32_t>((high - low) * i / steps)});
    }
    task_set all(b.place);
    for (rung& r : ladder) all.spawn(climb(b, to, how, way, what, &r));
    co_await all.join(b.end);
    all.clear();
    // A lost packet may fail one of them: the largest that passed is what counts.
    uint32_t passed = 0, failed = high;
    for (const rung& r : ladder)
      if (r.passed) passed = std::max(passed, r.mss);
    if (passed == 0 && round == 0 && way == way_direction::up) co_return;
    low = std::max(low, passed);
    for (const rung& r : ladder)
      if (!r.passed && r.mss > low) failed = std::min(failed, r.mss);
    high = failed;
  }
}

namespace {

constexpr uint32_t small_segment = 88;  // The smallest that Linux sends.
constexpr size_t loss_bytes = 6000;

task<void> send_small(bench& b, tharsis_address to, opening how, loss_probe* into) {
  auto a = co_await dial(b, to, small_segment, b.until(1500ms));
  if (a.status != THARSIS_OK) co_return;
  const auto text = unfinished(how, loss_bytes);
  const int64_t before = fact(b, *a.wire, "retransmits");
  a.wire->write(text);
  const instant stop = b.until(1500ms);
  int64_t acked = 0;
  std::array<uint8_t, 512> unread;
  for (;;) {
    co_await pause(b, look_every);
    size_t count = 0;
    const tharsis_status heard = a.wire->read(unread, count);
    acked = fact(b, *a.wire, "acked_bytes");
    if (acked >= static_cast<int64_t>(text.size()) || heard < 0 || b.place.now() >= stop) break;
  }
  const int64_t size = std::max<int64_t>(1, fact(b, *a.wire, "mss"));
  const int64_t again = fact(b, *a.wire, "retransmits") - before - std::max<int64_t>(0, fact(b, *a.wire, "duplicates"));
  const int64_t sent = std::max<int64_t>(0, acked) / size;
  into->small_size = static_cast<uint32_t>(size) + 52;
  into->small_sent += static_cast<uint32_t>(sent + std::max<int64_t>(0, again));
  into->small_lost += static_cast<uint32_t>(std::max<int64_t>(0, again));
  if (const int64_t us = fact(b, *a.wire, "min_rtt_us"); us > 0 && us < 60'000'000) into->rtts_ms.push_back(static_cast<double>(us) / 1e3);
  if (const int64_t us = fact(b, *a.wire, "rtt_us"); us > 0) into->rtts_ms.push_back(static_cast<double>(us) / 1e3);
}

}  // namespace

task<void> measure_loss(bench& b, tharsis_address to, opening how) {
  constexpr size_t connections = 4;
  auto p = b.start<loss_probe>("loss", probe_role::target, to_text(to));
  p.to = to_text(to);
  p.via = "tcp";
  const uint64_t cost = connections * (loss_bytes * 2 + handshake_bytes);
  if (b.over() || !b.spend(cost)) co_return;
  task_set all(b.place);
  for (size_t i = 0; i < connections; ++i) all.spawn(send_small(b, to, how, &p));
  co_await all.join(b.end);
  all.clear();
  p.sent = cost;
  if (p.small_sent > 0) b.finish(b.seen.losses, std::move(p));
}

}  // namespace tharsis::sdt
