// Goal: a fleet whose servers slow down for a minute recovers with the settings that ship, and one of clients that send again as often
// as they like does not, long after the servers are well; what tells the two apart is the budget.
#include "plugins/stn/core/overload_run.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::stn;

namespace {

overload_result result_of(const overload_policy& p, uint64_t seed = 1, overload_scenario s = {}) {
  s.clients = 4000;
  return overload_run(s, p, seed).run();
}

}  // namespace

TEST(Overload, WithTheSettingsThatShipTheFleetRecovers) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const overload_result r = result_of(our_overload_policy({}, {}), seed);
    EXPECT_GE(r.before, 0.99);
    EXPECT_LT(r.during, 0.6) << "the servers were not slow enough to show anything";
    EXPECT_GE(r.at_end, 0.99);
    ASSERT_TRUE(r.recovers());
    EXPECT_LE(r.recovered, 150s);
    EXPECT_LE(r.worst_load, 1.5);
  }
}

TEST(Overload, NaiveRetriesKeepItDownLongAfterTheServersAreWell) {
  const overload_result r = result_of(naive_overload_policy());
  EXPECT_GE(r.before, 0.99) << "they were well before";
  EXPECT_FALSE(r.recovers());
  EXPECT_LT(r.at_end, 0.05);
}

TEST(Overload, ABudgetAloneLetsThemRecover) {
  const overload_result r = result_of(budgeted_overload_policy({}));
  EXPECT_TRUE(r.recovers());
  EXPECT_GE(r.at_end, 0.99);
}

TEST(Overload, ServersThatRefuseWhatTheyCannotDoRecoverSooner) {
  overload_scenario s;
  s.open_most = 400;
  const overload_result ours = result_of(our_overload_policy({}, {}), 1, s), naive = result_of(naive_overload_policy(), 1, s);
  ASSERT_TRUE(ours.recovers());
  EXPECT_LE(ours.recovered, 60s);
  EXPECT_FALSE(naive.recovers());
}

TEST(Overload, TheSameSeedIsTheSameFleet) {
  EXPECT_EQ(result_of(our_overload_policy({}, {}), 7).answered, result_of(our_overload_policy({}, {}), 7).answered);
}
