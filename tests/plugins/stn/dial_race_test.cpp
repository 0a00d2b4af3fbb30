#include "plugins/stn/core/dial_race.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::dial_race;

namespace {
constexpr stn::dial_settings quick{.stagger = 2s, .parallel = 2, .timeout = 10s};
constexpr instant t0 = instant(1h);

stn::dial_terms unknown(size_t addresses) { return {std::vector<duration>(addresses), {}, false}; }
stn::dial_terms known(size_t addresses, duration takes) { return {std::vector<duration>(addresses, takes), {}, false}; }
}  // namespace

TEST(DialRace, TheFirstStartsAtOnceTheNextAfterTheStagger) {
  dial_race r(quick, unknown(3), t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  EXPECT_EQ(r.take_start(t0), std::nullopt);
  EXPECT_EQ(r.deadline(), t0 + 2s);
  EXPECT_EQ(r.take_start(t0 + 2s), 1u);
  EXPECT_EQ(r.take_start(t0 + 1h), std::nullopt) << "two at a time";
  EXPECT_EQ(r.deadline(), never);
}

TEST(DialRace, AfterAFailureTheNextStartsAtOnce) {
  dial_race r(quick, unknown(3), t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  r.on_failed(0, t0 + 100ms);
  EXPECT_EQ(r.take_start(t0 + 100ms), 1u);
}

TEST(DialRace, OneThatProvesWhoItIsGetsTime) {
  dial_race r(quick, unknown(3), t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  r.on_progress(0, t0 + 1500ms);
  EXPECT_EQ(r.take_start(t0 + 2s), std::nullopt);
  EXPECT_EQ(r.deadline(), t0 + 3500ms);
}

TEST(DialRace, ItIsLostWhenAllHaveFailed) {
  dial_race r(quick, unknown(2), t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  r.on_failed(0, t0);
  EXPECT_FALSE(r.lost());
  EXPECT_EQ(r.take_start(t0), 1u);
  r.on_failed(1, t0);
  EXPECT_TRUE(r.lost());
  EXPECT_EQ(r.take_start(t0 + 1h), std::nullopt);
  EXPECT_EQ(r.deadline(), never);
}

TEST(DialRace, WhereThereAreOthersNobodyWaitsForTheSilentForLong) {
  stn::dial_terms t = unknown(2);
  EXPECT_EQ(dial_race({}, t, t0).silent_until(), never) << "nobody else is there";
  t.others = true;
  dial_race r({}, t, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  EXPECT_EQ(r.silent_until(), never) << "one was not tried";
  EXPECT_EQ(r.take_start(t0 + 250ms), 1u);
  EXPECT_EQ(r.silent_until(), t0 + 2250ms);
  r.on_progress(0, t0 + 300ms);
  EXPECT_EQ(r.silent_until(), never) << "one is connected";
  r.on_failed(0, t0 + 400ms);
  EXPECT_EQ(r.silent_until(), t0 + 2250ms);
}

TEST(DialRace, ThatOneIsDialledAgainGivesASilentEndpointNoMoreTime) {
  stn::dial_terms t = known(1, 100ms);
  t.others = true;
  dial_race r({}, t, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  EXPECT_EQ(r.take_start(r.deadline()), 1u) << "its first packet may be lost";
  EXPECT_EQ(r.silent_until(), t0 + 2s);
}

// 100 ms away, on a network that nobody knows: the answer of the second comes within 0.46 s, that of the fourth within
// 0.72 s, with a round trip for the connection and one for the answer.
TEST(DialRace, WhereNothingIsKnownTheSecondComesAfterAQuarterOfASecondAndTheRestTwiceAsFast) {
  dial_race r({}, unknown(4), t0);
  for (const duration at : {0ms, 250ms, 375ms, 500ms}) {
    EXPECT_EQ(r.take_start(t0 + at - 1ns), std::nullopt);
    EXPECT_NE(r.take_start(t0 + at), std::nullopt);
  }
  EXPECT_EQ(r.deadline(), never) << "none of them is known to be there at all";
}

TEST(DialRace, WhereConnectingIsKnownTheNextOneComesAQuarterLaterThanThat) {
  for (const auto& [takes, wait] : {std::pair<duration, duration>{10ms, 50ms}, {100ms, 125ms}, {180ms, 225ms}, {5s, 250ms}}) {
    dial_race own({}, known(2, takes), t0), other({}, {std::vector<duration>(2), takes, false}, t0);
    for (dial_race* r : {&own, &other}) {
      EXPECT_EQ(r->take_start(t0), 0u);
      EXPECT_EQ(r->deadline(), t0 + wait);
    }
  }
}

TEST(DialRace, OnAWeakNetworkNobodyWaitsForLong) {
  dial_race r({}, {std::vector<duration>(3, 300ms), {}, true}, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  EXPECT_EQ(r.take_start(t0 + 50ms), 1u);
  EXPECT_EQ(r.take_start(t0 + 100ms), 2u);
}

TEST(DialRace, OneThatIsKnownToAnswerIsDialledAgainWhenNoOtherIsLeft) {
  dial_race r({}, known(1, 300ms), t0);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(r.take_start(t0 + i * 375ms - 1ns), std::nullopt);
    EXPECT_EQ(r.take_start(t0 + i * 375ms), static_cast<size_t>(i));
    EXPECT_EQ(r.address(static_cast<size_t>(i)), 0u);
  }
  EXPECT_EQ(r.deadline(), never) << "four packets are enough";
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_FALSE(r.lost());
    r.on_failed(i, t0 + 2s);
  }
  EXPECT_TRUE(r.lost());
}

TEST(DialRace, NobodyIsDialledAgainWhoHasRefusedOrHasAnswered) {
  dial_race refused({}, known(2, 100ms), t0);
  EXPECT_EQ(refused.take_start(t0), 0u);
  refused.on_failed(0, t0 + 100ms);
  EXPECT_EQ(refused.take_start(t0 + 100ms), 1u);
  EXPECT_EQ(refused.deadline(), t0 + 225ms);
  EXPECT_EQ(refused.address(*refused.take_start(t0 + 225ms)), 1u);

  dial_race answered({}, known(1, 100ms), t0);
  EXPECT_EQ(answered.take_start(t0), 0u);
  answered.on_progress(0, t0 + 100ms);
  EXPECT_EQ(answered.deadline(), never);
}

// Else four dead addresses in front would be waited for until their time is over.
TEST(DialRace, AnAttemptThatIsSilentForASecondMakesRoomForAnother) {
  dial_race r({}, unknown(6), t0);
  instant last = t0;
  for (int i = 0; i < 6; ++i) {
    last = std::max(last, r.deadline());
    EXPECT_EQ(r.take_start(last), static_cast<size_t>(i));
  }
  EXPECT_EQ(last, t0 + 1250ms);
}

// Goal: whatever happens every address gets its try, once, in order, and never too many run.
TEST(DialRace, EveryAddressIsTriedOnceInOrderAndTheLimitHolds) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const size_t count = random() % 8 + 1;
    const stn::dial_settings s{
        .stagger = 2s, .parallel = static_cast<int64_t>(random() % 3 + 1), .timeout = 10s};
    dial_race r(s, unknown(count), t0);
    instant now = t0;
    size_t expected = 0;
    std::vector<size_t> running;
    for (int turn = 0; turn < 300 && !r.lost(); ++turn) {
      while (const auto next = r.take_start(now)) {
        ASSERT_EQ(*next, expected++);
        running.push_back(*next);
        ASSERT_LE(static_cast<int64_t>(running.size()), s.parallel);
      }
      now += random() % 3000 * 1ms;
      if (!running.empty() && random() % 2) {
        r.on_failed(running.back(), now);
        running.pop_back();
      } else if (!running.empty() && random() % 3 == 0) {
        r.on_progress(running.front(), now);
      }
    }
    ASSERT_TRUE(r.lost());
    ASSERT_EQ(expected, count);
  }
}
