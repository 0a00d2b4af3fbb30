#include "plugins/xlog/core/backlog.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

using list = std::vector<std::string>;

record line(uint32_t level, const std::string& text, int64_t wall = 0) { return {wall, level, 1, "test", text}; }

// Up to the first x, and of a gap how many were lost.
list texts(const std::vector<record>& records) {
  list all;
  for (const record& r : records) all.push_back(r.text.substr(0, r.text.find(r.plugin == "test" ? "x" : " from")));
  return all;
}

}  // namespace

TEST(XlogBacklog, LinesComeOutAsTheyWentInWhateverTheirLevel) {
  backlog waiting(1 << 20);
  waiting.add(line(THARSIS_LOG_DEBUG, "a"));
  waiting.add(line(THARSIS_LOG_FATAL, "b"));
  waiting.add(line(THARSIS_LOG_DEBUG, "c"));
  const auto batch = waiting.take(1 << 20);
  EXPECT_EQ(texts(batch.records), (list{"a", "b", "c"}));
  EXPECT_EQ(batch.through, 3u);
  EXPECT_TRUE(waiting.empty());
}

TEST(XlogBacklog, ABatchIsBoundedButHoldsAtLeastOneLine) {
  backlog waiting(1 << 20);
  waiting.add(line(THARSIS_LOG_INFO, std::string(5000, 'x')));
  waiting.add(line(THARSIS_LOG_INFO, "b"));
  EXPECT_EQ(waiting.take(100).through, 1u);
  EXPECT_EQ(texts(waiting.take(100).records), (list{"b"}));
}

TEST(XlogBacklog, TheNewestOfTheLeastSevereGivesWayAndTheGapStandsInItsPlace) {
  backlog waiting(4 * 1200);
  const std::string wide(900, 'x');
  EXPECT_TRUE(waiting.add(line(THARSIS_LOG_DEBUG, "debug 1" + wide)));
  EXPECT_TRUE(waiting.add(line(THARSIS_LOG_INFO, "info 2" + wide)));
  EXPECT_TRUE(waiting.add(line(THARSIS_LOG_DEBUG, "debug 3" + wide)));
  EXPECT_TRUE(waiting.add(line(THARSIS_LOG_INFO, "info 4" + wide)));
  EXPECT_FALSE(waiting.add(line(THARSIS_LOG_DEBUG, "debug 5" + wide))) << "nothing is less severe than itself";
  EXPECT_TRUE(waiting.add(line(THARSIS_LOG_ERROR, "error 6" + wide)));
  EXPECT_EQ(waiting.lost(), 2u);
  EXPECT_EQ(texts(waiting.take(1 << 20).records), (list{"debug 1", "info 2", "2 lines lost", "info 4", "error 6"}));
}

TEST(XlogBacklog, TheGapTellsHowManyOfWhichLevelAndUntilWhen) {
  backlog waiting(1000);
  waiting.add(line(THARSIS_LOG_INFO, std::string(2000, 'x'), 1'000'000'000));
  waiting.add(line(THARSIS_LOG_ERROR, std::string(2000, 'x'), 2'000'000'000));
  const auto batch = waiting.take(1 << 20);
  ASSERT_EQ(batch.records.size(), 1u);
  EXPECT_EQ(batch.records[0].text,
            "2 lines lost from here to 1970-01-01T00:00:02.000000Z (1 error, 1 info): the memory of 1000 bytes for lines "
            "that wait for the file was full");
  EXPECT_EQ(batch.records[0].wall, 1'000'000'000);
  EXPECT_TRUE(waiting.empty());
}

TEST(XlogBacklog, ALineThatCannotFitCostsNobodyElseAnything) {
  backlog waiting(3000);
  waiting.add(line(THARSIS_LOG_DEBUG, "small"));
  EXPECT_FALSE(waiting.add(line(THARSIS_LOG_FATAL, std::string(5000, 'x'))));
  EXPECT_EQ(texts(waiting.take(1 << 20).records), (list{"small", "1 line lost"}));
}

TEST(XlogBacklog, WhatWasTakenCountsUntilItIsReleased) {
  backlog waiting(1500);
  waiting.add(line(THARSIS_LOG_INFO, std::string(1000, 'x')));
  const auto batch = waiting.take(1 << 20);
  EXPECT_FALSE(waiting.add(line(THARSIS_LOG_FATAL, std::string(1000, 'x'))));
  waiting.release(batch.bytes);
  EXPECT_TRUE(waiting.add(line(THARSIS_LOG_FATAL, std::string(1000, 'x'))));
}

TEST(XlogBacklog, WhatIsGivenUpIsCountedOnce) {
  backlog waiting(1500);
  waiting.add(line(THARSIS_LOG_INFO, std::string(1000, 'x')));
  waiting.add(line(THARSIS_LOG_INFO, std::string(1000, 'x')));
  EXPECT_EQ(waiting.clear(), 1u);
  EXPECT_EQ(waiting.lost(), 2u);
  EXPECT_TRUE(waiting.empty());
  EXPECT_TRUE(waiting.take(1).records.empty());
}

// Goal: nothing vanishes uncounted, order is kept, memory is bounded. Method: random lines, takes and
// late releases; every line is either taken, in order, or in the counts of a gap.
TEST(XlogBacklog, EveryLineIsTakenInOrderOrCounted) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    std::mt19937_64 dice(seed);
    const size_t memory = 4000 + dice() % 20'000;
    backlog waiting(memory);
    uint64_t added = 0, taken = 0, told = 0;
    int64_t last = 0;
    std::vector<size_t> unreleased;
    const auto take = [&](size_t bytes) {
      const auto batch = waiting.take(bytes);
      for (const record& r : batch.records) {
        if (r.plugin == "xlog") {
          told += std::stoull(r.text);
          continue;
        }
        ++taken;
        ASSERT_GT(r.wall, last) << "seed " << seed;
        last = r.wall;
      }
      ASSERT_GE(batch.through, static_cast<uint64_t>(last)) << "seed " << seed;
      unreleased.push_back(batch.bytes);
    };
    for (int step = 0; step < 400; ++step) {
      if (dice() % 8 != 0) {
        const std::string text(dice() % 1500, 'x');
        waiting.add(line(static_cast<uint32_t>(dice() % levels_count), text, static_cast<int64_t>(++added)));
      } else if (dice() % 2 == 0) {
        take(dice() % 5000);
      } else if (!unreleased.empty()) {
        waiting.release(unreleased.back());
        unreleased.pop_back();
      }
      ASSERT_LE(waiting.waiting_bytes(), memory);
    }
    take(1 << 30);
    EXPECT_EQ(taken + told, added) << "seed " << seed;
    EXPECT_EQ(told, waiting.lost()) << "seed " << seed;
    EXPECT_EQ(waiting.waiting_bytes(), 0u) << "seed " << seed;
  }
}
