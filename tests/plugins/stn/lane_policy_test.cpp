// Which lane carries what, when copies are due, and how many lanes there are.
#include "plugins/stn/core/lane_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace tharsis;

namespace {

using stn::answer_use;
using stn::lane_policy;

struct lane_bench {
  explicit lane_bench(stn::lane_settings s = {}, stn::hedge_settings h = {}) : policy(s, h) { policy.on_own_up(memory.of("a network"), now); }

  // The lane that it went to; 0: the link's own connection.
  uint32_t ask(bool keyed = true, size_t size = 20) {
    stn::request r;
    r.sequence = ++sequence;
    r.body.assign(size, 'b');
    if (keyed) r.key = {'k'};
    if (!policy.take(r, now)) return 0;
    for (const uint32_t lane : lanes)
      while (const auto written = policy.next_to_write(lane))
        if (*written == sequence) return lane;
    ADD_FAILURE() << "taken and written nowhere";
    return 0;
  }
  answer_use answer(uint32_t asked, uint32_t lane = 0, bool refused = false) {
    const answer_use use = lane == 0 ? policy.on_answer(asked, refused, now) : policy.on_lane_answer(lane, asked, refused, now);
    if (use == answer_use::ends_it) policy.on_gone(asked, now);
    return use;
  }
  // So many tasks, each answered on its lane after that time.
  void answered(int tasks, duration took) {
    for (int i = 0; i < tasks; ++i) {
      const uint32_t lane = ask();
      const instant end = now + took;
      run_to(end);
      answer(sequence, lane);
      now += 10ms;
    }
  }
  void run_to(instant end) {
    while (policy.deadline() <= end) {
      now = std::max(now, policy.deadline());
      policy.on_deadline(now);
      note_copies();
    }
    now = end;
  }
  // What was sent once more: sequence to lanes.
  void note_copies() {
    for (const uint32_t s : policy.take_for_own()) copies[s].insert(0);
    for (const uint32_t lane : lanes)
      while (const auto written = policy.next_to_write(lane)) EXPECT_TRUE(copies[*written].insert(lane).second) << "twice on one lane";
  }
  std::vector<uint32_t> open_all() {
    std::vector<uint32_t> made;
    while (const auto lane = policy.take_opening(now)) {
      made.push_back(*lane);
      lanes.insert(*lane);
      policy.on_lane_up(*lane, now);
    }
    return made;
  }
  // A task that waits for long: evidence.
  void late() {
    settle(ask());
  }
  // It is answered late, by all that carry it.
  void settle(uint32_t first) {
    run_to(now + 130ms);
    open_all();
    answer(sequence, first);
    for (const uint32_t lane : copies[sequence]) answer(sequence, lane);
  }
  // Well known, and weak: so many lanes beside the link's own connection.
  void be_weak(size_t lanes_wanted) {
    answered(8, 100ms);
    for (int i = 0; i < 100 && lanes.size() < lanes_wanted; ++i) {
      settle(ask());
    }
    EXPECT_GE(lanes.size(), lanes_wanted);
    copies.clear();
  }

  stn::lane_memory memory;
  lane_policy policy;
  instant now{1h};
  uint32_t sequence = 0;
  std::set<uint32_t> lanes;
  std::map<uint32_t, std::set<uint32_t>> copies;
};

}  // namespace

TEST(LanePolicy, WhereAnswersComeInTimeThereIsOneConnectionAndNoCopy) {
  lane_bench b;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(b.ask(), 0u);
    b.run_to(b.now + 100ms + std::chrono::milliseconds(i % 20));
    EXPECT_EQ(b.answer(b.sequence), answer_use::ends_it);
    EXPECT_FALSE(b.policy.take_opening(b.now));
  }
  EXPECT_TRUE(b.copies.empty());
  EXPECT_EQ(b.policy.report(b.now).use, stn::lane_use::one);
  EXPECT_FALSE(b.policy.weak());
}

