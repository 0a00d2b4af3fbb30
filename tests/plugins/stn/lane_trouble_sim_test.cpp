// Goal: whatever servers and networks do to a link's lanes, each task is answered once, what has a key is carried out once,
// and what has none is sent once on a connection that lived.
#include <algorithm>

#include "tests/plugins/stn/gated_world.h"

using namespace tharsis;
using test::gated_world;
using test::link_world;

namespace {

// Late tasks, one after the other, so that lanes are wanted.
class weak_world : public link_world {
 public:
  explicit weak_world(uint64_t seed) : link_world(seed) {
    link().udp = false;
    path().delay = 50ms;
    serve();
  }
  sim::path& path() { return world.between(client_machine, server_machine); }
  // How many of so many tasks did not end well.
  int ask(int tasks, const std::string& prefix) {
    const size_t before = answers;
    for (int i = 0; i < tasks; ++i) {
      const std::string title = prefix + std::to_string(i);
      EXPECT_EQ(submit(title, title, 60'000), THARSIS_OK);
      world.run_for(200ms);
    }
    EXPECT_TRUE(wait_answers(before + static_cast<size_t>(tasks), 3min)) << reason();
    int bad = 0;
    for (int i = 0; i < tasks; ++i) bad += outcomes[prefix + std::to_string(i)].status != THARSIS_OK;
    return bad;
  }
  int64_t metric(const std::string& counted) { return host.metrics.counted(counted); }
};

}  // namespace

TEST(StnLaneTroubleSim, AServerThatRefusesTheSecondConnectionIsAskedMoreAndMoreSeldom) {
  weak_world w(1);
  w.server.connections_max = 1;
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss = .1;
  EXPECT_EQ(w.ask(300, "task "), 0);
  EXPECT_EQ(w.metric("lanes_opened"), 0);
  EXPECT_GE(w.metric("lanes_failed"), 2);
  EXPECT_LE(w.metric("lanes_failed"), 8) << "in a minute: pauses double";
}

TEST(StnLaneTroubleSim, AServerThatWantsOneConnectionOnlyIsLeftAlone) {
  weak_world w(2);
  w.server.newest_only = true;
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss = .1;
  EXPECT_EQ(w.ask(400, "task "), 0);
  EXPECT_LE(w.metric("lanes_opened"), 4) << "two that are believed to be chance, and what had begun with them";
  for (const auto& [body, times] : w.server.executions) EXPECT_EQ(times, 1) << body;
}

TEST(StnLaneTroubleSim, WhereRepeatsAreRefusedTheFirstAnswerIsWaitedForAndCopiesEnd) {
  weak_world w(3);
  w.server.refuses_repeats = true;
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss = .1;
  EXPECT_EQ(w.ask(200, "task "), 0);
  const int64_t copies = w.metric("hedge_copies");
  EXPECT_GT(copies, 0);
  EXPECT_EQ(w.ask(100, "later "), 0);
  EXPECT_EQ(w.metric("hedge_copies"), copies);
}

TEST(StnLaneTroubleSim, ANetworkThatIsWeakOneWayOnlyIsWeak) {
  weak_world w(4);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss_there = .1;  // Requests are lost, answers are not.
  EXPECT_EQ(w.ask(200, "task "), 0);
  EXPECT_GT(w.metric("lanes_opened"), 0);
  EXPECT_GT(w.metric("hedge_won"), 0);
}

TEST(StnLaneTroubleSim, WhatAServerSaysOnALaneComesOnce) {
  weak_world w(5);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss = .1;
  w.ask(50, "before ");
  const size_t pushes = w.host.pushes.size();
  w.server.pushes = {{4711, "the same"}};
  w.ask(20, "task ");
  EXPECT_GE(w.host.pushes.size(), pushes + 1);
  EXPECT_LE(w.host.pushes.size(), pushes + 20 + static_cast<size_t>(w.metric("lanes_opened")));
}

TEST(StnLaneTroubleSim, WhatTheCodecDoesNotCarryEndsAtOnceWhicheverLaneWasToCarryIt) {
  weak_world w(7);
  w.settings.tasks.body_max = 4 << 20;  // More than a frame.
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss = .1;
  w.ask(50, "before ");
  ASSERT_GT(w.metric("lanes_opened"), 0);
  w.path().loss = 0;
  const size_t before = w.answers;
  for (char c = 'a'; c < 'i'; ++c) EXPECT_EQ(w.submit(std::string(2 << 20, c), {c}, 60'000), THARSIS_OK);
  EXPECT_TRUE(w.wait_answers(before + 8, 1s)) << w.answers - before;
  for (char c = 'a'; c < 'i'; ++c) {
    const auto& o = w.outcomes[std::string(2 << 20, c)];
    EXPECT_EQ(o.why, uint32_t{THARSIS_STN_NOT_CARRIED}) << o.reason;
    EXPECT_NE(o.reason.find("1 MiB"), std::string::npos) << o.reason;
  }
}

TEST(StnLaneTroubleSim, WhenTheLinksConnectionFallsSilentALaneTakesItsPlaceAtOnce) {
  gated_world w(6);
  w.link().udp = false;
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.path().loss = .15;
  w.load(80, 200ms, "before ");
  EXPECT_GT(w.metric("lanes_opened"), 0);
  int replaced = 0;
  for (const auto& s : w.host.states) replaced += s.state == THARSIS_STN_DOWN;
  w.load(200, 200ms, "after ");
  int gone = 0;
  for (const auto& s : w.host.states) gone += s.state == THARSIS_STN_DOWN;
  std::printf("  the link's connection was lost %d times\n", gone - replaced);
  EXPECT_EQ(w.statistics().executions, 280u);
}

// Its resets come one after the other: lanes that are not known to be dead are no reason to be up again and again.
TEST(StnLaneTroubleSim, WhereTheServerEndsAllConnectionsLanesDoNotTakeEachOthersPlaceInTurn) {
  size_t most = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    weak_world w(seed);
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.path().loss = .15;
    w.ask(80, "before ");
    EXPECT_GE(w.metric("lanes_opened"), 2);
    w.path().loss = 0;
    w.path().jitter = 40ms;
    const size_t before = w.host.states.size();
    w.elsewhere.on_strand([&] { w.server.close(); });
    w.world.run_for(5s);
    size_t ups = 0;
    for (size_t i = before; i < w.host.states.size(); ++i) ups += w.host.states[i].state == THARSIS_STN_UP;
    EXPECT_LE(ups, 1u) << "a lane, and when that is gone the server is";
    most = std::max(most, ups);
  }
  EXPECT_EQ(most, 1u);
}

TEST(StnLaneTroubleSim, OverSeedsEachTaskIsAnsweredOnceAndWhatHasAKeyIsCarriedOutOnce) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    gated_world w(seed, 30ms, seed % 3 == 0 ? duration(80ms) : duration{});
    w.link().udp = seed % 4 == 0;
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.path().jitter = 10ms;
    const int tasks = 80;
    int keyed = 0;
    for (int i = 0; i < tasks; ++i) {
      w.path().loss = static_cast<double>(w.world.random() % 30) / 100;
      const bool has_key = w.world.random() % 4 != 0;
      keyed += has_key;
      w.ask((has_key ? "keyed " : "once ") + std::to_string(i), has_key);
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 250));
      if (w.world.random() % 25 == 0) w.world.reset_connections(w.client_machine, w.server_machine);
      if (w.world.random() % 40 == 0) w.client.on_strand([&] { w.host.network.move("sim" + std::to_string(i)); });
    }
    w.path().loss = 0;
    ASSERT_TRUE(w.wait_answers(tasks, 3min)) << w.reason();
    w.world.run_for(40s);
    int answered_once = 0;
    for (const auto& [title, o] : w.outcomes) {
      EXPECT_EQ(o.answers, 1) << title;
      if (title[0] == 'k') EXPECT_EQ(o.status, THARSIS_OK) << title << ": " << o.reason;
      else EXPECT_LE(o.sends, 1u) << title;
      answered_once += title[0] == 'o' && o.status == THARSIS_OK;
    }
    const auto executions = static_cast<int>(w.statistics().executions);
    EXPECT_GE(executions, keyed + answered_once);
    EXPECT_LE(executions, tasks);
  }
}

