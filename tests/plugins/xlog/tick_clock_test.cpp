// Goal: a tick's time is right to what its counter is worth, forwards and back, and no anchor makes nonsense of it.
#include "plugins/xlog/core/tick_clock.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

constexpr int64_t second = 1'000'000'000;
using reading_at = tick_clock::reading;
constexpr int64_t today = 1'795'000'000 * second;

}  // namespace

TEST(XlogTickClock, WithoutACounterATickIsANanosecondOfTheWall) {
  const tick_clock clock;
  EXPECT_EQ(wall_of(clock.tick_at(today), clock.anchor()), today);
  EXPECT_NEAR(static_cast<double>(clock.tick_at(today + 777)) - static_cast<double>(today), 777, 256) << "what a double can tell apart";
}

TEST(XlogTickClock, TwoReadingsGiveTheCountersSpeed) {
  // 3 ticks a nanosecond, and a wall clock that goes as the steady one.
  const tick_clock clock({5'000, 100, today}, {5'000 + 6'000'000, 100 + 2'000'000, today + 2'000'000});
  const clock_anchor a = clock.anchor();
  EXPECT_DOUBLE_EQ(a.ticks_per_second, 3e9);
  EXPECT_EQ(wall_of(5'000, a), today) << "ticks before the anchor have their times too";
  EXPECT_EQ(wall_of(a.tick + uint64_t{3'000'000'000} * 3600, a), a.wall + 3600 * second);
  EXPECT_EQ(clock.tick_at(a.wall + second), a.tick + 3'000'000'000);
  EXPECT_EQ(clock.tick_at(a.wall - second), a.tick - 3'000'000'000);
}

TEST(XlogTickClock, LaterReadingsMakeItBetterAndFollowTheWall) {
  tick_clock clock({0, 0, today}, {2'010'000, 1'000'000, today + 1'000'000});  // Misread by half a percent.
  clock.refine({2'000'000'000'000, 1000 * second, today + 4600 * second});     // And somebody set the clock by an hour.
  const clock_anchor a = clock.anchor();
  EXPECT_NEAR(a.ticks_per_second, 2e9, 1);
  EXPECT_EQ(wall_of(a.tick, a), today + 4600 * second);
  EXPECT_NEAR(static_cast<double>(wall_of(a.tick + 2'000'000'000, a) - a.wall), 1e9, 10);
}

TEST(XlogTickClock, AReadingThatCannotBeIsNoReading) {
  tick_clock clock({1'000, 1'000, today}, {2'000, 2'000, today + 1'000});
  const clock_anchor before = clock.anchor();
  clock.refine({2'000, 3'000, today + 2'000});  // The counter stood still.
  clock.refine({3'000, 1'000, today + 2'000});
  EXPECT_EQ(clock.anchor(), before);
}

// 2 ticks a nanosecond; an hour's work, eight hours of sleep, and work again.
TEST(XlogTickClock, AfterASleepTimesAreRightAgainWhateverTheCounterDid) {
  constexpr uint64_t hour = 3'600 * uint64_t{2'000'000'000};
  for (const uint64_t asleep : {uint64_t{0}, 8 * hour, ~uint64_t{0}}) {  // It stood still, ran on, or began at 0 again.
    tick_clock clock({hour, 0, today}, {hour + 4'000'000, 2'000'000, today + 2'000'000});
    clock.refine({2 * hour, 3'600 * second, today + 3'600 * second});
    const uint64_t then = asleep == ~uint64_t{0} ? 0 : 2 * hour + asleep;
    for (const int64_t after : {int64_t{1}, int64_t{60}}) {  // Seconds since it woke.
      const reading_at woke{then + static_cast<uint64_t>(after) * 2'000'000'000, (3'600 + after) * second, today + (9 * 3'600 + after) * second};
      clock.refine({woke.tick, woke.steady, woke.wall});
      const clock_anchor a = clock.anchor();
      EXPECT_NEAR(a.ticks_per_second, 2e9, 2e6) << asleep << " " << after;
      EXPECT_EQ(wall_of(woke.tick, a), woke.wall) << asleep << " " << after;
      EXPECT_NEAR(static_cast<double>(wall_of(woke.tick - 1'000'000'000, a) - woke.wall), -5e8, 1e6) << asleep << " " << after;
    }
  }
}

TEST(XlogTickClock, AClockThatIsSetBackIsFollowedAndTheCountersSpeedStays) {
  tick_clock clock({0, 0, today}, {4'000'000, 2'000'000, today + 2'000'000});
  clock.refine({20'000'000'000, 10 * second, today - 86'400 * second});
  EXPECT_EQ(wall_of(20'000'000'000, clock.anchor()), today - 86'400 * second);
  EXPECT_NEAR(clock.anchor().ticks_per_second, 2e9, 1);
}

TEST(XlogTickClock, NoAnchorLeadsOutOfRange) {
  const uint64_t ticks[] = {0, 1, ~uint64_t{0}, uint64_t{1} << 63};
  const double rates[] = {0, -1, 1e-300, 1, 1e300, std::nan(""), std::numeric_limits<double>::infinity()};
  for (const uint64_t tick : ticks)
    for (const uint64_t at : ticks)
      for (const double rate : rates) {
        const int64_t wall = wall_of(tick, {at, today, rate});
        if (!(rate > 0) || std::isinf(rate)) {
          EXPECT_EQ(wall, today) << tick << " " << at << " " << rate;
        }
      }
}
