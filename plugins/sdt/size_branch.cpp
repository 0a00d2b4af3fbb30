#include "plugins/sdt/size_branch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/sdt/datagram_probe.h"
#include "plugins/sdt/http_probe.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {
namespace {

constexpr duration second_try = 250ms;  // A transfer that passes has mostly passed by then.

}  // namespace

// The largest that its connection sends, as bytes of IP; 0: not known.
uint32_t size_branch::packet_of(tharsis_address to) const {
  for (const connect_probe& c : bench_.seen.connects)
    if (c.to == to_text(to) && c.mss > 0) return c.mss + (c.timestamps.value_or(false) ? 12 : 0) + (to.family == 6 ? 60 : 40);
  return 0;
}

// IPv4 where there is a choice: what it says of sizes is what stn is told. `anyway`: there is none.
task<void> size_branch::look(tharsis_address to, bool anyway) {
  if (to.family != 4 && !bench_.asked.at.literal && !anyway) co_return;
  if (std::exchange(looked_, true)) co_return;
  const opening how = bench_.asked.at.has_tls() ? opening::tls_hello : opening::http_head;
  task_set all(bench_.place);
  all.spawn(measure_loss(bench_, to, how));
  all.spawn(measure_datagrams(bench_, to));
  all.spawn(measure_echo(bench_, to, packet_of(to)));
  all.spawn(knock(bench_, probe_role::target, to, 900ms));
  all.spawn(try_quic(bench_, to));
  all.spawn(measure_up(to));
  if (bench_.asked.at.has_tls()) all.spawn(try_plain_page(bench_, to, bench_.asked.at.host));
  if (bench_.asked.at.scheme == "http") all.spawn(look_down(to, true));
  co_await all.join(bench_.end);
  all.clear();
}

task<void> size_branch::note_attempt(task<segment_probe> attempt, ending* ended) {
  segment_probe p = co_await std::move(attempt);
  if (p.failed == failure::none) *ended = carried_whole_segment(p) ? ending::passed : ending::stalled;
  bench_.finish(bench_.seen.segments, std::move(p));
}

// Twice, for one lost packet may hold one of them up; the second does not wait for the first, and a third takes the place of one
// that got no connection.
task<bool> size_branch::stalls_twice(std::function<task<segment_probe>()> attempt) {
  std::array<ending, 3> ended{};
  task_set tries(bench_.place);
  tries.spawn(note_attempt(attempt(), &ended[0]));
  co_await tries.join(bench_.until(second_try));
  if (!tries.empty()) tries.spawn(note_attempt(attempt(), &ended[1]));
  co_await tries.join(bench_.end);
  const auto count = [&](ending e) { return std::count(ended.begin(), ended.end(), e); };
  if (count(ending::stalled) == 1 && count(ending::passed) == 0) {
    tries.spawn(note_attempt(attempt(), &ended[2]));
    co_await tries.join(bench_.end);
  }
  tries.clear();
  co_return count(ending::stalled) == 2;
}

task<void> size_branch::measure_up(tharsis_address to) {
  const opening how = bench_.asked.at.has_tls() ? opening::tls_hello : opening::http_head;
  std::function<task<segment_probe>()> attempt = [this, to, how] { return try_up(bench_, to, how, 0, 3000, 600ms); };
  const bool stalls = co_await stalls_twice(std::move(attempt));
  if (!stalls) co_return;
  download nothing;
  co_await measure_segments(bench_, to, how, way_direction::up, nothing);
}

// `http`: the target answers questions for pages. First in small segments, so that it is known how much there is.
task<void> size_branch::look_down(tharsis_address to, bool http) {
  download what;
  what.host = bench_.asked.at.host;
  what.tls = bench_.asked.at.has_tls();
  what.http = http;
  what.pages = http ? 40 : 0;
  segment_probe small = co_await try_down(bench_, to, what, 536, 1000ms);
  const bool passed = small.passed && small.failed == failure::none;
  what.expected = small.bytes - small.bytes / 50;  // Some answers are a byte shorter than others.
  bench_.finish(bench_.seen.segments, std::move(small));
  if (!passed || what.expected < 1300) co_return;
  std::function<task<segment_probe>()> attempt = [this, to, what] { return try_down(bench_, to, what, 0, 600ms); };
  const bool stalls = co_await stalls_twice(std::move(attempt));
  if (!stalls) co_return;
  co_await measure_segments(bench_, to, opening::tls_hello, way_direction::down, what);
}

}  // namespace tharsis::sdt
