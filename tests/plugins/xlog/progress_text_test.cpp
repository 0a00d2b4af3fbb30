// Goal: a person sees at a glance how far long work is, and nothing of short work. Method: chosen values.
#include "plugins/xlog/core/progress_text.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

constexpr int64_t second = 1'000'000'000;

TEST(XlogProgress, TellsShareBytesSpeedAndFile) {
  EXPECT_EQ(progress_text({1'230'000'000, 2'900'000'000, 2 * second, "logs/a.tlog"}), "42 %, 1.2 of 2.9 GB, 615 MB/s, logs/a.tlog");
  EXPECT_EQ(progress_text({0, 5'000'000, second, "a"}), "0 %, 0.0 of 5.0 MB, 0 B/s, a");
  EXPECT_EQ(progress_text({12'345'678, 345'678'901, 10 * second, "a"}), "3 %, 12 of 346 MB, 1.2 MB/s, a");
  EXPECT_EQ(progress_text({999'600, 999'600, second, "a"}), "100 %, 1.0 of 1.0 MB, 1.0 MB/s, a");
  EXPECT_EQ(progress_text({7, 9, 0, "a"}), "77 %, 7 of 9 B, a");
}

TEST(XlogProgress, AFileThatGrewIsNotMoreThanAll) {
  EXPECT_EQ(progress_text({300, 200, second, "a"}), "100 %, 200 of 200 B, 300 B/s, a");
  EXPECT_EQ(progress_text({0, 0, second, "a"}), "100 %, 0 of 0 B, 0 B/s, a");
}

TEST(XlogProgress, BeginsLateAndComesAtIntervals) {
  progress_pace pace(100);
  EXPECT_FALSE(pace.is_due(100));
  EXPECT_FALSE(pace.is_due(99 + progress_after.count()));
  EXPECT_TRUE(pace.is_due(100 + progress_after.count()));
  EXPECT_FALSE(pace.is_due(100 + progress_after.count()));
  EXPECT_TRUE(pace.is_due(100 + progress_after.count() + progress_interval.count()));
}
