#include "plugins/stn/core/sync_pace.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::sync_pace;

namespace {

constexpr instant t0 = instant(1h);

struct paced {
  explicit paced(bool account = true) {
    use.on_foreground(true, t0);
    pace.on_account(account);
    pace.on_links(1, 0, t0);
  }
  stn::activity use{{}};
  sync_pace pace{{}, use};
};

}  // namespace

TEST(SyncPace, MarsTimes) {
  EXPECT_EQ(paced().pace.deadline(t0), t0 + 90s);
  EXPECT_EQ(paced(false).pace.deadline(t0), t0 + 240s);
  paced p;
  p.use.on_foreground(false, t0);
  EXPECT_EQ(p.pace.deadline(t0 + 1s), t0 + 90s) << "who has just left may come back";
  EXPECT_EQ(p.pace.deadline(t0 + 601s), t0 + 600s);
  p.pace.on_network(false);
  EXPECT_EQ(p.pace.deadline(t0 + 601s), t0 + 1800s);
}

TEST(SyncPace, ItComesAgainAndAgainWhileNoLinkIsUpAndTellsForHowLong) {
  paced p;
  EXPECT_FALSE(p.pace.on_deadline(t0 + 89s));
  const auto first = p.pace.on_deadline(t0 + 90s);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->period, 90s);
  EXPECT_EQ(first->down_for, 90s);
  EXPECT_FALSE(p.pace.on_deadline(t0 + 91s));
  const auto second = p.pace.on_deadline(t0 + 185s);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->down_for, 185s);
  p.pace.on_links(2, 1, t0 + 186s);
  EXPECT_EQ(p.pace.deadline(t0 + 186s), never);
  EXPECT_FALSE(p.pace.on_deadline(t0 + 3600s));
}

TEST(SyncPace, AnotherLinkThatIsDownDoesNotPutItOff) {
  paced p;
  p.pace.on_links(2, 0, t0 + 60s);
  EXPECT_EQ(p.pace.deadline(t0 + 60s), t0 + 90s);
}

TEST(SyncPace, WithoutANetworkNothingIsToldAndWithoutLinksThereIsNothingToTell) {
  paced p;
  p.pace.on_network(false);
  EXPECT_FALSE(p.pace.on_deadline(t0 + 300s));
  p.pace.on_network(true);
  EXPECT_EQ(p.pace.deadline(t0 + 301s), t0 + 390s);
  sync_pace none{{}, p.use};
  none.on_links(0, 0, t0);
  EXPECT_EQ(none.deadline(t0), never);
}

TEST(SyncPace, APeriodOfNothingIsNever) {
  stn::activity use{{}};
  sync_pace p{{.account = 0s, .no_account = 0s, .inactive = 0s, .no_network = 3}, use};
  p.on_links(1, 0, t0);
  EXPECT_EQ(p.deadline(t0), never);
  EXPECT_FALSE(p.on_deadline(t0 + 24h));
}
