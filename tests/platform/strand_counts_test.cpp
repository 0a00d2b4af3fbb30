// What a strand counts about itself, on both platforms; and that it stops when it is closed.
#include "tests/platform/both_platforms.h"

namespace tharsis::test {
namespace {

class StrandCounts : public BothPlatforms {
 protected:
  uint64_t wakes = 0, timers = 0, queue_high = 0, turn_longest = 0, blocking = 0, blocking_refused = 0;
  const tharsis_strand_cells cells{sizeof cells, &wakes, &timers, &queue_high, &turn_longest, &blocking, &blocking_refused};
};

}  // namespace

TEST_P(StrandCounts, WakesTimersQueueAndBlockingWork) {
  const tharsis_strand& s = stage_->open();
  s.count_into(s.self, &cells);
  const tharsis_loop& loop = *s.loop;
  int ran = 0;
  const auto wake = [](void* c, tharsis_handle) { ++*static_cast<int*>(c); };
  on(s, [&] {
    for (int i = 0; i < 5; ++i) loop.post(loop.self, 0, wake, &ran, 0);
    loop.timer_set(loop.self, loop.now(loop.self) + 1'000'000, wake, &ran, 0, nullptr);
    loop.run_blocking(loop.self, [](void*) {}, wake, &ran, 0);
  });
  ASSERT_TRUE(until([&] { return ran == 7; }));
  settle();  // The end of a turn is counted after its last wake.
  EXPECT_EQ(wakes, 8u);
  EXPECT_EQ(timers, 1u);
  EXPECT_GE(queue_high, 5u);
  EXPECT_LE(queue_high, 7u);
  EXPECT_EQ(blocking, 1u);
  EXPECT_EQ(blocking_refused, 0u);
  EXPECT_EQ(turn_longest > 0, !simulated()) << "in the simulation a callback takes no time";
}

TEST_P(StrandCounts, AfterItsEndTheCellsAreNotTouched) {
  const tharsis_strand& s = stage_->open();
  s.count_into(s.self, &cells);
  const tharsis_strand& other = stage_->open();
  on(other, [] {});
  const uint64_t before = wakes;
  on(s, [&] { s.close(s.self); });
  settle();
  EXPECT_LE(wakes, before + 1) << "the wake that closed it may have been counted before";
}

THARSIS_ON_BOTH(StrandCounts);

}  // namespace tharsis::test
