// The lane over a simulated path: a packet is lost in each direction on its own, late, twice or behind a queue; the
// connection beside it is a lone TCP exchange that waits for its retransmission timer. What is measured is printed;
// what is claimed is only what follows from the design: who is better, and what may never happen.
#include "plugins/stn/core/udp_lane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "sdk/pure/datagram_message.h"
#include "sdk/pure/views.h"
#include "tests/plugins/stn/requests.h"

using namespace tharsis;

namespace {

using stn::udp_lane;
using stn::udp_memory;
using stn::udp_probe;

constexpr stn::udp_settings numbers;

struct weather {
  duration delay = 50ms;  // One way.
  double loss = 0;        // Each way.
  double twice = 0;
  duration jitter{};
  double bytes_per_second = 0;  // Each way; 0: no limit.
  size_t queue = 20;            // Packets.
  bool blocked = false;
  duration work{};              // The server's.
};

// One client, its lane, the path and the server.
struct world {
  explicit world(uint64_t seed, weather w, udp_memory::network known = {}, bool use_lane = true)
      : random(seed), path(w), memory(known), use(use_lane) {
    lane.emplace(numbers, memory, 2 * w.delay, now);
  }

  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random) < p; }
  void at(instant when, std::function<void()> what) { events.emplace(when, std::move(what)); }

  // When a packet arrives that leaves now; nothing: never.
  std::optional<instant> carry(size_t size, instant& line_free) {
    wire_bytes += size;
    instant leaves = now;
    if (path.bytes_per_second > 0) {
      const duration each(static_cast<int64_t>(static_cast<double>(size) / path.bytes_per_second * 1e9));
      if (line_free > now + each * static_cast<int64_t>(path.queue)) return std::nullopt;
      leaves = line_free = std::max(line_free, now) + each;
    }
    if (chance(path.loss)) return std::nullopt;
    return leaves + path.delay + duration(path.jitter.count() == 0 ? 0 : static_cast<int64_t>(random() % static_cast<uint64_t>(path.jitter.count())));
  }

  void submit(size_t body_size, std::string key) {
    auto r = test::make_request(++last, std::vector<uint8_t>(body_size, 'x'), {key.begin(), key.end()}, never);
    r->sequence = static_cast<uint32_t>(last);
    asked_at[r->sequence] = now;
    if (!use || !lane->take(*r, now)) stream(r->sequence, body_size);
    settle();
  }

  // A lone exchange: each loss costs a retransmission time, which doubles.
  void stream(uint32_t sequence, size_t size) {
    ++streamed;
    duration wait{};
    duration rto = 2 * path.delay + 200ms;
    for (int way = 0; way < 2; ++way)
      for (; chance(path.loss); rto = std::min<duration>(2 * rto, 5s)) wait += rto, wire_bytes += size + 100;
    const auto there = carry_stream(size + 100, up_free);
    at(there + wait + path.work, [this, sequence, size] {
      at(carry_stream(size + 100, down_free), [this, sequence] { answer(sequence, false); });
    });
  }
  instant carry_stream(size_t size, instant& line_free) {
    wire_bytes += size;
    if (path.bytes_per_second > 0) {
      line_free = std::max(line_free, now) + duration(static_cast<int64_t>(static_cast<double>(size) / path.bytes_per_second * 1e9));
      return line_free + path.delay;
    }
    return now + path.delay;
  }

  void answer(uint32_t sequence, bool by_lane) {
    const auto found = asked_at.find(sequence);
    if (found == asked_at.end()) {
      if (by_lane) ++twice_answered;
      return;
    }
    took.push_back(now - found->second);
    asked_at.erase(found);
    if (!by_lane) lane->on_gone(sequence, now);
  }

  void settle() {
    lane->on_deadline(now);
    while (const auto next = lane->next_output(number + 1, now)) {
      ++number;
      const std::vector<uint8_t> sent(next->content.begin(), next->content.end());
      const size_t size = sent.size() + datagram::head_size + datagram::tag_size + 28;
      if (path.blocked) continue;
      for (int copies = chance(path.twice) ? 2 : 1; copies > 0; --copies)
        if (const auto there = carry(size, up_free)) at(*there, [this, sent, n = number] { serve(sent, n); });
    }
    for (const uint32_t sequence : lane->take_for_stream()) stream(sequence, 64);
  }

  void serve(const std::vector<uint8_t>& content, uint32_t asked) {
    if (!served.insert(asked).second) return;  // As the window does.
    const auto m = datagram::read_message(content);
    ASSERT_TRUE(m);
    std::vector<uint8_t> body(m->body.begin(), m->body.end());
    const auto what = m->what == datagram::kind::probe ? datagram::kind::here : too_large || busy ? datagram::kind::stream : datagram::kind::answer;
    at(now + path.work, [this, what, asked, body, sequence = m->sequence, command = m->command] {
      std::vector<uint8_t> out(datagram::content_max);
      datagram::message back{what, asked, sequence, command, {}, body};
      if (what != datagram::kind::answer) back.body = {};
      if (what == datagram::kind::stream && busy) back.body = datagram::this_once;
      out.resize(datagram::write(back, out));
      const uint32_t n = ++server_number;
      if (path.blocked) return;
      for (int copies = chance(path.twice) ? 2 : 1; copies > 0; --copies)
        if (const auto here = carry(out.size() + datagram::head_size + datagram::tag_size + 28, down_free))
          at(*here, [this, out, n] {
            if (!heard.insert(n).second) return;
            if (const auto a = lane->on_content(n, out, now)) answer(a->sequence, true), lane->on_gone(a->sequence, now);
          });
    });
  }

  void run(instant until) {
    for (;;) {
      const instant next = std::min(events.empty() ? never : events.begin()->first, lane->deadline());
      if (next > until) break;
      now = std::max(now, next);
      if (!events.empty() && events.begin()->first <= now) {
        auto what = std::move(events.begin()->second);
        events.erase(events.begin());
        what();
      }
      settle();
    }
    now = until;
  }

  // So many tasks, one each gap, and time to end.
  void work(int tasks, duration gap, size_t size = 64) {
    for (int i = 0; i < tasks; ++i) submit(size, "key " + std::to_string(i)), run(now + gap);
    run(now + 60s);
  }
  duration percentile(double p) {
    std::sort(took.begin(), took.end());
    return took.empty() ? duration::zero() : took[std::min(took.size() - 1, static_cast<size_t>(p * static_cast<double>(took.size())))];
  }

  std::mt19937_64 random;
  weather path;
  udp_memory::network memory;
  bool use;
  bool too_large = false, busy = false;
  instant now = instant(1h);
  instant up_free{}, down_free{};
  std::multimap<instant, std::function<void()>> events;
  std::optional<udp_lane> lane;
  std::map<uint32_t, instant> asked_at;
  std::set<uint32_t> served, heard;
  std::vector<duration> took;
  uint64_t last = 0;
  uint32_t number = 0, server_number = 0;
  size_t streamed = 0, wire_bytes = 0, twice_answered = 0;
};

