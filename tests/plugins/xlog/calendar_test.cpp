// Goal: each moment has one day and part; days follow each other without a gap or a double whatever summer time does.
#include "plugins/xlog/core/calendar.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t hour = 3'600'000'000'000;
constexpr int64_t first_day = 20'454;  // 2026-01-01.
constexpr int64_t start = first_day * day_length;

// Of Europe in 2026, at 01:00 UTC on March 29 and October 25.
int64_t berlin(int64_t wall) {
  const bool summer = wall >= start + 87 * day_length + hour && wall < start + 297 * day_length + hour;
  return summer ? 2 * hour : hour;
}
// A zone whose summer time ends at midnight: the clock goes from 24:00 back to 23:00 on that day.
int64_t ends_at_midnight(int64_t wall) { return wall < start + 100 * day_length + 20 * hour ? 4 * hour : 3 * hour; }
// And one whose day begins at 01:00 once.
int64_t begins_at_midnight(int64_t wall) { return wall < start + 100 * day_length + 20 * hour ? 4 * hour : 5 * hour; }

// How often a new file is begun, and the days that they have, minute by minute for so many days.
std::vector<int64_t> days_of_files(const calendar& c, int64_t from, int64_t days) {
  calendar::period begun = c.period_of(from);
  std::vector<int64_t> all = {begun.day};
  for (int64_t wall = from; wall < from + days * day_length; wall += 60'000'000'000) {
    if (!c.is_over(begun, wall)) continue;
    begun = c.period_of(wall);
    all.push_back(begun.day);
  }
  return all;
}

}  // namespace

TEST(XlogCalendar, ADayIsOneOfUtcUnlessLocalOnesAreWanted) {
  EXPECT_EQ(calendar().period_of(start - 1), (calendar::period{first_day - 1, 0}));
  EXPECT_EQ(calendar().period_of(start), (calendar::period{first_day, 0}));
  EXPECT_EQ(calendar({}, berlin).period_of(start - hour), (calendar::period{first_day, 0}));
  EXPECT_EQ(calendar({}, berlin).period_of(start - hour - 1), (calendar::period{first_day - 1, 0}));
  EXPECT_EQ(calendar().period_of(-1), (calendar::period{-1, 0}));
}

TEST(XlogCalendar, ThroughSummerTimeDaysFollowEachOther) {
  for (const calendar::ahead& zone : {calendar::ahead(), calendar::ahead(berlin), calendar::ahead(ends_at_midnight), calendar::ahead(begins_at_midnight)}) {
    const std::vector<int64_t> days = days_of_files(calendar({}, zone), start + 12 * hour, 365);
    ASSERT_EQ(days.size(), 366u);
    for (size_t i = 0; i < days.size(); ++i) EXPECT_EQ(days[i], first_day + static_cast<int64_t>(i));
  }
}

TEST(XlogCalendar, PartsAreCountedFromMidnightAndTheLastIsShorter) {
  const calendar c(7h);
  EXPECT_EQ(c.period_of(start + 7 * hour - 1), (calendar::period{first_day, 0}));
  EXPECT_EQ(c.period_of(start + 7 * hour), (calendar::period{first_day, 1}));
  EXPECT_EQ(c.period_of(start + 23 * hour), (calendar::period{first_day, 3}));
  EXPECT_EQ(c.period_of(start + 24 * hour), (calendar::period{first_day + 1, 0}));
  EXPECT_EQ(days_of_files(c, start, 2).size(), 8u);
  EXPECT_EQ(days_of_files(calendar(24h), start, 2).size(), 2u);
  EXPECT_EQ(days_of_files(calendar(1h), start, 2).size(), 48u);
}

TEST(XlogCalendar, WhereTheClockGoesBackAnHourItsFileIsNotLeft) {
  const std::vector<int64_t> files = days_of_files(calendar(1h, berlin), start + 296 * day_length + 12 * hour, 1);
  EXPECT_EQ(files.size(), 23u) << "24 hours of which two are called the same";
}

TEST(XlogCalendar, AClockThatIsSetBackALittleChangesNoFileAndOneThatWasWrongDoes) {
  const calendar days, hours(1h);
  const auto begun = days.period_of(start);
  EXPECT_FALSE(days.is_over(begun, start - hour));
  EXPECT_FALSE(days.is_over(begun, start - day_length));
  EXPECT_TRUE(days.is_over(begun, start - day_length - 1));
  EXPECT_TRUE(days.is_over(begun, start + day_length));
  const auto part = hours.period_of(start);
  EXPECT_FALSE(hours.is_over(part, start - hour));
  EXPECT_TRUE(hours.is_over(part, start - hour - 1));
}
