#include "plugins/stn/core/origin_care.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::origin_care;

namespace {
constexpr instant t0{};
}

TEST(StnOriginCare, OneOriginIsSparedAndAnotherIsNot) {
  origin_care c({}, {});
  const instant until = c.on_busy("https://a.test", 10s, 12345, t0);
  EXPECT_GE(until, t0 + 10s);
  EXPECT_LE(until, t0 + 12s);
  EXPECT_EQ(c.until("https://a.test"), until);
  EXPECT_LE(c.until("https://b.test"), t0);
  EXPECT_EQ(c.on_busy("https://b.test", 365 * 24h, 0, t0), t0 + stn::rest_settings{}.most);
}

TEST(StnOriginCare, EachOriginHasABudgetOfItsOwn) {
  origin_care c({}, {.share = 50, .idle_every = 0s, .idle_most = 1});
  EXPECT_TRUE(c.spend("a", t0));
  EXPECT_FALSE(c.spend("a", t0));
  EXPECT_TRUE(c.spend("b", t0));
  c.on_first("a", t0);
  EXPECT_FALSE(c.spend("a", t0));
  c.on_first("a", t0);
  EXPECT_TRUE(c.spend("a", t0));
}

TEST(StnOriginCare, OriginsThatWereNotAskedForLongAreForgotten) {
  origin_care c({}, {.idle_every = 0s, .idle_most = 1});
  EXPECT_TRUE(c.spend("first", t0));
  for (size_t i = 0; i < origin_care::known_max; ++i) c.on_first("o" + std::to_string(i), t0);
  EXPECT_TRUE(c.spend("first", t0)) << "it begins anew";
}