struct row {
  duration p50, p95, p99;
  double copies, bytes;
  size_t answered;
};

row measure(weather w, bool lane, udp_memory::network known, int tasks = 200, size_t size = 64, int seeds = 12) {
  std::vector<duration> all;
  double sent = 0, first = 0, bytes = 0;
  size_t answered = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    world one(static_cast<uint64_t>(seed), w, known, lane);
    one.run(one.now + 1s);
    one.wire_bytes = 0;
    one.work(tasks, 200ms, size);
    all.insert(all.end(), one.took.begin(), one.took.end());
    answered += one.took.size();
    sent += static_cast<double>(one.lane->totals().sent);
    first += static_cast<double>(one.lane->totals().sent - one.lane->totals().copies);
    bytes += static_cast<double>(one.wire_bytes);
  }
  std::sort(all.begin(), all.end());
  const auto at = [&](double p) { return all[static_cast<size_t>(p * static_cast<double>(all.size() - 1))]; };
  return {at(.5), at(.95), at(.99), first > 0 ? sent / first : 1, bytes / seeds, answered};
}

void print(const char* name, const row& r) {
  std::printf("  %-28s p50 %5lld  p95 %5lld  p99 %5lld ms  copies %.2f  bytes %.0f\n", name, static_cast<long long>(milliseconds(r.p50)),
              static_cast<long long>(milliseconds(r.p95)), static_cast<long long>(milliseconds(r.p99)), r.copies, r.bytes);
}

}  // namespace