TEST(LanePolicy, NothingIsDueBeforeSixAnswersAreKnown) {
  lane_bench b;
  b.answered(5, 1s);
  EXPECT_FALSE(b.policy.weak());
  EXPECT_FALSE(b.policy.take_opening(b.now));
}

TEST(LanePolicy, OneLateTaskOpensALaneAndTheNextLateOneGoesThere) {
  lane_bench b;
  b.answered(8, 100ms);
  b.ask();
  b.run_to(b.now + 124ms);
  EXPECT_FALSE(b.policy.take_opening(b.now));
  b.run_to(b.now + 1ms);
  ASSERT_EQ(b.open_all().size(), 1u);
  b.run_to(b.now + 60ms);  // Half a usual time later it is asked again.
  EXPECT_EQ(b.copies[b.sequence], b.lanes);
  EXPECT_EQ(b.policy.report(b.now).totals.copies, 1u);
  EXPECT_EQ(b.answer(b.sequence, *b.lanes.begin()), answer_use::ends_it);
  EXPECT_EQ(b.policy.report(b.now).totals.won, 1u);
  EXPECT_EQ(b.ask(), *b.lanes.begin()) << "the link's own connection still owes an answer";
  EXPECT_EQ(b.answer(b.sequence - 1), answer_use::late);
}

TEST(LanePolicy, AtMostThreeCopiesEachOnAnotherLane) {
  lane_bench b;
  b.be_weak(4);
  const uint32_t first = b.ask();
  b.run_to(b.now + 5s);
  const auto& more = b.copies[b.sequence];
  EXPECT_EQ(more.size(), 3u);
  EXPECT_EQ(more.count(first), 0u);
}

TEST(LanePolicy, WithoutAKeyATaskIsNeverOutTwiceAndSmallFramesFollowIt) {
  lane_bench b;
  b.be_weak(2);
  const uint32_t lane = b.ask(false);
  EXPECT_EQ(lane == 0 ? b.policy.take_companions() : b.policy.take_companions(lane), 2);
  EXPECT_EQ(lane == 0 ? b.policy.take_companions() : b.policy.take_companions(lane), 0);
  b.run_to(b.now + 5s);
  EXPECT_TRUE(b.copies.empty());
  EXPECT_TRUE(b.policy.weak());
}

TEST(LanePolicy, WhatIsBoundOrMadeForAConnectionStaysThere) {
  lane_bench b;
  b.be_weak(3);
  b.ask();  // The link's own connection is busy.
  stn::request r;
  r.key = {'k'};
  r.bound = 1;
  r.sequence = ++b.sequence;
  EXPECT_FALSE(b.policy.take(r, b.now));
  b.run_to(b.now + 2s);
  EXPECT_EQ(b.copies.count(r.sequence), 0u);
}

// Whoever has spent the copies for a server on a network: another link, or this one before the network came back, has none either.
TEST(LanePolicy, WhatWasSpentThereIsMissingForEveryLink) {
  stn::copy_debts debts;
  lane_bench one, other;
  for (lane_bench* const b : {&one, &other}) {
    b->policy.share_budget(debts.of("wifi im.test"));
    b->answered(8, 100ms);
  }
  for (int i = 0; i < 3; ++i) one.late(), one.open_all();
  debts.of("wifi im.test")->missing = 1000;
  const auto before = one.policy.report(one.now).totals.copies;
  EXPECT_GT(before, 0u);
  one.policy.forgive(one.memory.of("a network"), one.now);
  one.answered(8, 100ms);
  for (lane_bench* const b : {&one, &other})
    for (int i = 0; i < 3; ++i) b->late(), b->open_all();
  EXPECT_EQ(one.policy.report(one.now).totals.copies, before);
  EXPECT_EQ(other.policy.report(other.now).totals.copies, 0u);
  EXPECT_GT(other.policy.report(other.now).totals.refused, 0u);
  other.policy.share_budget(debts.of("cell im.test"));
  for (int i = 0; i < 3; ++i) other.late(), other.open_all();
  EXPECT_GT(other.policy.report(other.now).totals.copies, 0u) << "the bucket of another network";
}

