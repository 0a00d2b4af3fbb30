// strand, task, signal: what runs when, and that nothing runs after its owner has gone.
#include "sdk/async/strand.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "sdk/async/next_turn.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "tests/sdk/async/fake_loop.h"

namespace tharsis {  // signal would be <csignal>'s outside.
namespace {

using test::fake_loop;

struct bench {
  fake_loop loop;
  strand place{&loop.table};
};

struct note {
  std::vector<int>* into;
  int value;
};
void write_down(void* context) {
  const auto* n = static_cast<note*>(context);
  n->into->push_back(n->value);
}

task<int> give(int value) { co_return value; }

task<void> wait_once(signal* s, instant deadline, std::vector<uint32_t>* seen) {
  seen->push_back(co_await s->wait(deadline));
}

// Counts the living, so that a leaked or doubly freed frame shows.
struct counted {
  int* alive;
  explicit counted(int* a) : alive(a) { ++*alive; }
  counted(const counted& o) : alive(o.alive) { ++*alive; }
  ~counted() { --*alive; }
};

task<std::string> leaf(signal* s, counted c, int depth) {
  co_await s->wait();
  co_return std::string(static_cast<size_t>(depth), 'x') + (*c.alive > 0 ? "" : "dead");
}
task<std::string> tree(signal* s, counted c, int depth) {
  if (depth == 0) co_return co_await leaf(s, c, depth);
  std::string text = co_await tree(s, c, depth - 1);
  co_await s->wait();
  text += co_await leaf(s, c, depth);
  co_return text;
}
task<void> root(signal* s, counted c, bool* finished) {
  (void)co_await tree(s, c, 4);
  *finished = true;
}

}  // namespace

TEST(Strand, ReadyKeysFireLaterAndInOrder) {
  bench b;
  std::vector<int> order;
  std::vector<note> notes;
  for (int i = 0; i < 1000; ++i) notes.push_back({&order, i});
  for (note& n : notes) b.place.ready(b.place.arm(&write_down, &n));
  EXPECT_TRUE(order.empty()) << "something ran inside ready()";
  b.loop.run();
  ASSERT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Strand, AKeyFiresOnceHoweverOftenItIsReady) {
  bench b;
  std::vector<int> order;
  note n{&order, 7};
  const auto key = b.place.arm(&write_down, &n);
  for (int i = 0; i < 5; ++i) b.place.ready(key);
  b.loop.run();
  b.place.ready(key);
  b.loop.run();
  EXPECT_EQ(order, std::vector<int>{7});
}

TEST(Strand, ADisarmedKeyNeverFiresAndNeverHitsTheSlotsNextOwner) {
  bench b;
  std::vector<int> order;
  note first{&order, 1}, second{&order, 2};
  const auto stale = b.place.arm(&write_down, &first);
  b.place.ready(stale);
  b.place.disarm(stale);
  b.place.disarm(stale);
  const auto fresh = b.place.arm(&write_down, &second);
  EXPECT_NE(stale, fresh);
  b.loop.run();
  EXPECT_TRUE(order.empty());
  strand::on_wake(&b.place, stale);  // A wake of the host that comes late.
  b.place.disarm(stale);
  EXPECT_TRUE(order.empty());
  strand::on_wake(&b.place, fresh);
  EXPECT_EQ(order, std::vector<int>{2});
}

TEST(Strand, ManyResumptionsLeaveTurnsForOthers) {
  bench b;
  std::vector<int> order;
  note mine{&order, 1}, others{&order, 2};
  for (int i = 0; i < 1000; ++i) b.place.ready(b.place.arm(&write_down, &mine));
  b.loop.posts.push_back({[](void* c, tharsis_handle) { write_down(c); }, &others, 0});
  b.loop.run();
  ASSERT_EQ(order.size(), 1001u);
  EXPECT_LT(std::find(order.begin(), order.end(), 2) - order.begin(), 400);
}

TEST(Strand, RandomArmingAndDisarmingFiresExactlyWhatIsArmed) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    bench b;
    std::vector<int> fired, expected;
    std::vector<note> notes(300);
    std::vector<strand::key> keys;
    std::vector<bool> armed;
    for (int i = 0; i < 300; ++i) {
      const auto slot = static_cast<size_t>(i);
      notes[slot] = {&fired, i};
      keys.push_back(b.place.arm(&write_down, &notes[slot]));
      armed.push_back(true);
      b.place.ready(keys.back());
      const size_t victim = random() % keys.size();
      if (random() % 3 == 0) b.place.disarm(keys[victim]), armed[victim] = false;
    }
    for (size_t i = 0; i < armed.size(); ++i)
      if (armed[i]) expected.push_back(static_cast<int>(i));
    b.loop.run();
    EXPECT_EQ(fired, expected);
  }
}