TEST(UdpLane, ABadNetworkCostsLessTimeByDatagramThanByTheConnectionAlone) {
  const weather a{.delay = 50ms, .loss = 0.05}, b{.delay = 150ms, .loss = 0.2};
  for (const auto& [name, w] : {std::pair("100 ms, 5 %", a), std::pair("300 ms, 20 %", b)}) {
    const row stream = measure(w, false, {}), fresh = measure(w, true, {}), known = measure(w, true, {.loss = w.loss * 2, .worked = true});
    std::printf("%s\n", name);
    print("connection alone, no queue", stream);
    print("lane, new network", fresh);
    print("lane, remembered network", known);
    EXPECT_EQ(fresh.answered, 2400u);
    EXPECT_LT(fresh.p95, stream.p95);
    EXPECT_LT(known.p95, stream.p95 * 0.75);
    EXPECT_LE(known.p95, fresh.p95);
    EXPECT_LT(fresh.p99, stream.p99);
    EXPECT_LE(fresh.p50, 2 * w.delay + 6ms);
    EXPECT_LT(known.copies, 3.3);
    EXPECT_LT(known.bytes, stream.bytes * 2);
    EXPECT_LE(known.p95, 2 * w.delay + 12ms) << "nearly all need one round trip";
  }
}

TEST(UdpLane, OnAHealthyNetworkNothingGoesTwice) {
  const row r = measure({}, true, {});
  print("100 ms, no loss", r);
  EXPECT_EQ(r.copies, 1);
  EXPECT_EQ(r.p99, 100ms);
  EXPECT_LT(r.bytes, measure({}, false, {}).bytes);
}

TEST(UdpLane, AServerThatThinksLongerThanThePathIsNotHurried) {
  const row r = measure({.work = 400ms}, true, {});
  print("100 ms, server thinks 400 ms", r);
  EXPECT_LE(r.copies, 1.2);  // A bucket's worth, until it is known.
}

TEST(UdpLane, AFullSlowLineIsNotStormed) {
  // 70 % of 64 kbit/s, and a queue of 20 packets.
  const weather full{.delay = 250ms, .bytes_per_second = 8000};
  const row alone = measure(full, false, {}, 200, 1024), lane = measure(full, true, {}, 200, 1024), lossy = measure(full, true, {.loss = 0.3, .worked = true}, 200, 1024);
  print("full line, connection alone", alone);
  print("full line, lane", lane);
  print("full line, said to be lossy", lossy);
  EXPECT_EQ(lane.answered, 2400u);
  EXPECT_LE(lane.copies, 1.1);
  EXPECT_LE(lane.p95, alone.p95 * 1.2);
  EXPECT_EQ(lossy.answered, 2400u);
  EXPECT_LE(lossy.copies, 1.3);
}

TEST(UdpLane, WhereDatagramsAreBlockedNoTaskWaitsForThem) {
  world w(1, {.blocked = true});
  w.work(50, 200ms);
  EXPECT_EQ(w.took.size(), 50u);
  EXPECT_EQ(w.percentile(1), 100ms) << "as by the connection alone";
  EXPECT_EQ(w.lane->totals().sent, 0u);
  EXPECT_EQ(w.lane->state(), udp_probe::state::off);
  EXPECT_EQ(w.lane->reason(), "no datagram came back: this network, or the server's, lets none through");
  EXPECT_EQ(w.number, 6u) << "probes";

  // A new connection through the same network does not even ask; later it does.
  const udp_lane next(numbers, w.memory, 100ms, w.now);
  EXPECT_EQ(next.state(), udp_probe::state::off);
  w.path.blocked = false;
  w.run(w.now + 11min);
  EXPECT_EQ(w.lane->state(), udp_probe::state::open);
}

TEST(UdpLane, EachTimeItIsBlockedThePauseIsTwiceAsLong) {
  udp_memory::network known;
  const instant t{1h};
  for (const duration pause : {10min, 20min, 40min, 80min, 160min, 240min, 240min}) {
    stn::block(known, numbers, t);
    EXPECT_EQ(known.blocked_until, t + pause);
  }
}

