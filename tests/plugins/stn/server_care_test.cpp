#include "plugins/stn/core/server_care.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::server_care;

namespace {

constexpr instant t0{};

server_care care_of(const stn::rest_settings& rest, const stn::budget_settings& budget, uint64_t seed = 1) { return {rest, budget, seed, {}, {}}; }

}  // namespace

TEST(StnServerCare, WhoWantsToBeAskedLaterIsSparedForThatCommandAloneAndThatIsTold) {
  server_care c = care_of({}, {});
  std::string reason;
  const instant until = c.on_busy(7, "too much\nto do", 10s, t0, reason);
  EXPECT_GE(until, t0 + 10s);
  EXPECT_LE(until, t0 + 12s);
  EXPECT_EQ(c.until(7), until);
  EXPECT_LE(c.until(8), t0);
  EXPECT_NE(reason.find("too much to do"), std::string::npos) << reason;
  const auto told = c.take_told();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].what, static_cast<uint32_t>(THARSIS_STN_SERVER_BUSY));
  EXPECT_EQ(told[0].command, 7u);
  EXPECT_TRUE(c.take_told().empty());
}

TEST(StnServerCare, SwitchedOffNobodyIsSparedAndNothingIsTold) {
  server_care c = care_of({.use = false}, {});
  std::string reason;
  EXPECT_EQ(c.on_busy(7, "x", 10s, t0, reason), t0);
  EXPECT_TRUE(reason.empty());
  EXPECT_TRUE(c.take_told().empty());
}

TEST(StnServerCare, ThatTheBudgetIsUsedUpIsToldOnceASecond) {
  server_care c = care_of({}, {.idle_every = 0s, .idle_most = 2});
  EXPECT_TRUE(c.spend(1, t0));
  EXPECT_TRUE(c.spend(1, t0));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(c.spend(1, t0 + std::chrono::milliseconds(150 * i)));
  EXPECT_EQ(c.take_told().size(), 2u);  // At 0 and at 1.05 s.
}