TEST(Task, StartsOnlyWhenAwaitedAndReturnsItsValue) {
  bench b;
  task<int> t = give(42);
  t.start(b.place);
  ASSERT_TRUE(t.done());
  EXPECT_EQ(t.take(), 42);
}

TEST(Task, OneThatNeverStartedIsFreedWithItsArguments) {
  bench b;
  signal s(b.place);
  int alive = 0;
  {
    bool finished = false;
    const task<void> t = root(&s, counted(&alive), &finished);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

namespace {
task<int64_t> sum(int n) {
  int64_t total = 0;
  for (int i = 0; i < n; ++i) total += co_await give(1);
  co_return total;
}
uintptr_t here() {
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
}
task<void> lowest(int n, uintptr_t* low, uintptr_t* high) {
  for (int i = 0; i < n; ++i) {
    (void)co_await give(i);
    *low = std::min(*low, here());
    *high = std::max(*high, here());
  }
}
}  // namespace

TEST(Task, ThreeMillionAwaitsThatCompleteAtOnceDoNotGrowTheStack) {
  bench b;
  task<int64_t> t = sum(3'000'000);
  t.start(b.place);
  b.loop.run();
  ASSERT_TRUE(t.done());
  EXPECT_EQ(t.take(), 3'000'000);

  uintptr_t low = UINTPTR_MAX, high = 0;
  task<void> u = lowest(100'000, &low, &high);
  u.start(b.place);
  b.loop.run();
  ASSERT_TRUE(u.done());
  EXPECT_LT(high - low, 16u * 1024);
}

// Goal: cancellation is safe wherever it falls. Method: run a tree of tasks n suspensions far, for
// every n, destroy it there, then deliver every wake that is still under way.
TEST(Task, DestroyingATreeAtEverySuspensionFreesEverythingAndLateWakesDoNothing) {
  bool reached_the_end = false;
  for (int steps = 0; steps < 200 && !reached_the_end; ++steps) {
    SCOPED_TRACE("suspensions " + std::to_string(steps));
    bench b;
    signal s(b.place);
    int alive = 0;
    {
      task<void> t = root(&s, counted(&alive), &reached_the_end);
      t.start(b.place);
      for (int i = 0; i < steps; ++i) {
        s.raise();
        b.loop.step();
      }
      s.raise();  // A wake is under way while the tree dies.
    }
    EXPECT_EQ(alive, 0);
    b.loop.run();
    EXPECT_TRUE(b.loop.timers.empty());
  }
  EXPECT_TRUE(reached_the_end);
}

TEST(Task, AMovedTaskGoesOn) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  std::vector<task<void>> owners;
  task<void> t = wait_once(&s, never, &seen);
  t.start(b.place);
  owners.push_back(std::move(t));
  s.raise(4);
  b.loop.run();
  EXPECT_EQ(seen, std::vector<uint32_t>{4});
  EXPECT_TRUE(owners.front().done());
}

TEST(Signal, BitsRaisedBeforeTheWaitAreAnsweredAtOnceAndOnce) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  s.raise(1);
  s.raise(8);
  EXPECT_TRUE(s.raised());
  task<void> t = wait_once(&s, never, &seen);
  t.start(b.place);
  EXPECT_TRUE(t.done());
  EXPECT_EQ(seen, std::vector<uint32_t>{9});
  EXPECT_FALSE(s.raised());
}

TEST(Signal, BitsRaisedWhileWaitingGatherUntilTheResumption) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  task<void> t = wait_once(&s, never, &seen);
  t.start(b.place);
  s.raise(1);
  EXPECT_TRUE(seen.empty()) << "resumed inside raise()";
  s.raise(2);
  b.loop.run();
  EXPECT_EQ(seen, std::vector<uint32_t>{3});
}