TEST(LanePolicy, ABudgetOfZeroMakesNoCopyAndStillSeesThatTheNetworkIsWeak) {
  lane_bench b({}, {.budget = 0});
  b.answered(8, 100ms);
  for (int i = 0; i < 5; ++i) b.late(), b.open_all();
  EXPECT_EQ(b.policy.report(b.now).totals.copies, 0u);
  EXPECT_TRUE(b.policy.weak());
  EXPECT_GT(b.policy.report(b.now).totals.refused, 0u);
}

TEST(LanePolicy, SwitchedOffNothingIsWatched) {
  lane_bench b({.on = false});
  b.answered(8, 100ms);
  b.late();
  EXPECT_FALSE(b.policy.take_opening(b.now));
  EXPECT_EQ(b.policy.report(b.now).use, stn::lane_use::off);
  EXPECT_EQ(b.policy.deadline() <= b.now + 1h, false);
}

TEST(LanePolicy, HedgesThatAllWinAtOnceEndTheTaskOnce) {
  lane_bench b;
  b.be_weak(4);
  const uint32_t first = b.ask();
  b.run_to(b.now + 5s);
  std::vector<uint32_t> carriers(b.copies[b.sequence].begin(), b.copies[b.sequence].end());
  carriers.push_back(first);
  int ended = 0, late = 0;
  for (const uint32_t lane : carriers) {
    const answer_use use = b.answer(b.sequence, lane);
    ended += use == answer_use::ends_it;
    late += use == answer_use::late;
  }
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(late, 3);
}

TEST(LanePolicy, ARefusedCopyIsNotTheTasksEndWhileAnotherIsOut) {
  lane_bench b;
  b.be_weak(3);
  const uint32_t first = b.ask();
  b.run_to(b.now + 200ms);
  const uint32_t second = *b.copies[b.sequence].begin();
  EXPECT_EQ(b.answer(b.sequence, second, true), answer_use::waits);
  EXPECT_EQ(b.answer(b.sequence, first), answer_use::ends_it);
  // The server does not know copies for what they are: there are none for an hour.
  b.copies.clear();
  b.ask();
  b.run_to(b.now + 900ms);
  EXPECT_TRUE(b.copies.empty());
  EXPECT_NE(b.policy.report(b.now).reason.find("refused one"), std::string::npos);
}

TEST(LanePolicy, WhatAllCopiesAreRefusedIsRefused) {
  lane_bench b;
  b.be_weak(3);
  const uint32_t first = b.ask();
  b.run_to(b.now + 130ms);
  ASSERT_EQ(b.copies[b.sequence].size(), 1u);
  EXPECT_EQ(b.answer(b.sequence, first, true), answer_use::waits);
  EXPECT_EQ(b.answer(b.sequence, *b.copies[b.sequence].begin(), true), answer_use::ends_it);
}

TEST(LanePolicy, WhileAQueueStandsThereAreNoCopiesAndFewLanes) {
  lane_bench b;
  b.answered(20, 100ms);
  b.answered(20, 400ms);
  EXPECT_TRUE(b.policy.queue_stands());
  const uint64_t before = b.policy.report(b.now).totals.copies;
  for (int i = 0; i < 30; ++i) {
    b.answered(1, 700ms);
    b.open_all();
  }
  EXPECT_EQ(b.policy.report(b.now).totals.copies, before);
  EXPECT_LE(b.lanes.size(), 2u) << "and the link's own";
}

