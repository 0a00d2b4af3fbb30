// What the buckets promise: every value has one, they follow each other, and a quantile is off by less than
// half of the true value.
#include "sdk/pure/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "sdk/pure/metrics.h"

using namespace tharsis;

namespace {

using cells = std::vector<uint64_t>;
cells no_cells() { return cells(THARSIS_HISTOGRAM_CELLS); }

// Of all sizes alike, small ones and zero too.
uint64_t any_size(std::mt19937_64& random) {
  const auto bits = static_cast<unsigned>(random() % 65);
  return bits == 0 ? 0 : random() >> (64 - bits);
}

}  // namespace

TEST(Histogram, TheContractsExamples) {
  const std::pair<uint64_t, size_t> known[] = {{0, 0}, {1, 1}, {2, 3}, {3, 4}, {4, 5}, {5, 5}, {6, 6}, {7, 6}, {8, 7},
                                               {UINT64_MAX / 2, 126}, {UINT64_MAX / 2 + 1, 127}, {UINT64_MAX, 128}};
  for (const auto& [value, bucket] : known) EXPECT_EQ(bucket_of(value), bucket) << value;
}

TEST(Histogram, BucketsFollowEachOtherWithoutAGap) {
  uint64_t next = 0;
  for (size_t b = 0; b < THARSIS_HISTOGRAM_BUCKETS; ++b) {
    if (b == 2) continue;  // Nothing falls there.
    EXPECT_EQ(bucket_least(b), next) << b;
    EXPECT_EQ(bucket_of(bucket_least(b)), b);
    EXPECT_EQ(bucket_of(bucket_most(b)), b);
    EXPECT_LE(bucket_most(b) - bucket_least(b), bucket_least(b) / 2) << b;
    next = bucket_most(b) + 1;
  }
  EXPECT_EQ(next, 0u) << "the last bucket ends where the numbers end";
}

TEST(Histogram, AnyValueLiesInItsBucketAndLargerOnesInNoLowerOne) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t a = any_size(random), b = any_size(random);
    ASSERT_LE(bucket_least(bucket_of(a)), a);
    ASSERT_GE(bucket_most(bucket_of(a)), a);
    ASSERT_EQ(a < b && bucket_of(a) > bucket_of(b), false) << a << " " << b;
  }
}

TEST(Histogram, AQuantileIsOffByLessThanHalf) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<uint64_t> values(1 + random() % 400);
    cells c = no_cells();
    const histogram h(c.data());
    for (uint64_t& v : values) h.record(v = any_size(random) >> 1);
    std::sort(values.begin(), values.end());
    uint64_t before = 0;
    for (const double share : {0.0, 0.01, 0.25, 0.5, 0.95, 0.99, 1.0}) {
      const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
      const uint64_t exact = values[std::max<size_t>(rank, 1) - 1];
      const uint64_t told = quantile(c.data() + 1, share);
      ASSERT_EQ(bucket_of(told), bucket_of(exact)) << "seed " << seed << " share " << share;
      ASSERT_LE(told > exact ? told - exact : exact - told, exact / 2) << "seed " << seed << " share " << share;
      ASSERT_GE(told, before) << "seed " << seed << " share " << share;
      before = told;
    }
    ASSERT_GE(largest_at_most(c.data() + 1), values.back());
    ASSERT_EQ(values_in(c.data() + 1), values.size());
  }
}

TEST(Histogram, NothingIsKnownOfNothing) {
  const cells none = no_cells();
  EXPECT_EQ(quantile(none.data() + 1, 0.5), 0u);
  EXPECT_EQ(largest_at_most(none.data() + 1), 0u);
}

TEST(Metrics, WithoutACellNothingIsCounted) {
  counter().add();
  gauge().set(3);
  gauge().raise(3);
  shared_histogram().record(3);
}

TEST(Metrics, TheyChangeTheirCells) {
  uint64_t cell = 0;
  counter(&cell).add();
  shared_counter(&cell).add(2);
  EXPECT_EQ(cell, 3u);
  const gauge level(&cell);
  level.set(-2);
  level.add(-3);
  EXPECT_EQ(static_cast<int64_t>(cell), -5);
  level.raise(-7);
  EXPECT_EQ(static_cast<int64_t>(cell), -5) << "not lower";
  level.raise(4);
  EXPECT_EQ(cell, 4u);
  shared_gauge(&cell).raise(2);
  EXPECT_EQ(cell, 4u);
  shared_gauge(&cell).raise(9);
  EXPECT_EQ(cell, 9u);
  cells c = no_cells();
  shared_histogram(c.data()).record(6);
  EXPECT_EQ(c[0], 6u);
  EXPECT_EQ(c[1 + 6], 1u);
}