TEST(Signal, TheDeadlineAnswersZeroAndNotBefore) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  const instant deadline = b.place.now() + 5s;
  task<void> t = wait_once(&s, deadline, &seen);
  t.start(b.place);
  b.loop.run_until(deadline - 1ns);
  EXPECT_TRUE(seen.empty());
  b.loop.run_until(deadline);
  EXPECT_EQ(seen, std::vector<uint32_t>{0});
}

TEST(Signal, ADeadlineThatHasPassedStillSuspendsOnceAndAnswersZero) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  task<void> t = wait_once(&s, b.place.now() - 1s, &seen);
  t.start(b.place);
  EXPECT_TRUE(seen.empty());
  b.loop.run();
  EXPECT_EQ(seen, std::vector<uint32_t>{0});
}

TEST(Signal, RaisedAndTimedOutInOneTurnResumesOnceAndLeavesNoTimer) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  task<void> t = wait_once(&s, b.place.now() + 1s, &seen);
  t.start(b.place);
  b.loop.now += 2'000'000'000;
  s.raise(2);
  b.loop.run();
  EXPECT_EQ(seen, std::vector<uint32_t>{2});
  EXPECT_TRUE(b.loop.timers.empty());
}

TEST(Signal, AWaitThatWasRaisedOrDestroyedCancelsItsTimer) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  {
    task<void> t = wait_once(&s, b.place.now() + 1h, &seen);
    t.start(b.place);
    EXPECT_EQ(b.loop.timers.size(), 1u);
  }
  EXPECT_TRUE(b.loop.timers.empty());
  s.raise(1);
  b.loop.run();
  EXPECT_TRUE(seen.empty());
  EXPECT_TRUE(s.raised()) << "the bits belong to the next who waits";
}

TEST(Signal, ASecondWaiterMayComeAfterTheFirstWasDestroyed) {
  bench b;
  signal s(b.place);
  std::vector<uint32_t> seen;
  { task<void> t = wait_once(&s, never, &seen); t.start(b.place); }
  task<void> u = wait_once(&s, never, &seen);
  u.start(b.place);
  s.raise(16);
  b.loop.run();
  EXPECT_EQ(seen, std::vector<uint32_t>{16});
}

namespace {
task<void> throw_when_raised(signal* s, counted) {
  co_await s->wait();
  throw std::runtime_error("the bridge is out");
}
}  // namespace

namespace {
task<void> turn_after_turn(strand* place, int* turns) {
  for (; *turns < 3; ++*turns) co_await next_turn(*place);
}
}  // namespace

TEST(NextTurn, IsACallOfTheLoopSoThatOthersRunAndTimeMovesOn) {
  bench b;
  int turns = 0;
  task<void> t = turn_after_turn(&b.place, &turns);
  t.start(b.place);
  for (int turn = 1; turn <= 3; ++turn) {
    EXPECT_TRUE(b.loop.step());
    EXPECT_EQ(turns, turn);
  }
  EXPECT_TRUE(t.done());
  { task<void> u = turn_after_turn(&b.place, &(turns = 0)); u.start(b.place); }
  b.loop.run();
  EXPECT_EQ(turns, 0) << "destroyed before its turn came";
}

TEST(Task, WhatItThrowsLeavesThroughTheWakeAndTheOthersGoOn) {
  bench b;
  int alive = 0;
  std::vector<int> ran;
  {
    note later{&ran, 1};
    signal s(b.place);
    task<void> t = throw_when_raised(&s, counted(&alive));
    t.start(b.place);
    s.raise();
    b.place.ready(b.place.arm(write_down, &later));
    EXPECT_THROW(b.loop.run(), std::runtime_error);
    EXPECT_TRUE(ran.empty());
    b.loop.run();
    EXPECT_EQ(ran, std::vector<int>{1});
    EXPECT_TRUE(t.done());
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace tharsis
