// Goal: what an application gives to a stream arrives at the other one, once and whole, however often the connection is cut
// and wherever; memory stays bounded; nobody who lies is believed. Method: the lane and a simple other end, messages between
// them in a list, cut at every message and drawn by seeds.
#include "plugins/stn/core/stream_lane.h"

#include <gtest/gtest.h>

#include "sdk/pure/dice.h"
#include "sdk/pure/views.h"
#include "tests/plugins/stn/stream_peer.h"

using namespace tharsis;
using stn::stream_event;
using stn::stream_lane;
using stn::stream_order;

namespace {

std::string content_of(size_t size, uint64_t seed = 1) {
  std::string bytes(size, 0);
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;
  for (char& c : bytes) c = static_cast<char>((x = x * 6364136223846793005u + 1442695040888963407u) >> 56);
  return bytes;
}

struct outcome {
  std::string up;    // What it writes.
  std::string down;  // What it got.
  std::optional<tharsis_status> status;
  std::string reason;
  int ends = 0;
  stn::stream_progress progress;
  size_t bite = SIZE_MAX;
  bool end_apart = false;  // It says that all is written when nothing is left, not with the last bytes.
  bool wrote_all = false;
};

class bench {
 public:
  explicit bench(stn::stream_settings s = {}) : settings(s) { lane.emplace(settings); }

  stream_order order(uint64_t id, streams::direction way, const std::string& name, std::string up = {}) {
    stream_order o;
    o.id = id;
    o.direction = way;
    o.name = name;
    const std::string key = "key of " + name;
    o.key.assign(key.begin(), key.end());
    if (streams::goes_up(way)) o.size = up.size();
    apps[id].up = std::move(up);
    return o;
  }
  void open(stream_order o) {
    const uint64_t id = o.id;
    const bool down = streams::comes_down(o.direction);
    lane->open(std::move(o), now);
    if (down) lane->read(id, UINT64_MAX, now);
    serve();
  }
  void connect() {
    lane->on_up();
    wire.clear();
  }
  void cut() {
    peer.on_cut();
    lane->on_down({THARSIS_E_RESET, "it was cut"}, now);
    wire.clear();
    serve();
  }
  // What applications do.
  void serve() {
    for (stream_event& e : lane->take_events()) {
      outcome& app = apps[e.stream];
      EXPECT_EQ(app.ends, 0) << "told after its end";
      switch (e.what) {
        case stream_event::about::room: {
          asked.push_back({e.stream, e.offset, e.room});
          break;
        }
        case stream_event::about::piece:
          if (e.offset < app.down.size()) app.down.resize(e.offset);
          EXPECT_EQ(e.offset, app.down.size());
          app.down += as_text(e.bytes);
          lane->on_given(e.stream, e.bytes.size(), now);
          break;
        case stream_event::about::progress: app.progress = e.progress; break;
        case stream_event::about::end:
          ++app.ends;
          app.status = e.status;
          app.reason = e.reason;
          app.progress = e.progress;
      }
    }
    for (const auto& a : std::exchange(asked, {})) {
      outcome& app = apps[a.stream];
      const auto bytes = as_bytes(std::string_view(app.up).substr(a.offset, std::min(a.room, app.bite)));
      const bool last = a.offset + bytes.size() == app.up.size() && (!app.end_apart || bytes.empty());
      app.wrote_all |= last;
      lane->write(a.stream, a.offset, bytes, last, now);
    }
  }
  // One exchange: what the lane says, what the other side answers. `cut_after`: so many messages come through, all in all.
  bool turn(size_t* left = nullptr) {
    now += 10ms;
    lane->on_deadline(now);
    std::vector<std::vector<uint8_t>> said;
    lane->take_output([&](std::span<const uint8_t> body) { said.emplace_back(body.begin(), body.end()); }, 256 * 1024, now);
    for (const auto& body : said) {
      if (left != nullptr && (*left)-- == 0) return cut(), false;
      peer.on_message(body);
    }
    for (const auto& body : peer.take_output()) {
      if (left != nullptr && (*left)-- == 0) return cut(), false;
      const error why = lane->on_message(body, now);
      EXPECT_EQ(why.status, THARSIS_OK) << why.text;
      serve();
    }
    serve();
    memory_least = std::min(memory_least, lane->memory_left());
    return true;
  }
  bool over() const {
    for (const auto& [id, app] : apps)
      if (!app.status) return false;
    return true;
  }
  void run(int turns = 10'000) {
    for (int i = 0; i < turns && !over(); ++i) {
      if (!lane->up()) connect();
      turn();
    }
    EXPECT_TRUE(over()) << "not over after " << turns << " turns";
  }

