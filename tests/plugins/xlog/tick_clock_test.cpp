// Goal: a tick's time is right to what its counter is worth, forwards and back, and no anchor makes nonsense of it.
#include "plugins/xlog/core/tick_clock.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

constexpr int64_t second = 1'000'000'000;
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
  clock.refine({1'000, 3'000, today + 2'000});  // The counter stood still, or was set back.
  clock.refine({500, 3'000, today + 2'000});
  clock.refine({3'000, 1'000, today + 2'000});
  EXPECT_EQ(clock.anchor(), before);
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
