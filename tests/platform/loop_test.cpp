// tharsis.loop/1 on both platforms: order, time, timers, blocking work, the end of a strand.
#include "tests/platform/both_platforms.h"

#include <vector>

using namespace tharsis;
using namespace tharsis::test;

namespace {

class Loop : public BothPlatforms {
 public:
  // What came, in order, by the number that each wake was given.
  static void write_down(void* context, tharsis_handle number) {
    static_cast<Loop*>(context)->came.push_back(number);
  }
  tharsis_status post(tharsis_handle number, tharsis_handle to = 0) {
    return loop.post(loop.self, to, write_down, this, number);
  }
  tharsis_handle timer(duration in, tharsis_handle number) {
    tharsis_handle id = 0;
    EXPECT_EQ(loop.timer_set(loop.self, now() + in.count(), write_down, this, number, &id), THARSIS_OK);
    return id;
  }
  int64_t now() { return loop.now(loop.self); }
  tharsis_strand_audit audit() {
    tharsis_strand_audit a{};
    a.size = sizeof a;
    on(strand, [&] { strand.audit(strand.self, &a); });
    return a;
  }

  const tharsis_strand& strand = stage_->open();
  const tharsis_loop& loop = *strand.loop;
  std::vector<tharsis_handle> came;
};
using numbers = std::vector<tharsis_handle>;

}  // namespace
THARSIS_ON_BOTH(Loop);

TEST_P(Loop, APostComesLaterAndPostsKeepTheirOrder) {
  on(strand, [&] {
    for (tharsis_handle n = 1; n <= 100; ++n) EXPECT_EQ(post(n), THARSIS_OK);
    EXPECT_TRUE(came.empty()) << "never inside the call";
  });
  ASSERT_TRUE(until([&] { return came.size() == 100; }));
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(came[i], i + 1);
}

TEST_P(Loop, ABellComesOnceForAllThatRangItBefore) {
  tharsis_handle one = 0, other = 0;
  on(strand, [&] {
    EXPECT_EQ(loop.bell_open(loop.self, write_down, this, 7, &one), THARSIS_OK);
    EXPECT_EQ(loop.bell_open(loop.self, write_down, this, 8, &other), THARSIS_OK);
    loop.bell_ring(loop.self, one);
    loop.bell_ring(loop.self, one);
    EXPECT_TRUE(came.empty()) << "never inside the call";
  });
  ASSERT_TRUE(until([&] { return came.size() == 1; }));
  loop.bell_ring(loop.self, other);
  ASSERT_TRUE(until([&] { return came.size() == 2; }));
  loop.bell_ring(loop.self, one);
  ASSERT_TRUE(until([&] { return came.size() == 3; }));
  EXPECT_EQ(came, (numbers{7, 8, 7}));
  loop.bell_ring(loop.self, 0);
  loop.bell_ring(loop.self, 77);
}

TEST_P(Loop, ThereIsAnEndOfBells) {
  on(strand, [&] {
    tharsis_handle bell = 0;
    EXPECT_EQ(loop.bell_open(loop.self, nullptr, this, 0, &bell), THARSIS_E_INVALID);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(loop.bell_open(loop.self, write_down, this, 0, &bell), THARSIS_OK);
    EXPECT_EQ(loop.bell_open(loop.self, write_down, this, 0, &bell), THARSIS_E_BUSY);
    strand.close(strand.self);
    loop.bell_ring(loop.self, bell);
  });
  tharsis_handle bell = 0;
  EXPECT_EQ(loop.bell_open(loop.self, write_down, this, 0, &bell), THARSIS_E_GONE);
}

TEST_P(Loop, TheRunningStrandIsKnownToAllAndOutsideThereIsNone) {
  const tharsis_strand& other = stage_->open();
  EXPECT_NE(strand.id, other.id);
  EXPECT_EQ(loop.current(loop.self), 0u);
  on(other, [&] { EXPECT_EQ(loop.current(loop.self), other.id); });
}

TEST_P(Loop, TimeStandsStillInsideAWakeAndTimersAreNeverEarlyAndInOrder) {
  const int64_t begun = now();
  on(strand, [&] {
    EXPECT_EQ(now(), now());
    timer(30ms, 30);
    timer(10ms, 10);
    timer(20ms, 20);
    timer(-1h, 1);
    timer(0ns, 2);
    EXPECT_TRUE(came.empty());
  });
  ASSERT_TRUE(until([&] { return came.size() == 5; }));
  EXPECT_EQ(came, (numbers{1, 2, 10, 20, 30}));
  EXPECT_GE(now() - begun, duration(30ms).count());
}

