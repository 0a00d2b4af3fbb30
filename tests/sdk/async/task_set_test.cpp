// task_set and blocking: owners of work that ends by itself, or is given up.
#include "sdk/async/task_set.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "sdk/async/blocking.h"
#include "tests/sdk/async/fake_loop.h"

namespace tharsis {  // signal would be <csignal>'s outside.
namespace {

using test::fake_loop;

struct bench {
  fake_loop loop;
  strand place{&loop.table};
};

struct counted {
  int* alive;
  explicit counted(int* a) : alive(a) { ++*alive; }
  counted(const counted& o) : alive(o.alive) { ++*alive; }
  ~counted() { --*alive; }
};

task<void> until(signal* s, counted) { co_await s->wait(); }
task<void> at_once(counted) { co_return; }
task<void> join_into(task_set* set, instant deadline, std::vector<bool>* answers) {
  answers->push_back(co_await set->join(deadline));
}

struct add {
  int a, b;
  int operator()() const { return a + b; }
};
task<void> compute(strand* place, std::vector<std::optional<int>>* answers) {
  const add work{40, 2};
  answers->push_back(co_await blocking(*place, work));
}
struct fail_at_it {
  int operator()() const { throw std::runtime_error("no memory"); }
};
task<void> compute_in_vain(strand* place) {
  const fail_at_it work{};
  co_await blocking(*place, work);
}
struct keep {
  std::shared_ptr<int> held;
  std::unique_ptr<int> operator()() const { return std::make_unique<int>(*held); }
};
task<void> compute_moved(strand* place, std::shared_ptr<int> held, int* answer) {
  keep work{std::move(held)};
  auto value = co_await blocking(*place, std::move(work));
  if (value) *answer = **value;
}

}  // namespace

TEST(TaskSet, AFinishedTaskIsFreedAndLeavesTheOthers) {
  bench b;
  int alive = 0;
  std::deque<signal> signals;
  task_set set(b.place);
  for (int i = 0; i < 10; ++i) set.spawn(until(&signals.emplace_back(b.place), counted(&alive)));
  set.spawn(at_once(counted(&alive)));
  EXPECT_EQ(set.size(), 11u);
  b.loop.run();
  EXPECT_EQ(set.size(), 10u);
  signals[3].raise();
  b.loop.run();
  EXPECT_EQ(set.size(), 9u);
  EXPECT_EQ(alive, 9);
  for (signal& s : signals) s.raise();
  b.loop.run();
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(alive, 0);
}

TEST(TaskSet, DestroyingItCancelsWhatRunsAlsoWithWakesUnderWay) {
  bench b;
  int alive = 0;
  signal s(b.place), t(b.place);
  {
    task_set set(b.place);
    set.spawn(until(&s, counted(&alive)));
    set.spawn(until(&t, counted(&alive)));
    set.spawn(at_once(counted(&alive)));  // Finished, but its owner does not know yet.
    s.raise();
  }
  EXPECT_EQ(alive, 0);
  b.loop.run();
}

TEST(TaskSet, JoinAnswersWhenTheLastHasFinished) {
  bench b;
  int alive = 0;
  signal s(b.place), t(b.place);
  std::vector<bool> answers;
  task_set set(b.place);
  set.spawn(until(&s, counted(&alive)));
  set.spawn(until(&t, counted(&alive)));
  task<void> joiner = join_into(&set, never, &answers);
  joiner.start(b.place);
  s.raise();
  b.loop.run();
  EXPECT_TRUE(answers.empty());
  t.raise();
  b.loop.run();
  EXPECT_EQ(answers, std::vector<bool>{true});
}

TEST(TaskSet, JoinOfAnEmptySetAnswersAtOnceAndADeadlineAnswersFalse) {
  bench b;
  int alive = 0;
  signal s(b.place);
  std::vector<bool> answers;
  task_set set(b.place);
  task<void> first = join_into(&set, never, &answers);
  first.start(b.place);
  b.loop.run();
  set.spawn(until(&s, counted(&alive)));
  task<void> second = join_into(&set, b.place.now() + 1s, &answers);
  second.start(b.place);
  b.loop.run_until(b.place.now() + 2s);
  EXPECT_EQ(answers, (std::vector<bool>{true, false}));
  EXPECT_EQ(set.size(), 1u);
}

TEST(TaskSet, ClearEndsAJoinThatWaits) {
  bench b;
  int alive = 0;
  signal s(b.place);
  std::vector<bool> answers;
  task_set set(b.place);
  set.spawn(until(&s, counted(&alive)));
  task<void> joiner = join_into(&set, never, &answers);
  joiner.start(b.place);
  set.clear();
  b.loop.run();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(answers, std::vector<bool>{true});
}

TEST(TaskSet, TasksMayBeSpawnedAndEndInAnyOrder) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    bench b;
    int alive = 0;
    std::deque<signal> signals;
    std::vector<size_t> running;
    task_set set(b.place);
    for (int i = 0; i < 200; ++i) {
      if (running.empty() || random() % 2 == 0) {
        running.push_back(signals.size());
        set.spawn(until(&signals.emplace_back(b.place), counted(&alive)));
      } else {
        const size_t n = random() % running.size();
        signals[running[n]].raise();
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(n));
        if (random() % 2 == 0) b.loop.run();
      }
    }
    b.loop.run();
    ASSERT_EQ(set.size(), running.size());
    EXPECT_EQ(static_cast<size_t>(alive), running.size());
  }
}