TEST(LanePolicy, LanesThatDieTogetherGiveTheirTasksBackAndAreTriedAgainAfterAPause) {
  lane_bench b;
  b.be_weak(2);
  std::vector<uint32_t> out;
  for (int i = 0; i < 3; ++i) b.ask(), out.push_back(b.sequence);
  std::set<uint32_t> lost;
  for (const uint32_t lane : b.lanes)
    for (const uint32_t s : b.policy.on_lane_lost(lane, false, b.now)) lost.insert(s);
  b.policy.on_own_lost(false, b.now);
  for (const uint32_t s : out) EXPECT_EQ(b.policy.carries(s), false) << s;
  EXPECT_EQ(lost.size(), 2u);
  EXPECT_FALSE(b.policy.best_successor());
  b.policy.on_own_up(b.memory.of("a network"), b.now);
  EXPECT_FALSE(b.policy.take_opening(b.now)) << "at once";
  b.run_to(b.now + 1s);
  EXPECT_TRUE(b.policy.take_opening(b.now));
}

TEST(LanePolicy, WhenTheLinksOwnConnectionDiesTheOthersCarryOnAndTheIdleOneTakesItsPlace) {
  lane_bench b;
  b.be_weak(2);
  b.ask();
  const uint32_t own = b.sequence;
  const uint32_t busy = b.ask();
  const uint32_t other = b.sequence;
  ASSERT_NE(busy, 0u);
  b.policy.on_own_lost(true, b.now);
  EXPECT_FALSE(b.policy.carries(own));
  EXPECT_TRUE(b.policy.carries(other));
  b.policy.on_gone(own, b.now);
  const auto next = b.policy.best_successor();
  ASSERT_TRUE(next);
  EXPECT_NE(*next, busy);
  b.policy.adopt(*next);
  b.policy.on_own_up(b.memory.of("a network"), b.now);
  EXPECT_EQ(b.ask(), 0u) << "it is the link's own now";
}

TEST(LanePolicy, WhatALaneDiedWithBeforeItWasWrittenIsNoCopyElsewhere) {
  lane_bench b;
  b.be_weak(2);
  b.ask();
  stn::request r;
  r.sequence = ++b.sequence;
  r.key = {'k'};
  ASSERT_TRUE(b.policy.take(r, b.now));
  const auto on = std::find_if(b.lanes.begin(), b.lanes.end(), [&](uint32_t lane) { return b.policy.has_to_write(lane); });
  ASSERT_NE(on, b.lanes.end());
  EXPECT_TRUE(b.policy.on_lane_lost(*on, false, b.now).empty());
  size_t written = 0;
  for (const uint32_t s : b.policy.take_for_own()) written += s == r.sequence && !b.policy.is_copy_on_own(s) ? 1 : 0;
  for (const uint32_t lane : b.lanes)
    while (const auto s = b.policy.next_to_write(lane)) written += *s == r.sequence && b.policy.is_first(lane, *s) ? 1 : 0;
  EXPECT_EQ(written, 1u);
}

TEST(LanePolicy, AMachineThatSleptTakesNoTimerForEvidence) {
  lane_bench b;
  b.be_weak(2);
  const double before = static_cast<double>(b.policy.report(b.now).late_permille);
  for (int i = 0; i < 5; ++i) b.ask();
  b.now += 3h;
  b.policy.on_deadline(b.now);
  b.note_copies();
  EXPECT_TRUE(b.copies.empty());
  EXPECT_EQ(static_cast<double>(b.policy.report(b.now).late_permille), before);
}

TEST(LanePolicy, AServerThatWantsOneConnectionIsBelievedTheSecondTime) {
  lane_bench b;
  b.be_weak(1);
  b.policy.on_own_lost(true, b.now);
  b.policy.adopt(*b.policy.best_successor());
  b.policy.on_own_up(b.memory.of("a network"), b.now);
  EXPECT_EQ(b.policy.report(b.now).use, stn::lane_use::one);
  for (int i = 0; i < 30 && b.lanes.size() < 2; ++i) b.late(), b.open_all();
  b.policy.on_own_lost(true, b.now);
  const auto r = b.policy.report(b.now);
  EXPECT_EQ(r.use, stn::lane_use::off);
  EXPECT_FALSE(r.reason.empty());
  b.policy.on_own_up(b.memory.of("a network"), b.now);
  b.late();
  EXPECT_FALSE(b.policy.take_opening(b.now + 59min));
}

