// Goal: the quartile of a window is that of the last times, as sorting them would say.
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include "plugins/stn/core/duration_window.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;

namespace {

void compare(uint64_t seed) {
  std::mt19937_64 dice(seed);
  const int64_t range = 1 + static_cast<int64_t>(dice() % 40);  // Narrow ones have many that are alike.
  stn::duration_window<16> window;
  std::vector<duration> all;
  for (int i = 0; i < 60; ++i) {
    all.emplace_back(static_cast<int64_t>(dice() % static_cast<uint64_t>(range)));
    window.add(all.back());
    std::vector<duration> last(all.end() - static_cast<std::ptrdiff_t>(std::min<size_t>(all.size(), 16)), all.end());
    std::sort(last.begin(), last.end());
    ASSERT_EQ(window.size(), last.size()) << "seed " << seed;
    ASSERT_EQ(window.lower_quartile(), last[last.size() / 4]) << "seed " << seed << ", after " << all.size();
  }
}

TEST(DurationWindow, TheQuartileIsThatOfTheLastOnesSorted) { test::for_each_seed(test::seeds(500), compare); }

}  // namespace