TEST(Blocking, TheValueComesBackOnTheStrand) {
  bench b;
  std::vector<std::optional<int>> answers;
  task<void> t = compute(&b.place, &answers);
  t.start(b.place);
  EXPECT_EQ(b.place.blocking, 1u);
  b.loop.run();
  EXPECT_TRUE(answers.empty());
  b.loop.do_jobs();
  b.loop.run();
  EXPECT_EQ(answers, (std::vector<std::optional<int>>{42}));
  EXPECT_EQ(b.place.blocking, 0u);
}

// As what a coroutine throws is: whoever runs the strand has it.
TEST(Blocking, WhatTheWorkThrowsIsThrownOnTheStrandThatWaitsForIt) {
  bench b;
  task<void> t = compute_in_vain(&b.place);
  t.start(b.place);
  b.loop.do_jobs();
  EXPECT_THROW(b.loop.run(), std::runtime_error);
  EXPECT_EQ(b.place.blocking, 0u);
}

TEST(Blocking, ARefusedCallAnswersNothing) {
  bench b;
  b.loop.refuse_blocking = true;
  std::vector<std::optional<int>> answers;
  task<void> t = compute(&b.place, &answers);
  t.start(b.place);
  b.loop.run();
  EXPECT_EQ(answers, (std::vector<std::optional<int>>{std::nullopt}));
  EXPECT_EQ(b.place.blocking, 0u);
}

TEST(Blocking, AbandonedBeforeOrAfterTheWorkItStillCountsAndFreesEverything) {
  for (const bool worked : {false, true}) {
    bench b;
    const auto held = std::make_shared<int>(7);
    int answer = 0;
    {
      task<void> t = compute_moved(&b.place, held, &answer);
      t.start(b.place);
      if (worked) b.loop.do_jobs();
    }
    EXPECT_EQ(b.place.blocking, 1u) << "the plugin may not stop yet";
    EXPECT_GT(held.use_count(), 1) << "the work still needs what it owns";
    b.loop.do_jobs();
    b.loop.run();
    EXPECT_EQ(b.place.blocking, 0u);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(answer, 0);
  }
}

TEST(Blocking, WorkOnARealThreadHandsItsValueOver) {
  bench b;
  const auto held = std::make_shared<int>(7);
  int answer = 0;
  task<void> t = compute_moved(&b.place, held, &answer);
  t.start(b.place);
  std::thread([&b] { b.loop.do_jobs(); }).join();
  b.loop.run();
  EXPECT_EQ(answer, 7);
}

}  // namespace tharsis