TEST(LanePolicy, WhatANetworkNeededIsThereBeforeItIsMissed) {
  lane_bench b;
  b.be_weak(4);
  const auto known = b.memory.of("a network");
  EXPECT_GT(known->need, 0.1);
  known->need = 0.9;
  lane_policy later({}, {});
  later.on_own_up(known, b.now);
  int opened = 0;
  while (later.take_opening(b.now)) ++opened;
  EXPECT_EQ(opened, 2) << "with the link's own, three idle ones";
}

TEST(LanePolicy, OnANetworkThatIsRememberedAsBadTheFirstConnectionIsNotWaitedFor) {
  stn::lane_memory memory;
  const auto bad = memory.of("bad"), fair = memory.of("fair");
  bad->need = 0.3;
  fair->need = 0.1;
  const instant now(1h);
  const auto racers = [&](const std::shared_ptr<stn::lane_memory::network>& known, stn::lane_settings s = {}, bool metered = false) {
    lane_policy p(s, {});
    p.on_metered(metered);
    p.on_own_coming(known, now);
    int opened = 0;
    while (p.take_opening(now)) ++opened;
    return opened;
  };
  EXPECT_EQ(racers(bad), 5);
  const auto datagrams = memory.of("tasks go by datagrams");
  datagrams->datagrams = {.loss = 0.36, .worked = true};
  EXPECT_EQ(racers(datagrams), 5);
  EXPECT_EQ(racers(fair), 0) << "there one connection takes no longer than it has to";
  EXPECT_EQ(racers(bad, {}, true), 1) << "where bytes cost money";
  EXPECT_EQ(racers(bad, {.max = 2}), 1) << "with the link's own these are two";
  EXPECT_EQ(racers(bad, {.on = false}), 0);
  lane_policy p({}, {});
  p.on_own_coming(bad, now);
  const auto first = p.take_opening(now), second = p.take_opening(now);
  ASSERT_TRUE(first && second);
  p.on_lane_up(*second, now + 1s);
  EXPECT_EQ(p.best_successor(), second);
  EXPECT_TRUE(p.adopt(*second).empty());
  p.on_own_up(bad, now + 1s);
  EXPECT_FALSE(p.races());
  EXPECT_EQ(p.best_successor(), std::nullopt) << "it is the link's own now";
  p.on_lane_up(*first, now + 2s);
  EXPECT_EQ(p.lanes(), 2u) << "and the other one a lane";
}

TEST(LanePolicy, WhereTheFirstConnectionTakesTooLongAFewJoinIt) {
  const instant now(1h);
  const auto racers = [&](int times, stn::lane_settings s = {}, bool metered = false) {
    stn::lane_memory memory;
    lane_policy p(s, {});
    p.on_metered(metered);
    p.on_own_coming(memory.of("new"), now);
    EXPECT_EQ(p.take_opening(now), std::nullopt);
    EXPECT_FALSE(p.came_late());
    int opened = 0;
    for (int i = 0; i < times; ++i) {
      p.on_own_late(now);
      while (p.take_opening(now)) ++opened;
    }
    return opened;
  };
  EXPECT_EQ(racers(1), 3);
  EXPECT_EQ(racers(20), 3) << "however long it takes";
  EXPECT_EQ(racers(20, {}, true), 1) << "where bytes cost money";
  EXPECT_EQ(racers(20, {.max = 2}), 1);
  EXPECT_EQ(racers(20, {.on = false}), 0);
  stn::lane_memory memory;
  lane_policy p({}, {});
  p.on_own_coming(memory.of("new"), now);
  p.on_own_up(memory.of("new"), now);
  p.on_own_late(now);
  EXPECT_FALSE(p.came_late()) << "it is up";
  p.on_own_lost(false, now);
  p.on_own_coming(memory.of("new"), now);
  p.on_own_late(now);
  p.on_own_up(memory.of("new"), now);
  EXPECT_TRUE(p.came_late());
  EXPECT_TRUE(p.weak()) << "that is evidence, as a late task is";
}