TEST(StnLaneTroubleSim, AllLinksTogetherHaveNoMoreConnectionsBesideTheirOwnThanTheyMay) {
  for (const int64_t most : {0, 2}) {
    SCOPED_TRACE(most);
    weak_world w(static_cast<uint64_t>(60 + most));
    w.settings.extra.in_all = most;
    w.link().second_way.when = stn::second_way_settings::use::never;
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.path().loss = .15;
    int64_t seen = 0;
    for (int i = 0; i < 150; ++i) {
      const std::string title = "task " + std::to_string(i);
      ASSERT_EQ(w.submit(title, title, 60'000), THARSIS_OK);
      w.world.run_for(200ms);
      w.client.on_strand([&] { seen = std::max(seen, w.dispatcher->ways().extras().in_all()); });
    }
    ASSERT_TRUE(w.wait_answers(150, 3min)) << w.reason();
    for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << title << ": " << o.reason;
    EXPECT_EQ(seen, most) << "as many as may be";
    EXPECT_GE(w.metric("lanes_held_back"), 1);
    const auto says_why = [](const std::string& l) { return l.find("extra_connections allows") != std::string::npos; };
    // Where a lane has never come up the log has nothing to say.
    EXPECT_TRUE(most == 0 || std::any_of(w.host.lines.begin(), w.host.lines.end(), says_why));
    w.path().loss = 0;
    w.world.run_for(2min);
    w.client.on_strand([&] { EXPECT_EQ(w.dispatcher->ways().extras().in_all(), 0) << "those that nobody needs are gone"; });
  }
}