TEST_P(Loop, ACancelledTimerDoesNotComeEvenWhenItIsDue) {
  struct pair {
    Loop* test;
    tharsis_handle second = 0;
    tharsis_status cancelled = THARSIS_E_INTERNAL;
  } p{this};
  on(strand, [&] {
    const auto cancel_second = [](void* context, tharsis_handle) {
      auto& self = *static_cast<pair*>(context);
      self.test->came.push_back(1);
      self.cancelled = self.test->loop.timer_cancel(self.test->loop.self, self.second);
    };
    const int64_t at = now() + 1000;
    EXPECT_EQ(loop.timer_set(loop.self, at, cancel_second, &p, 0, nullptr), THARSIS_OK);
    EXPECT_EQ(loop.timer_set(loop.self, at, write_down, this, 2, &p.second), THARSIS_OK);
  });
  ASSERT_TRUE(until([&] { return !came.empty(); }));
  settle();
  EXPECT_EQ(came, numbers{1});
  EXPECT_EQ(p.cancelled, THARSIS_OK);
  on(strand, [&] { EXPECT_EQ(loop.timer_cancel(loop.self, p.second), THARSIS_E_GONE); });
}

TEST_P(Loop, AFiredTimersHandleIsGoneForEver) {
  tharsis_handle first = 0;
  on(strand, [&] { first = timer(0ns, 1); });
  ASSERT_TRUE(until([&] { return came.size() == 1; }));
  on(strand, [&] {
    timer(1h, 2);  // It may take the first one's place.
    EXPECT_EQ(loop.timer_cancel(loop.self, first), THARSIS_E_GONE);
  });
  EXPECT_EQ(audit().timers, 1u);
}

TEST_P(Loop, BlockingWorkRunsOffTheStrandAndItsWakeComesOnIt) {
  struct job {
    const tharsis_loop& loop;
    tharsis_handle during = 99, after = 99;
    bool done = false;
  } j{loop};
  on(strand, [&] {
    const auto work = [](void* context) {
      auto& self = *static_cast<job*>(context);
      self.during = self.loop.current(self.loop.self);
    };
    const auto wake = [](void* context, tharsis_handle) {
      auto& self = *static_cast<job*>(context);
      self.after = self.loop.current(self.loop.self);
      self.done = true;
    };
    EXPECT_EQ(loop.run_blocking(loop.self, work, wake, &j, 0), THARSIS_OK);
    EXPECT_FALSE(j.done);
  });
  ASSERT_TRUE(until([&] { return j.done; }));
  EXPECT_EQ(j.during, 0u);
  EXPECT_EQ(j.after, strand.id);
  EXPECT_EQ(audit().blocking, 0u);
}

TEST_P(Loop, WhatBlockingWorkThrowsIsCaughtOnTheStrandBehindItsWake) {
  struct record {
    std::vector<std::string> said;
    static record& of(void* self) { return *static_cast<record*>(self); }
  } r;
  const auto caught = [](void* self) {
    try {
      throw;
    } catch (const std::exception& e) {
      record::of(self).said.emplace_back(e.what());
    }
  };
  strand.catches(strand.self, caught, &r);
  on(strand, [&] {
    const auto work = [](void*) { throw std::runtime_error("the bridge is out"); };
    const auto wake = [](void* self, tharsis_handle) { record::of(self).said.emplace_back("woken"); };
    EXPECT_EQ(loop.run_blocking(loop.self, work, wake, &r, 0), THARSIS_OK);
  });
  ASSERT_TRUE(until([&] { return r.said.size() == 2; }));
  EXPECT_EQ(r.said, (std::vector<std::string>{"woken", "the bridge is out"}));
  EXPECT_EQ(audit().blocking, 0u);
}

TEST_P(Loop, AStrandsFunctionsAreItsOwnAndGoneOnceItIsClosed) {
  const tharsis_strand& other = stage_->open();
  const auto set = [&] { return loop.timer_set(loop.self, 0, write_down, this, 1, nullptr); };
  EXPECT_EQ(set(), THARSIS_E_INVALID);
  on(other, [&] { EXPECT_EQ(set(), THARSIS_E_INVALID); });
  on(strand, [&] {
    timer(0ns, 1);
    EXPECT_EQ(post(2), THARSIS_OK);
    strand.close(strand.self);
    EXPECT_EQ(set(), THARSIS_E_GONE);
  });
  EXPECT_EQ(post(3), THARSIS_E_GONE);
  on(other,
     [&] { EXPECT_EQ(other.loop->post(other.loop->self, strand.id, write_down, this, 4), THARSIS_E_GONE); });
  settle();
  EXPECT_TRUE(came.empty());
}

TEST_P(Loop, NoStrandHasAnIdThatNobodyWasGiven) {
  EXPECT_EQ(post(1, strand.id + 1'000'000), THARSIS_E_GONE);
  EXPECT_EQ(post(1, ~tharsis_handle{0}), THARSIS_E_GONE);
}

TEST_P(Loop, LocalTimeIsAheadOfUtcByLessThanADay) {
  for (const int64_t wall : {int64_t{0}, loop.wall(loop.self), int64_t{-1}, int64_t{4'000'000'000'000'000'000}})
    EXPECT_LT(std::abs(loop.ahead_of_utc(loop.self, wall)), 86'400'000'000'000);
}
