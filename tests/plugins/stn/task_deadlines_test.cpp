#include "plugins/stn/core/task_deadlines.h"

#include <gtest/gtest.h>

#include <set>

#include "sdk/pure/dice.h"

using namespace tharsis;
using stn::task_deadlines;

namespace {
constexpr instant t0{};
}

TEST(StnTaskDeadlines, TheEarliestStandsFirstWhateverTheOrderInWhichTheyCame) {
  task_deadlines d;
  EXPECT_EQ(d.first(), never);
  for (const int s : {5, 1, 3, 2, 4}) d.add(t0 + std::chrono::seconds(s), static_cast<uint64_t>(s));
  for (uint64_t s = 1; s <= 5; ++s) {
    EXPECT_EQ(d.first(), t0 + std::chrono::seconds(s));
    EXPECT_EQ(d.first_id(), s);
    d.remove_first();
  }
  EXPECT_TRUE(d.empty());
}

TEST(StnTaskDeadlines, TheFirstIsAlwaysOfAnOpenTaskAndThoseOfOthersAreNotKeptForLong) {
  constexpr uint64_t seed = 20261127;
  dice chance(seed);
  task_deadlines d;
  std::set<uint64_t> open;
  d.add(t0, 1);  // A long-lived early one, behind which others pile up.
  open.insert(1);
  for (uint64_t id = 2; id < 5000; ++id) {
    d.add(t0 + std::chrono::milliseconds(1 + chance.below(10'000)), id);
    open.insert(id);
    if (open.size() > 8) open.erase(std::next(open.begin(), 1 + static_cast<std::ptrdiff_t>(chance.below(open.size() - 1))));
    d.forget(open.size(), [&](uint64_t x) { return open.contains(x); });
    ASSERT_TRUE(open.contains(d.first_id())) << "seed " << seed;
    ASSERT_LE(d.size(), 2 * open.size() + 64) << "seed " << seed;
  }
}