  struct question {
    uint64_t stream, offset;
    size_t room;
  };
  stn::stream_settings settings;
  instant now = instant{} + 1h;
  std::optional<stream_lane> lane;
  test::stream_peer peer;
  std::map<uint64_t, outcome> apps;
  std::vector<question> asked;
  std::vector<std::vector<uint8_t>> wire;
  uint64_t memory_least = UINT64_MAX;
};

}  // namespace

TEST(StreamLane, ABodyGoesUpAndIsConfirmedByTheApplicationThere) {
  bench b;
  b.open(b.order(1, streams::direction::up, "a.bin", content_of(300'000)));
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
  EXPECT_EQ(b.apps[1].progress.up, 300'000u);
  EXPECT_TRUE(b.peer.up["key of a.bin"].bytes == b.apps[1].up);
  EXPECT_TRUE(b.peer.up["key of a.bin"].whole);
  EXPECT_TRUE(b.peer.complaints.empty()) << b.peer.complaints[0];
}

TEST(StreamLane, AnEmptyBodyGoesBothWays) {
  bench b;
  b.open(b.order(1, streams::direction::up, "empty"));
  b.open(b.order(2, streams::direction::down, "nothing"));
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
  EXPECT_EQ(b.apps[2].status, THARSIS_OK) << b.apps[2].reason;
  EXPECT_TRUE(b.peer.up["key of empty"].whole);
}

TEST(StreamLane, ABodyComesDownAsFastAsItIsRead) {
  bench b;
  b.peer.shelf["b.bin"] = content_of(5'000'000);
  b.lane->open(b.order(1, streams::direction::down, "b.bin"), b.now);
  b.connect();
  for (int i = 0; i < 50; ++i) b.turn();
  EXPECT_EQ(b.apps[1].down.size(), 0u) << "nobody has asked for any";
  b.lane->read(1, 1000, b.now);
  b.serve();
  EXPECT_EQ(b.apps[1].down.size(), 1000u);
  b.lane->read(1, UINT64_MAX, b.now);
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
  EXPECT_TRUE(b.apps[1].down == b.peer.shelf["b.bin"]);
}

// The connection is cut after 0, 1, 2 ... messages of all kinds, and stays then.
TEST(StreamLane, AfterACutAnywhereTheStreamGoesOn) {
  for (size_t at = 0;; ++at) {
    bench b;
    b.peer.shelf["both"] = content_of(90'000, 2);
    stream_order o = b.order(1, streams::direction::both, "both", content_of(100'000));
    b.open(std::move(o));
    b.connect();
    size_t left = at;
    bool was_cut = false;
    for (int i = 0; i < 10'000 && !b.over() && !was_cut; ++i) was_cut = !b.turn(&left);
    if (!b.over()) b.run();
    ASSERT_EQ(b.apps[1].status, THARSIS_OK) << "cut after " << at << ": " << b.apps[1].reason;
    ASSERT_TRUE(b.apps[1].down == b.peer.shelf["both"]) << "cut after " << at;
    ASSERT_TRUE(b.peer.up["key of both"].bytes == b.apps[1].up) << "cut after " << at;
    ASSERT_TRUE(b.peer.complaints.empty()) << "cut after " << at << ": " << b.peer.complaints[0];
    ASSERT_EQ(b.apps[1].ends, 1);
    if (!was_cut) {
      EXPECT_GT(at, 20u);
      return;
    }
  }
}

namespace {

void everything_arrives_once(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  dice chance(seed);
  const auto draw = [&](uint64_t n) { return chance.below(n); };
  stn::stream_settings s;
  s.pace.flight_max = static_cast<int64_t>(16 * 1024 + draw(1 << 20));
  s.memory_max = static_cast<int64_t>(draw(2 << 20));
  bench b(s);
  b.peer.appetite = 1 + draw(200'000);
  b.peer.streams_max = 1 + draw(6);
  const uint64_t count = 1 + draw(6);
  for (uint64_t id = 1; id <= count; ++id) {
    const std::string name = "s" + std::to_string(id);
    b.peer.shelf[name] = content_of(draw(400'000), seed + 100 * id);
    const auto way = static_cast<streams::direction>(1 + draw(3));
    stream_order o = b.order(id, way, name, content_of(draw(400'000), seed + id));
    if (streams::goes_up(o.direction) && draw(2) == 0) o.size.reset();
    o.priority = static_cast<int8_t>(draw(3));
    b.apps[id].bite = 1 + draw(300'000);
    b.open(std::move(o));
  }
  for (int i = 0; i < 100'000 && !b.over(); ++i) {
    if (!b.lane->up()) b.connect();
    if (draw(40) == 0) {
      const uint64_t one = 1 + draw(count);
      b.lane->pause(one, draw(2) == 0, b.now);
    }
    size_t left = draw(60);
    b.turn(draw(6) == 0 ? &left : nullptr);
    if (i > 500) {
      for (uint64_t id = 1; id <= count; ++id) b.lane->pause(id, false, b.now);
    }
  }
  ASSERT_TRUE(b.over());
  for (uint64_t id = 1; id <= count; ++id) {
    const outcome& app = b.apps[id];
    const std::string name = "s" + std::to_string(id);
    ASSERT_EQ(app.status, THARSIS_OK) << app.reason;
    ASSERT_EQ(app.ends, 1);
    ASSERT_TRUE(!b.peer.up.contains("key of " + name) || b.peer.up["key of " + name].bytes == app.up);
    ASSERT_TRUE(app.down.empty() || app.down == b.peer.shelf[name]);
  }
  ASSERT_TRUE(b.peer.complaints.empty()) << b.peer.complaints[0];
}

}  // namespace

TEST(StreamLane, WhateverTheSeedEverythingArrivesOnce) {
  for (uint64_t seed = 1; seed <= 150 && !HasFailure(); ++seed) everything_arrives_once(seed);
}

// What goes up was over when the connection was cut, what comes down lacked its end: opened again, it was over here before the
// server had been told again that all had gone up, and its place there stayed taken.
TEST(StreamLane, OverOneWayItIsSaidAgainWhereTheOtherOneGoesOn) { everything_arrives_once(828); }

// The process ended; another one opens it with the same key and the same bytes.
TEST(StreamLane, AnotherProcessGoesOnWhereTheServerStands) {
  bench b;
  const std::string all = content_of(500'000);
  b.open(b.order(1, streams::direction::up, "a", all));
  b.connect();
  for (int i = 0; i < 4; ++i) b.turn();
  b.peer.on_cut();
  const size_t there = b.peer.up["key of a"].bytes.size();
  ASSERT_GT(there, 0u);
  ASSERT_LT(there, all.size());
  b.lane.emplace(b.settings);
  b.apps.clear();
  b.open(b.order(2, streams::direction::up, "a", all));
  b.run();
  EXPECT_EQ(b.apps[2].status, THARSIS_OK) << b.apps[2].reason;
  EXPECT_TRUE(b.peer.up["key of a"].bytes == all) << "nothing was sent twice";
  EXPECT_TRUE(b.peer.up["key of a"].whole);
}

// The application adds up what is there in bites; the last of them may be as short as it likes.
TEST(StreamLane, HoweverMuchIsThereItGoesOn) {
  const std::string all = content_of(600'000);
  for (const size_t there : {size_t{1}, size_t{100}, size_t{256 * 1024 + 1}, size_t{256 * 1024 + 12'288}, size_t{256 * 1024 + 16'384}, all.size() - 1, all.size()}) {
    bench b;
    b.peer.up["key of a"].bytes = all.substr(0, there);
    b.open(b.order(1, streams::direction::up, "a", all));
    b.run(1000);
    EXPECT_EQ(b.apps[1].status, THARSIS_OK) << there << ": " << b.apps[1].reason;
    EXPECT_TRUE(b.peer.up["key of a"].bytes == all) << there;
  }
}

// Nobody said how many bytes there are, all were written, and the next server has fewer of them than the last one confirmed:
// they are written again, also the last piece, however short it is.
TEST(StreamLane, WhatWasWrittenToItsEndIsWrittenAgainToItsEnd) {
  for (const size_t whole : {size_t{64 * 1024}, size_t{80 * 1024}, size_t{256 * 1024}})
    for (const size_t rest : {size_t{0}, size_t{1}, size_t{5281}, size_t{16'383}, size_t{16'384}, size_t{16'385}, size_t{40'000}})
      for (const size_t there : {size_t{0}, size_t{1}, size_t{16'383}, size_t{30'000}})
        for (const bool end_apart : {false, true}) {
          SCOPED_TRACE(std::to_string(whole) + " + " + std::to_string(rest) + " bytes, of which the next server has " + std::to_string(there));
          bench b;
          const std::string all = content_of(whole + rest);
          b.peer.appetite = 1000;
          stream_order o = b.order(1, streams::direction::up, "a", all);
          o.size.reset();
          b.apps[1].end_apart = end_apart;
          b.open(std::move(o));
          b.connect();
          for (int i = 0; i < 40; ++i) b.turn();
          ASSERT_TRUE(b.apps[1].wrote_all);
          b.peer.up["key of a"].bytes.resize(there);
          b.peer.appetite = SIZE_MAX;
          b.cut();
          b.run(1000);
          ASSERT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
          ASSERT_TRUE(b.peer.up["key of a"].bytes == all);
          ASSERT_TRUE(b.peer.up["key of a"].whole);
        }
}

// What goes up was over, and what comes down was not; the next server has no more than a part of the first.
TEST(StreamLane, WhatWasOverGoesUpAgainWhereTheNextServerHasLessOfIt) {
  for (const size_t size : {size_t{1}, size_t{20'000}, size_t{70'000}})
    for (const size_t there : {size_t{0}, size - 1, size})
      for (const bool known : {false, true}) {
        SCOPED_TRACE(std::to_string(there) + " of " + std::to_string(size));
        bench b;
        b.peer.shelf["both"] = content_of(400'000, 2);
        stream_order o = b.order(1, streams::direction::both, "both", content_of(size));
        if (!known) o.size.reset();
        b.open(std::move(o));
        b.connect();
        for (int i = 0; i < 1000 && b.peer.up["key of both"].finished == 0; ++i) b.turn();
        ASSERT_FALSE(b.over());
        b.peer.up["key of both"].bytes.resize(there);
        b.cut();
        b.run(1000);
        ASSERT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
        ASSERT_TRUE(b.peer.up["key of both"].bytes == b.apps[1].up);
        ASSERT_EQ(b.peer.up["key of both"].finished, 2);
        ASSERT_TRUE(b.apps[1].down == b.peer.shelf["both"]);
      }
}

TEST(StreamLane, AnotherFileUnderTheSameKeyIsFoundOut) {
  bench b;
  std::string all = content_of(500'000);
  b.open(b.order(1, streams::direction::up, "a", all));
  b.connect();
  for (int i = 0; i < 4; ++i) b.turn();
  b.peer.on_cut();
  const size_t there = b.peer.up["key of a"].bytes.size();
  b.lane.emplace(b.settings);
  b.apps.clear();
  all[7] ^= 1;
  b.open(b.order(2, streams::direction::up, "a", all));
  b.run();
  EXPECT_EQ(b.apps[2].status, THARSIS_E_GONE) << b.apps[2].reason;
  EXPECT_EQ(b.peer.up["key of a"].bytes.size(), there) << "what is there stays";
}

TEST(StreamLane, ADownloadGoesOnBehindWhatIsHere) {
  for (const bool same : {true, false}) {
    bench b;
    const std::string all = content_of(300'000);
    b.peer.shelf["d"] = all;
    stream_order o = b.order(1, streams::direction::down, "d");
    o.have = 123'456;
    b.apps[1].up = b.apps[1].down = all.substr(0, o.have);
    if (!same) b.apps[1].up[5] ^= 1;
    b.open(std::move(o));
    b.run();
    EXPECT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
    EXPECT_TRUE(b.apps[1].down == all);
  }
}

TEST(StreamLane, WhatTheServerLostIsAskedForAgain) {
  bench b;
  const std::string all = content_of(400'000);
  b.open(b.order(1, streams::direction::up, "a", all));
  b.connect();
  for (int i = 0; i < 4; ++i) b.turn();
  b.cut();
  b.peer.up.clear();
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
  EXPECT_TRUE(b.peer.up["key of a"].bytes == all);
}

// While the application adds up what was there, the server loses all of it.
TEST(StreamLane, WhatTheServerLostWhileItIsAddedUpIsSentAnew) {
  bench b;
  const std::string all = content_of(400'000);
  b.peer.up["key of a"].bytes = all.substr(0, 300'000);
  stream_order o = b.order(1, streams::direction::up, "a", all);
  b.apps[1].bite = 1000;
  b.open(std::move(o));
  b.connect();
  for (int i = 0; i < 3; ++i) b.turn();
  b.cut();
  b.peer.up.clear();
  b.apps[1].bite = SIZE_MAX;
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_OK) << b.apps[1].reason;
  EXPECT_TRUE(b.peer.up["key of a"].bytes == all);
}

TEST(StreamLane, ASumThatIsWrongIsNotBelieved) {
  bench b;
  b.peer.shelf["d"] = content_of(100'000);
  b.peer.lies = true;
  b.open(b.order(1, streams::direction::down, "d"));
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_E_PROTOCOL);
}

TEST(StreamLane, ASizeThatIsALieEndsTheStream) {
  bench b;
  stream_order o = b.order(1, streams::direction::up, "a", content_of(1000));
  o.size = 1100;
  b.open(std::move(o));
  b.run();
  EXPECT_EQ(b.apps[1].status, THARSIS_E_INVALID);
}

TEST(StreamLane, TheHigherPriorityGoesFirstAndEqualOnesTakeTurns) {
  stn::stream_settings s;
  s.pace.flight_max = s.pace.flight_first = 16 * 1024;
  bench b(s);
  for (uint64_t id = 1; id <= 3; ++id) {
    stream_order o = b.order(id, streams::direction::up, "s" + std::to_string(id), content_of(200'000, id));
    o.priority = id == 3 ? 1 : 0;
    b.open(std::move(o));
  }
  b.connect();
  while (!b.apps[3].status) b.turn();
  EXPECT_LT(b.peer.up["key of s1"].bytes.size(), 40'000u);
  while (b.peer.up["key of s1"].bytes.size() < 100'000) b.turn();
  EXPECT_NEAR(static_cast<double>(b.peer.up["key of s2"].bytes.size()), 100'000, 20'000);
}

// A sender of gigabytes, and a receiver that is slow at times.
TEST(StreamLane, MemoryStaysBoundedHoweverLongTheStream) {
  bench b;
  b.peer.appetite = 300'000;
  stream_order o = b.order(1, streams::direction::up, "long");
  const std::string part = content_of(256 * 1024);
  constexpr uint64_t all = 64 << 20;
  o.size = all;
  b.lane->open(std::move(o), b.now);
  b.connect();
  uint64_t least = UINT64_MAX;
  while (!b.apps[1].status) {
    for (stream_event& e : b.lane->take_events()) {
      if (e.what == stream_event::about::end) b.apps[1].status = e.status;
      if (e.what != stream_event::about::room) continue;
      const auto bytes = as_bytes(part).first(std::min<size_t>(e.room, part.size()));
      b.lane->write(e.stream, e.offset, bytes, false, b.now);
    }
    b.now += 1ms;
    b.lane->take_output([&](std::span<const uint8_t> body) { b.peer.on_message(body); }, 1 << 20, b.now);
    for (const auto& body : b.peer.take_output()) ASSERT_EQ(b.lane->on_message(body, b.now).status, THARSIS_OK);
    least = std::min(least, b.lane->memory_left());
  }
  EXPECT_EQ(b.apps[1].status, THARSIS_OK);
  EXPECT_GT(least + static_cast<uint64_t>(b.settings.pace.flight_max), static_cast<uint64_t>(2 * b.settings.memory_max) - 1) << "of the pool no more than one stream may have";
  EXPECT_LE(b.peer.memory_max, static_cast<uint64_t>(4 << 20));
}

TEST(StreamLane, OnACostlyNetworkItWaitsUnlessItMay) {
  stn::stream_settings s;
  s.when_allowed = stn::stream_settings::when::wifi;
  bench b(s);
  b.lane->on_network(true, b.now);
  stream_order may = b.order(1, streams::direction::up, "may", content_of(1000));
  may.any_network = true;
  b.open(b.order(2, streams::direction::up, "may not", content_of(1000)));
  EXPECT_FALSE(b.lane->wants(b.now));
  b.open(std::move(may));
  EXPECT_TRUE(b.lane->wants(b.now));
  b.connect();
  for (int i = 0; i < 100; ++i) b.turn();
  EXPECT_EQ(b.apps[1].status, THARSIS_OK);
  EXPECT_FALSE(b.apps[2].status);
  EXPECT_FALSE(b.lane->wants(b.now));
  b.lane->on_network(false, b.now);
  b.run();
  EXPECT_EQ(b.apps[2].status, THARSIS_OK);
}

TEST(StreamLane, ItsTimeRunsAlsoWithoutAConnection) {
  bench b;
  stream_order o = b.order(1, streams::direction::up, "a", content_of(10));
  o.deadline = b.now + 5s;
  b.open(std::move(o));
  b.lane->on_trouble({THARSIS_E_NETWORK, "nobody is there"}, b.now);
  b.now += 4s;
  b.lane->on_deadline(b.now);
  EXPECT_EQ(b.lane->size(), 1u);
  EXPECT_EQ(b.lane->deadline(b.now), b.now + 1s);
  b.now += 1s;
  b.lane->on_deadline(b.now);
  b.serve();
  EXPECT_EQ(b.apps[1].status, THARSIS_E_TIMEOUT);
  EXPECT_NE(b.apps[1].reason.find("nobody is there"), std::string::npos) << b.apps[1].reason;
}

TEST(StreamLane, AServerThatDoesNotAnswerIsTold) {
  bench b;
  stream_order o = b.order(1, streams::direction::up, "a", content_of(10));
  b.open(std::move(o));
  b.connect();
  b.lane->take_output([](std::span<const uint8_t>) {}, 1 << 20, b.now);
  b.now = b.lane->deadline(b.now);
  b.lane->on_deadline(b.now);
  b.now += stn::opening_told;
  b.lane->on_deadline(b.now);
  b.serve();
  EXPECT_NE(b.apps[1].progress.reason.find("knows no streams"), std::string::npos);
}

TEST(StreamLane, ARateIsKept) {
  bench b;
  stream_order o = b.order(1, streams::direction::up, "a", content_of(200'000));
  o.rate = 50'000;
  b.open(std::move(o));
  const instant begin = b.now;
  b.run();
  EXPECT_GE(b.now - begin, 3500ms);
  EXPECT_LE(b.now - begin, 4500ms);
}

TEST(StreamLane, AServerThatBreaksTheProtocolEndsOneStream) {
  const auto with = [](const std::function<void(streams::message&)>& say) {
    bench b;
    b.peer.shelf["d"] = content_of(100'000);
    b.open(b.order(1, streams::direction::down, "d"));
    b.open(b.order(2, streams::direction::up, "u", content_of(100)));
    b.connect();
    b.lane->take_output([&](std::span<const uint8_t> body) { b.peer.on_message(body); }, 1 << 20, b.now);
    streams::message m;
    m.stream = 1;
    m.is = streams::message::kind::opened;
    m.size = 100'000;
    std::vector<uint8_t> body;
    append_message(body, m);
    EXPECT_EQ(b.lane->on_message(body, b.now).status, THARSIS_OK);
    m.is = streams::message::kind::data;
    const std::string bytes = content_of(1000);
    m.bytes = as_bytes(bytes);
    say(m);
    body.clear();
    append_message(body, m);
    EXPECT_EQ(b.lane->on_message(body, b.now).status, THARSIS_OK);
    b.serve();
    EXPECT_FALSE(b.apps[2].status);
    return b.apps[1].status.value_or(THARSIS_PENDING);
  };
  EXPECT_EQ(with([](auto&) {}), THARSIS_PENDING);
  EXPECT_EQ(with([](auto& m) { m.offset = 1; }), THARSIS_E_PROTOCOL) << "a gap";
  EXPECT_EQ(with([](auto& m) { m.is = streams::message::kind::end; m.size = 5; }), THARSIS_E_PROTOCOL) << "a wrong size";
  EXPECT_EQ(with([](auto& m) { m.is = streams::message::kind::credit; m.seen = 5; }), THARSIS_E_PROTOCOL) << "credit for what was not sent";
  EXPECT_EQ(with([](auto& m) { m.is = streams::message::kind::done; m.size = 0; }), THARSIS_E_PROTOCOL);
  EXPECT_EQ(with([](auto& m) { m.is = streams::message::kind::opened; m.bytes = {}; }), THARSIS_E_PROTOCOL) << "opened twice";
}

// A stream that stands half on the server, and no connection.
void bring_half(bench& b, uint64_t id, const std::string& name) {
  b.open(b.order(id, streams::direction::up, name, content_of(2'000'000)));
  b.connect();
  for (int i = 0; i < 5; ++i) b.turn();
  ASSERT_GT(b.peer.up["key of " + name].bytes.size(), 0u);
  ASSERT_FALSE(b.apps[id].status);
}

TEST(StreamLane, WhatIsCancelledWithoutAConnectionIsForgottenOnTheNext) {
  for (const bool cut_first : {true, false}) {
    bench b;
    bring_half(b, 1, "film");
    if (cut_first) b.cut();
    b.lane->cancel(1, b.now);  // Said to nobody yet where the connection goes behind it.
    if (!cut_first) b.cut();
    b.serve();
    EXPECT_EQ(b.apps[1].status, THARSIS_E_CANCELLED);
    EXPECT_FALSE(b.lane->wants(b.now)) << "for that alone no connection is made";
    b.connect();
    b.turn();
    EXPECT_EQ(b.peer.up.count("key of film"), 0u);
    b.cut();
    const uint64_t opened = b.peer.opened;
    b.connect();
    b.turn();
    EXPECT_EQ(b.peer.opened, opened) << "it is said once";
  }
}

TEST(StreamLane, WhatWasCancelledAndIsPutOffIsSaidAgainLater) {
  bench b;
  bring_half(b, 1, "film");
  b.cut();
  b.lane->cancel(1, b.now);
  b.peer.streams_max = 0;
  b.connect();
  b.turn();
  b.turn();
  EXPECT_EQ(b.peer.up.count("key of film"), 1u);
  EXPECT_EQ(b.lane->deadline(b.now), b.now - 10ms + b.settings.retry_after);
  b.peer.streams_max = SIZE_MAX;
  b.now += b.settings.retry_after;
  b.turn();
  EXPECT_EQ(b.peer.up.count("key of film"), 0u);
  EXPECT_EQ(b.lane->deadline(b.now), never);
}

// The application cancels, changes the file, and sends it again with the same key: also where the server puts both off at first.
TEST(StreamLane, WhatWasCancelledDoesNotStandInTheWayOfOtherBytesUnderItsKey) {
  for (const bool put_off : {false, true}) {
    bench b;
    bring_half(b, 1, "film");
    b.cut();
    b.lane->cancel(1, b.now);
    const std::string other = content_of(100'000, 2);
    b.open(b.order(2, streams::direction::up, "film", other));
    b.peer.streams_max = put_off ? 0 : SIZE_MAX;
    b.connect();
    b.turn();
    b.peer.streams_max = SIZE_MAX;
    b.run();
    EXPECT_EQ(b.apps[2].status, THARSIS_OK) << b.apps[2].reason;
    EXPECT_EQ(b.peer.up["key of film"].bytes, other);
    b.now += 2min;
    b.turn();
    EXPECT_EQ(b.peer.up["key of film"].bytes, other) << "what was cancelled does not come behind it";
  }
}

TEST(StreamLane, OfManyThatAreCancelledTheLastOnesAreRemembered) {
  bench b;
  for (uint64_t id = 1; id <= 100; ++id) bring_half(b, id, "f" + std::to_string(id)), b.cut(), b.lane->cancel(id, b.now), b.serve();
  b.connect();
  b.turn();
  EXPECT_LE(b.peer.up.size(), 100u);
  EXPECT_EQ(b.peer.up.count("key of f100"), 0u);
}

TEST(StreamReceiver, KeepsToItsWindowAndGrowsItWhereItHoldsBack) {
  streams::stream_pool pool(1 << 20);
  streams::stream_receiver r({64 * 1024, 256 * 1024}, pool);
  const std::string bytes = content_of(64 * 1024);
  EXPECT_EQ(r.limit(), 64u * 1024);
  EXPECT_EQ(r.on_data(0, as_bytes(bytes)).status, THARSIS_OK);
  EXPECT_EQ(r.on_data(64 * 1024, as_bytes(bytes).first(1)).status, THARSIS_E_PROTOCOL) << "beyond the window";
  EXPECT_EQ(r.on_data(10, as_bytes(bytes).first(1)).status, THARSIS_E_PROTOCOL) << "what came already";
  for (uint64_t at = 64 * 1024; at < (4 << 20); at += 16 * 1024) {
    r.on_confirmed(r.take(SIZE_MAX).size());
    ASSERT_GT(r.limit(), at);
    ASSERT_EQ(r.on_data(at, as_bytes(bytes).first(16 * 1024)).status, THARSIS_OK);
  }
  r.on_confirmed(r.take(SIZE_MAX).size());
  EXPECT_LE(r.limit(), r.received() + 256 * 1024);
}

// The end came, the connection went, and the server does not know the size any more.
TEST(StreamReceiver, WhatHasEndedKeepsItsSize) {
  streams::stream_pool pool(0);
  streams::stream_receiver r({}, pool);
  r.begin(0, {});
  (void)r.limit();
  ASSERT_EQ(r.on_data(0, as_bytes("hello")).status, THARSIS_OK);
  ASSERT_EQ(r.on_end(5, r.sum_of_received()).status, THARSIS_OK);
  r.on_cut();
  r.expect(std::nullopt);
  EXPECT_EQ(r.size(), 5u);
  EXPECT_FALSE(r.complete());
  (void)r.take(5);
  r.on_confirmed(5);
  EXPECT_TRUE(r.complete());
}
