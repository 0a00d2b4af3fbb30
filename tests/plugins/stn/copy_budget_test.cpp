#include "plugins/stn/core/copy_budget.h"

#include <gtest/gtest.h>

using tharsis::stn::copy_budget;
using tharsis::stn::copy_debts;
using tharsis::stn::copy_settings;

namespace {

constexpr copy_settings shipped;

int spend_all(copy_budget& b) {
  int copies = 0;
  while (copies < 1000 && b.spend(100)) ++copies;
  return copies;
}

}  // namespace

TEST(CopyBudget, AServerOnANetworkHasOneBucketForAllThatGoThere) {
  copy_debts debts;
  copy_budget one(shipped), other(shipped), elsewhere(shipped);
  one.share(debts.of("wifi a"));
  other.share(debts.of("wifi a"));
  elsewhere.share(debts.of("wifi b"));
  EXPECT_EQ(spend_all(one), 10);
  EXPECT_EQ(spend_all(other), 0);
  EXPECT_EQ(spend_all(elsewhere), 10);
  for (int i = 0; i < 20; ++i) one.on_task(0);  // A healthy network: a tenth of a copy each.
  EXPECT_EQ(spend_all(other), 2);
}

TEST(CopyBudget, AnotherConnectionAndComingBackBringNoNewBucket) {
  copy_debts debts;
  for (int connection = 0; connection < 5; ++connection) {
    copy_budget b(shipped);
    b.share(debts.of("wifi a"));
    EXPECT_EQ(spend_all(b), connection == 0 ? 10 : 0);
    b.share(debts.of("cell a"));
    EXPECT_EQ(spend_all(b), connection == 0 ? 10 : 0);
  }
}

TEST(CopyBudget, WhereBytesCostMoneyThereIsHalfOfIt) {
  copy_budget b(shipped);
  b.on_metered(true);
  EXPECT_EQ(b.left(), 5u);
  EXPECT_EQ(spend_all(b), 5);
  for (int i = 0; i < 1000; ++i) b.on_task(1);
  EXPECT_EQ(b.left(), 5u);
  b.on_metered(false);
  EXPECT_EQ(b.left(), 10u);
}

TEST(CopyBudget, OfManyPlacesThoseOfUseLastAreKnown) {
  copy_debts debts;
  copy_budget in_use(shipped);
  in_use.share(debts.of("wifi a"));
  EXPECT_EQ(spend_all(in_use), 10);
  for (int i = 0; i < 1000; ++i) debts.of("network " + std::to_string(i))->missing = 1;
  EXPECT_EQ(spend_all(in_use), 0) << "it stays with who has it";
  EXPECT_EQ(debts.of("network 999")->missing, 1);
  EXPECT_EQ(debts.of("network 1")->missing, 0);
}