TEST(UdpLane, WhenNothingComesBackAnyMoreTheConnectionCarriesAllAndTheLaneAsksAgain) {
  world w(1, {});
  w.run(w.now + 1s);
  w.work(20, 200ms);
  const size_t before = w.streamed;
  w.path.blocked = true;
  w.work(20, 200ms);
  EXPECT_EQ(w.took.size(), 40u);
  EXPECT_EQ(w.streamed - before, 20u);
  EXPECT_LE(w.percentile(0.99), 100ms + 3 * 250ms) << "a task waits three rounds at most";
  EXPECT_EQ(w.lane->state(), udp_probe::state::off);
  EXPECT_EQ(w.lane->reason(), "datagrams do not come back any more");
  w.path.blocked = false;
  w.run(w.now + 2min);
  EXPECT_EQ(w.lane->state(), udp_probe::state::open);
}

TEST(UdpLane, DuplicatesAndReorderingAnswerEachTaskOnce) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    weather storm{.delay = 40ms, .loss = static_cast<double>(random() % 40) / 100, .twice = 0.2, .jitter = 120ms};
    if (seed % 3 == 0) storm.bytes_per_second = 20'000;
    if (seed % 4 == 0) storm.work = 30ms;
    world w(seed, storm);
    for (int i = 0; i < 150; ++i) {
      const std::string key = random() % 5 == 0 ? std::string() : "k" + std::to_string(i);
      w.submit(random() % 1400, key);
      w.run(w.now + duration(static_cast<int64_t>(random() % 80'000'000)));
      w.path.blocked = random() % 40 == 0 ? !w.path.blocked : w.path.blocked;
    }
    w.path.blocked = false;
    w.run(w.now + 60s);
    ASSERT_EQ(w.took.size(), 150u);
    ASSERT_EQ(w.twice_answered, 0u) << "what was answered is dropped";
    ASSERT_EQ(w.lane->open_tasks(), 0u);
    const auto& t = w.lane->totals();
    ASSERT_LE(t.sent, (t.sent - t.copies) * 6) << "three rounds of two";
  }
}

TEST(UdpLane, WhatTheConnectionHasTooWaitsForNothingOnceTheLaneIsShut) {
  udp_memory::network known;
  known.worked = true;
  world w(1, {}, known);
  const auto r = test::make_request(1, {1}, {1}, never);
  r->sequence = 7;
  ASSERT_TRUE(w.lane->take(*r, w.now));
  ASSERT_EQ(w.lane->take_for_stream().size(), 1u) << "nothing has come back yet, so it goes both ways";
  ASSERT_TRUE(w.lane->next_output(1, w.now)) << "the probe";
  w.lane->shut(true, w.now);
  EXPECT_GT(w.lane->deadline(), w.now);
}

TEST(UdpLane, BesideAConnectionThatLostPacketsTasksGoBothWaysBeforeAProbeHasComeBack) {
  world w(1, {});
  const auto r = test::make_request(1, {1}, {1}, never);
  r->sequence = 7;
  ASSERT_FALSE(w.lane->take(*r, w.now));
  w.lane->on_lossy();
  ASSERT_TRUE(w.lane->take(*r, w.now));
  EXPECT_EQ(w.lane->take_for_stream(), std::vector<uint32_t>{7});
  uint32_t number = 0;
  instant now = w.now;
  for (int i = 0; i < 50 && w.lane->totals().sent < 6; ++i, now = std::max(now, w.lane->deadline())) {
    w.lane->on_deadline(now);
    while (w.lane->next_output(++number, now)) continue;
  }
  EXPECT_EQ(w.lane->totals().sent, 6u) << "three rounds of two, as where some are lost";
  w.lane->on_deadline(now + 10s);
  w.lane->on_deadline(now + 20s);
  EXPECT_TRUE(w.lane->take_for_stream().empty()) << "the connection has it already";
  while (w.lane->next_output(++number, now + 20s)) continue;
  EXPECT_EQ(w.lane->totals().sent, 6u) << "and goes on alone, but for probes";
  w.lane->on_gone(7, now + 20s);
  EXPECT_EQ(w.lane->totals().lost, 1u);
}

