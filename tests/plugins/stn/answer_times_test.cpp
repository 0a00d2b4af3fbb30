#include "plugins/stn/core/answer_times.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::answer_times;

namespace {
constexpr instant t0 = instant(1h);
constexpr size_t kib = 1024;
}  // namespace

// Mars' formulas, number by number.
TEST(AnswerTimes, GrowWithTheRequestAndWithWhatIsAheadUpToALimit) {
  answer_times t;
  EXPECT_EQ(t.of(0, 0, 0s).first_byte, 12s);
  EXPECT_EQ(t.of(12288, 0, 0s).first_byte, 13s);
  EXPECT_EQ(t.of(1 << 20, 0, 0s).first_byte, 22s);
  EXPECT_EQ(t.of(0, 3, 0s).first_byte, 12s + 4500ms);
  EXPECT_EQ(t.of(0, 1000, 0s).first_byte, 12s + 7500ms);
  EXPECT_EQ(t.of(0, 0, 0s).gap, 8s);
  EXPECT_EQ(t.of(0, 0, 0s).whole, 12s + 5333ms);
  t.on_network(true);
  EXPECT_EQ(t.of(4096, 2, 0s).first_byte, 15s + 1s + 6s);
  EXPECT_EQ(t.of(1 << 20, 0, 0s).first_byte, 30s);
  EXPECT_EQ(t.of(0, 0, 0s).gap, 12s);
  EXPECT_EQ(t.of(0, 0, 0s).whole, 15s + 16s);
}

TEST(AnswerTimes, AServerThatNeedsItsTimeGetsIt) {
  answer_times t;
  EXPECT_EQ(t.of(12288, 1, 60s).first_byte, 60s + 1s + 1500ms);
  EXPECT_EQ(t.of(SIZE_MAX / 4, 0, 1s).gap, 8s) << "no overflow";
}

// In Mars a task of the default never got the shorter time: its server cost was -1, and 0 was asked for.
TEST(AnswerTimes, AnExcellentNetworkIsGivenLessTimeAndLosesThatWithOneFailure) {
  answer_times t;
  for (int i = 0; i < 9; ++i) t.on_answer(kib, 100ms, t0);
  t.on_answer(5 * kib, 1s, t0);
  EXPECT_EQ(t.now(), answer_times::quality::excellent);
  EXPECT_EQ(t.of(100 * kib, 0, 0s).first_byte, 7s);
  t.on_failure(t0 + 1s);
  EXPECT_EQ(t.now(), answer_times::quality::judging);
  EXPECT_EQ(t.of(0, 0, 0s).first_byte, 12s);
}

TEST(AnswerTimes, SmallAnswersAloneDoNotMakeANetworkExcellentNorDoOldLargeOnes) {
  answer_times small;
  for (int i = 0; i < 100; ++i) small.on_answer(kib, 100ms, t0);
  EXPECT_EQ(small.now(), answer_times::quality::judging);
  answer_times old;
  old.on_answer(20 * kib, 1s, t0);
  for (int i = 0; i < 20; ++i) old.on_answer(kib, 100ms, t0 + 6min);
  EXPECT_EQ(old.now(), answer_times::quality::judging);
}

TEST(AnswerTimes, ASlowAnswerStartsTheCountAnewForItsSize) {
  const struct {
    size_t bytes;
    duration quick;
  } rows[] = {{3 * kib, 500ms}, {10 * kib, 2s}, {30 * kib, 4s}, {31 * kib, 6s}};
  for (const auto& row : rows) {
    answer_times quick, slow;
    for (int i = 0; i < 9; ++i) {
      quick.on_answer(5 * kib, 1s, t0);
      slow.on_answer(5 * kib, 1s, t0);
    }
    quick.on_answer(row.bytes, row.quick, t0);
    slow.on_answer(row.bytes, row.quick + 1ms, t0);
    EXPECT_EQ(quick.now(), answer_times::quality::excellent) << row.bytes;
    EXPECT_EQ(slow.now(), answer_times::quality::judging) << row.bytes;
  }
}

TEST(AnswerTimes, ABadNetworkIsCalledSoAndForgottenWithTime) {
  answer_times t;
  for (int i = 0; i < 3; ++i) t.on_failure(t0);
  EXPECT_EQ(t.now(), answer_times::quality::judging);
  t.on_failure(t0);
  EXPECT_EQ(t.now(), answer_times::quality::bad);
  for (int i = 0; i < 10; ++i) t.on_answer(kib, 100ms, t0 + 1s);
  EXPECT_EQ(t.now(), answer_times::quality::judging);
  t.on_network(false);
  for (int i = 0; i < 3; ++i) t.on_failure(t0 + 2s);
  t.on_failure(t0 + 10min);
  EXPECT_EQ(t.now(), answer_times::quality::judging) << "three failures of ten minutes ago do not count";
}