TEST(LanePolicy, RacersThatFailArePausedLikeOtherLanes) {
  stn::lane_memory memory;
  const auto bad = memory.of("bad");
  bad->need = 0.3;
  lane_policy p({}, {});
  instant now(1h);
  int dialled = 0;
  for (int attempt = 0; attempt < 60; ++attempt, now += 1s) {  // A server that is down for a minute.
    p.on_own_coming(bad, now);
    std::vector<uint32_t> made;
    while (const auto lane = p.take_opening(now)) made.push_back(*lane), ++dialled;
    for (const uint32_t lane : made) p.on_lane_lost(lane, false, now);
    p.on_own_lost(false, now);
  }
  EXPECT_LE(dialled, 5 * 7) << "pauses double";
}

TEST(LanePolicy, WhatIsRememberedIsWrittenAndReadAndDamageIsSeen) {
  stn::lane_memory before, after;
  before.of("main wlan0/home net")->need = 0.25;
  before.of("main wlan0/datagrams")->datagrams = {.loss = 0.36, .worked = true};
  before.of("main wlan0/well")->need = 0;
  const auto early = after.of("main wlan0/home net");  // The link asked before the file was read.
  EXPECT_EQ(after.read(before.text()).status, THARSIS_OK);
  EXPECT_DOUBLE_EQ(early->need, 0.25);
  EXPECT_FALSE(early->datagrams.worked);
  EXPECT_TRUE(after.of("main wlan0/datagrams")->datagrams.worked);
  EXPECT_DOUBLE_EQ(after.of("main wlan0/datagrams")->datagrams.loss, 0.36);
  EXPECT_EQ(after.of("main wlan0/datagrams")->need, 0);
  EXPECT_EQ(stn::lane_memory().read("tharsis.stn lanes 1\nx 5\n").status, THARSIS_OK) << "as it was written before datagrams";
  early->need = 0.5;
  EXPECT_EQ(after.read(before.text()).status, THARSIS_OK);
  EXPECT_DOUBLE_EQ(early->need, 0.5) << "what was learned meanwhile is newer";
  for (const char* damaged : {"", "other\n", "tharsis.stn lanes 1\nx\n", "tharsis.stn lanes 1\nx 1001\n", "tharsis.stn lanes 1\nx -1\n", "tharsis.stn lanes 1\nx 5", "tharsis.stn lanes 1\nx 5 1001\n",
                              "tharsis.stn lanes 1\nx 5 \n", "tharsis.stn lanes 1\nx 5 6 7\n"})
    EXPECT_NE(stn::lane_memory().read(damaged).status, THARSIS_OK) << damaged;
}

TEST(LanePolicy, LanesThatNobodyNeedsAreClosedTheLongestIdleFirst) {
  lane_bench b;
  b.be_weak(2);
  b.now += 31s;
  std::set<uint32_t> closed;
  while (const auto lane = b.policy.take_closing(b.now)) closed.insert(*lane);
  EXPECT_EQ(closed, b.lanes);
  EXPECT_FALSE(b.policy.take_opening(b.now)) << "without tasks no spare one is worth its pings";
}

TEST(LanePolicy, WhereFewerAreAllowedThanThereAreTheIdleOnesAreClosedAtOnce) {
  lane_bench b;
  b.be_weak(4);
  ASSERT_FALSE(b.policy.take_closing(b.now));
  stn::lane_settings fewer;
  fewer.max = 2;
  b.policy.change(fewer, {});
  for (size_t left = b.lanes.size(); left > 1; --left) {
    const auto lane = b.policy.take_closing(b.now);
    ASSERT_TRUE(lane) << left;
    b.lanes.erase(*lane);
  }
  EXPECT_FALSE(b.policy.take_closing(b.now)) << "one beside the link's own";
  EXPECT_FALSE(b.policy.take_opening(b.now));
}

