// Goal: streams fill a line and nobody waits behind them. Method: a line with one queue, which a stream and small requests
// share; how long the requests take with the pace's rules and without.
#include "plugins/stn/core/stream_pace.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

using namespace tharsis;
using stn::stream_pace;

namespace {

struct measured {
  double share = 0;           // Of the line, that the stream had,
  std::vector<duration> took;  // and the requests' times, the shortest first.
  duration typical() const { return took[took.size() / 2]; }
  duration worst() const { return took[took.size() * 99 / 100]; }
};

// A line of so many bytes a second, and `way` there and back besides; a request of 300 bytes each 200 ms.
measured try_line(const stn::stream_pace_settings& s, double rate, duration way, duration length, bool watch_answers = true) {
  struct packet {
    uint64_t bytes;
    instant sent;
    instant done;
    bool stream;
  };
  stream_pace pace(s);
  std::deque<packet> line;
  instant now = instant{} + 1h, free_at = now, next_request = now;
  const instant end = now + length;
  uint64_t flight = 0, moved = 0;
  measured m;
  const auto send = [&](uint64_t bytes, bool stream) {
    free_at = std::max(free_at, now) + duration(static_cast<int64_t>(static_cast<double>(bytes + 60) / rate * 1e9));
    line.push_back({bytes, now, free_at + way, stream});
  };
  while (now < end) {
    for (; !line.empty() && line.front().done <= now; line.pop_front()) {
      const packet& p = line.front();
      if (p.stream) {
        flight -= p.bytes;
        moved += p.bytes;
        pace.on_arrived(p.bytes, now - p.sent, true, now);
      } else {
        m.took.push_back(now - p.sent);
        if (watch_answers) pace.on_answer(now - p.sent, true, now);
      }
    }
    if (now >= next_request) send(300, false), next_request = now + 200ms;
    while (flight + pace.piece() / 2 <= pace.flight()) {
      const uint64_t bytes = std::min<uint64_t>(pace.piece(), pace.flight() - flight);
      send(bytes, true);
      flight += bytes;
    }
    now = std::min(next_request, line.empty() ? next_request : line.front().done);
  }
  m.share = static_cast<double>(moved) / (rate * std::chrono::duration<double>(length).count());
  m.took.erase(m.took.begin(), m.took.begin() + static_cast<std::ptrdiff_t>(m.took.size() / 5));  // Until it has found out.
  std::sort(m.took.begin(), m.took.end());
  return m;
}

stn::stream_pace_settings greedy() {
  stn::stream_pace_settings s;
  s.flight_first = s.flight_min = s.flight_max = 256 * 1024;
  return s;
}

}  // namespace

TEST(StreamPace, OnASlowLineRequestsDoNotWaitBehindAStream) {
  for (const double rate : {16'000.0, 64'000.0, 250'000.0}) {
    const measured without = try_line(greedy(), rate, 100ms, 60s, false);
    const measured with = try_line({}, rate, 100ms, 60s);
    RecordProperty("rate", std::to_string(rate));
    EXPECT_GT(without.typical(), 800ms) << rate << ": the line is slow enough to show it";
    // What 4 KiB, the least that is under way, take is not to be had sooner.
    const duration least = duration(static_cast<int64_t>(4096 / rate * 1e9));
    EXPECT_LT(with.typical(), 100ms + 90ms + least) << rate;
    EXPECT_LT(with.worst(), 100ms + 150ms + least) << rate;
    EXPECT_GT(with.share, 0.8) << rate << ": and the stream has the rest of the line";
  }
}

TEST(StreamPace, AFastLongLineIsFilled) {
  const measured m = try_line({}, 10e6, 100ms, 30s);
  EXPECT_GT(m.share, 0.8);
  EXPECT_LT(m.typical(), 200ms);
}

TEST(StreamPace, ASlowAnswerHalvesTheFlightOnceInARoundTrip) {
  stream_pace p({});
  instant now = instant{} + 1h;
  for (int i = 0; i < 8; ++i) p.on_answer(100ms, false, now);
  for (int i = 0; i < 6; ++i) p.on_arrived(p.flight(), 100ms, true, now += 100ms);
  const uint64_t before = p.flight();
  EXPECT_FALSE(p.on_answer(120ms, true, now += 1s)) << "within the guard";
  EXPECT_TRUE(p.on_answer(200ms, true, now += 1s));
  EXPECT_EQ(p.flight(), before / 2);
  EXPECT_FALSE(p.on_answer(200ms, true, now += 10ms)) << "of the same queue";
  EXPECT_TRUE(p.on_answer(200ms, true, now += 1s));
  EXPECT_FALSE(p.on_answer(400ms, false, now += 1s)) << "no stream was in the way";
}

TEST(StreamPace, AWayThatHasBecomeLongerIsTheLinesOwnAfterAWhile) {
  stream_pace p({});
  instant now = instant{} + 1h;
  for (int i = 0; i < 20; ++i) p.on_arrived(p.flight(), 50ms, true, now += 50ms);
  for (int i = 0; i < 100; ++i) p.on_arrived(p.flight(), 400ms, true, now += 400ms);
  const uint64_t small = p.flight();
  EXPECT_LE(small, 8u * 1024) << "it takes it for a queue";
  for (int i = 0; i < 1000; ++i) p.on_arrived(p.flight(), 400ms, true, now += 400ms);
  EXPECT_GT(p.flight(), 10 * small);
}