TEST(UdpLane, OnlySmallTasksWithAKeyGo) {
  world w(1, {});
  const auto takes = [&](std::vector<uint8_t> body, std::vector<uint8_t> key, uint32_t flags = 0) {
    auto r = test::make_request(1, std::move(body), std::move(key), never);
    r->sequence = ++w.number + 1000;
    r->flags = flags;
    return w.lane->take(*r, w.now);
  };
  EXPECT_FALSE(takes({1}, {1})) << "no probe has come back yet";
  w.run(w.now + 1s);
  ASSERT_EQ(w.lane->state(), udp_probe::state::open);
  EXPECT_TRUE(takes({1}, {1}));
  EXPECT_FALSE(takes({1}, {})) << "a copy would be another task";
  EXPECT_FALSE(takes({1}, {1}, THARSIS_STN_SEND_ONLY)) << "no answer would say that it has come";
  EXPECT_TRUE(takes(std::vector<uint8_t>(datagram::content_max - 15), {1}));
  EXPECT_FALSE(takes(std::vector<uint8_t>(datagram::content_max - 14), {1}));
}

namespace {
// Taken, and known to the server, whose answer comes by the connection.
void take_77(world& w, stn::request& r) {
  r.sequence = 77;
  ASSERT_TRUE(w.lane->take(r, w.now));
  w.settle();
  w.run(w.now + 5s);
  EXPECT_EQ(w.lane->totals().sent, 1u) << "the server has it: no copy";
}
}  // namespace

TEST(UdpLane, ACommandWithLargeAnswersGoesByTheConnectionFromThenOn) {
  world w(1, {});
  w.run(w.now + 1s);
  w.too_large = true;
  auto r = test::make_request(1, {1}, {1}, never);
  take_77(w, *r);
  EXPECT_EQ(w.streamed, 0u) << "nor a repeat by the connection";
  r->sequence = 78;
  EXPECT_FALSE(w.lane->take(*r, w.now));
  w.lane->on_gone(77, w.now);
  EXPECT_EQ(w.lane->totals().lost, 1u);
}

TEST(UdpLane, ARefusalThatComesByTheConnectionSaysNothingOfTheNextTask) {
  world w(1, {});
  w.run(w.now + 1s);
  w.busy = true;
  auto r = test::make_request(1, {1}, {1}, never);
  take_77(w, *r);
  w.lane->on_gone(77, w.now);
  w.busy = false;
  r->sequence = 78;
  EXPECT_TRUE(w.lane->take(*r, w.now));
}

TEST(UdpLane, AnEmptyBudgetSendsNoCopyAndTheConnectionStepsIn) {
  stn::udp_settings poor = numbers;
  poor.copies.bucket = 0;
  udp_memory::network known{.loss = 0.5, .worked = true};
  udp_lane lane(poor, known, 100ms, instant(1h));
  instant now{1h};
  ASSERT_TRUE(lane.next_output(1, now));
  std::vector<uint8_t> here(5);
  datagram::write({datagram::kind::here, 1}, here);
  now += 100ms;
  lane.on_content(1, here, now);
  auto r = test::make_request(1, {1}, {1}, never);
  r->sequence = 5;
  ASSERT_TRUE(lane.take(*r, now));
  uint32_t number = 1;
  std::vector<uint32_t> stream;
  for (int turns = 0; turns < 100 && stream.empty(); ++turns) {
    while (lane.state() == udp_probe::state::open && lane.next_output(number + 1, now)) ++number;
    now = lane.deadline();
    lane.on_deadline(now);
    stream = lane.take_for_stream();
  }
  EXPECT_EQ(stream, std::vector<uint32_t>{5});
  EXPECT_EQ(lane.totals().sent, 1u);
}

TEST(UdpLane, RandomBytesInAnAnswersPlaceDoNothing) {
  std::mt19937_64 random(7);
  world w(1, {});
  w.run(w.now + 1s);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> noise(random() % 40);
    for (uint8_t& b : noise) b = static_cast<uint8_t>(random() % 8);
    EXPECT_FALSE(w.lane->on_content(static_cast<uint32_t>(i + 10), noise, w.now));
  }
  w.submit(64, "k");
  w.run(w.now + 5s);
  EXPECT_EQ(w.took.size(), 1u);
}