TEST(LanePolicy, AMeteredNetworkGetsFewerLanesAndOneSmallFrame) {
  lane_bench b;
  b.policy.on_metered(true);
  b.answered(8, 100ms);
  for (int i = 0; i < 60; ++i) b.late(), b.open_all();
  EXPECT_LE(b.lanes.size(), 2u) << "and the link's own";
  b.ask(false);
  int companions = b.policy.take_companions();
  for (const uint32_t lane : b.lanes) companions += b.policy.take_companions(lane);
  EXPECT_EQ(companions, 1);
}

TEST(LanePolicy, AnAnswerThatNeverComesDoesNotKeepALaneBusyForEver) {
  lane_bench b;
  b.be_weak(1);
  b.ask();
  b.policy.on_gone(b.sequence, b.now);  // Its time was over.
  EXPECT_EQ(b.policy.owed(), 1u);
  b.now += 31s;
  b.ask();
  b.answer(b.sequence);
  EXPECT_EQ(b.policy.owed(), 0u);
}

// Goal: whatever happens, no task is twice on one lane, none without a key is out twice, copies stay within what was earned,
// and nothing is due in the past. Method: random calls.
TEST(LanePolicy, WhateverHappensItsRulesHold) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return random() % n; };
    stn::hedge_settings hedge;
    hedge.budget = static_cast<int64_t>(below(12));
    lane_bench b({.max = 1 + static_cast<int64_t>(below(12))}, hedge);
    std::map<uint32_t, bool> open;  // To whether it has a key.
    double earned = static_cast<double>(hedge.budget);
    for (int step = 0; step < 400; ++step) {
      switch (below(8)) {
        case 0:
        case 1:
        case 2: {
          const bool keyed = below(3) > 0;
          const uint32_t lane = b.ask(keyed);
          open[b.sequence] = keyed;
          earned += 1.1;
          if (lane != 0) b.copies[b.sequence].insert(lane);
          break;
        }
        case 3:
          if (!open.empty()) {
            const auto one = std::next(open.begin(), static_cast<long>(below(open.size())));
            const bool refused = below(10) == 0;
            const uint32_t lane = b.lanes.empty() || below(2) == 0 ? 0 : *std::next(b.lanes.begin(), static_cast<long>(below(b.lanes.size())));
            if ((lane == 0 || b.policy.owes(lane, one->first)) && b.answer(one->first, lane, refused) == answer_use::ends_it) open.erase(one);
          }
          break;
        case 4: b.run_to(b.now + std::chrono::milliseconds(below(400))); break;
        case 5: b.open_all(); break;
        case 6:
          if (const auto lane = b.policy.take_closing(b.now)) b.lanes.erase(*lane);
          break;
        case 7:
          if (!b.lanes.empty() && below(4) == 0) {
            const uint32_t lane = *b.lanes.begin();
            b.lanes.erase(lane);
            for (const uint32_t s : b.policy.on_lane_lost(lane, below(2) == 0, b.now)) {
              b.policy.on_gone(s, b.now);
              open.erase(s);
            }
            b.note_copies();
          }
          break;
      }
      b.policy.on_deadline(b.now);
      b.note_copies();
      ASSERT_GT(b.policy.deadline(), b.now);
      ASSERT_LE(static_cast<double>(b.policy.report(b.now).totals.copies), earned);
      for (const auto& [s, keyed] : open) {
        size_t out = 0;
        for (const uint32_t lane : b.lanes) out += b.policy.owes(lane, s);
        ASSERT_LE(out, keyed ? 4u : 1u) << s;
      }
    }
  }
}
