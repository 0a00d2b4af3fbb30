#include "sdk/pure/utc.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

using namespace tharsis;

TEST(Utc, AnyWallTimeComesBackToTheMicrosecond) {
  std::mt19937_64 dice(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto wall = static_cast<int64_t>(dice());
    const std::string text = moment_text(wall);
    ASSERT_EQ(text.size(), utc_size) << wall;
    const auto back = parse_utc(text);
    ASSERT_TRUE(back) << text;
    ASSERT_LE(*back, wall);
    ASSERT_LT(wall - *back, 1000) << text;
  }
  EXPECT_EQ(moment_text(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_TRUE(parse_utc(moment_text(std::numeric_limits<int64_t>::min())));
  EXPECT_TRUE(parse_utc(moment_text(std::numeric_limits<int64_t>::max())));
}

TEST(Utc, OnlyTheExactFormIsATime) {
  for (const char* wrong : {"", "2026-11-25", "2026-11-25T10:11:12.123456", "2026-11-25 10:11:12.123456Z",
                            "2026-13-25T10:11:12.123456Z", "2026-02-30T10:11:12.123456Z", "2026-11-25T24:11:12.123456Z",
                            "2026-11-25T10:60:12.123456Z", "2026-11-25T10:11:60.123456Z", "2026-11-25T10:11:12.12345xZ",
                            "1200-11-25T10:11:12.123456Z", "9999-11-25T10:11:12.123456Z"})
    EXPECT_FALSE(parse_utc(wrong)) << wrong;
}

TEST(Utc, DaysAreNamedAndFoundAgain) {
  EXPECT_EQ(utc_day_text(0), "19700101");
  EXPECT_EQ(utc_day(-1), -1);
  EXPECT_EQ(utc_day(day_length), 1);
  for (int64_t day = -1000; day < 40'000; ++day) ASSERT_EQ(parse_utc_day(utc_day_text(day)), day);
  for (const char* wrong : {"", "2026112", "202611251", "20260230", "2026112x"}) EXPECT_FALSE(parse_utc_day(wrong)) << wrong;
}

TEST(Utc, MomentsAreWhatPeopleType) {
  const int64_t now = 1'764'065'472'000'000'000;  // 2025-11-25T10:11:12Z
  EXPECT_EQ(parse_moment("0s", now), now);
  EXPECT_EQ(parse_moment("10m", now), now - 600'000'000'000);
  EXPECT_EQ(parse_moment("2025-11-25T10:11:12", now), now);
  EXPECT_EQ(parse_moment("2025-11-25 10:11:12Z", now), now);
  EXPECT_EQ(parse_moment("2025-11-25T10:11", now), now - 12'000'000'000);
  EXPECT_EQ(parse_moment("2025-11-25T10:11:12.5", now), now + 500'000'000);
  EXPECT_EQ(parse_moment("2025-11-25", now), utc_day(now) * day_length);
  for (const char* wrong : {"", "now", "10", "2025-11-25T", "2025-11-25T10", "2025-11-25T10:11:12.", "2025-11-31",
                            "2025-11-25T10:11:12.1234567", "2025-11-25T10:11:12 CET", "0000-01-01"})
    EXPECT_FALSE(parse_moment(wrong, now)) << wrong;
}
