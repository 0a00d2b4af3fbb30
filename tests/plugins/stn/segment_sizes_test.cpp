// Goal: one hole makes the segments of its network small, and of no other; what was wrong, or holds no more, is found out;
// nothing in a file, and no clock, makes them so for ever.
#include "plugins/stn/core/segment_sizes.h"

#include <random>

#include <gtest/gtest.h>

#include "plugins/stn/core/stall.h"

using namespace tharsis;
using stn::segment_sizes;

namespace {

constexpr int64_t wall = 1'767'225'600, minute = 60, hour = 3600;

// Segments are small, and that is sure.
segment_sizes small_here(int64_t at = wall) {
  segment_sizes s;
  s.on_hole(0, 1200, at - minute);
  s.on_hole(0, 1200, at);
  return s;
}

}  // namespace

TEST(SegmentSizes, WhereNothingIsKnownTheSystemChooses) {
  segment_sizes s;
  EXPECT_EQ(s.next(wall).mss, 0);
  EXPECT_FALSE(s.next(wall).trial);
  EXPECT_EQ(s.beside(0), 1200);
  EXPECT_EQ(s.beside(1200), 0) << "there is nothing below";
  EXPECT_FALSE(s.on_passed(0, wall)) << "no news";
}

TEST(SegmentSizes, AHoleMakesThemSmallOnItsNetworkAlone) {
  segment_sizes s;
  s.on_network("cafe");
  EXPECT_TRUE(s.on_hole(0, 1200, wall));
  EXPECT_EQ(s.next(wall).mss, 1200);
  s.on_network("home");
  EXPECT_EQ(s.next(wall).mss, 0);
  s.on_network("");
  EXPECT_EQ(s.next(wall).mss, 0);
  s.on_network("cafe");
  EXPECT_EQ(s.here(), 1200);
}

TEST(SegmentSizes, OnceSeenTheFullSizeIsTriedAfterAMinuteAndTwiceAfterAnHour) {
  segment_sizes s;
  s.on_hole(0, 1200, wall);
  EXPECT_EQ(s.next(wall + minute - 1).mss, 1200);
  EXPECT_EQ(s.next(wall + minute).mss, 0);
  EXPECT_EQ(s.next(wall + minute).mss, 1200) << "one trial at a time";
  s.on_hole(0, 1200, wall + minute);
  EXPECT_EQ(s.next(wall + minute + hour - 1).mss, 1200);
  const auto trial = s.next(wall + minute + hour);
  EXPECT_EQ(trial.mss, 0);
  EXPECT_TRUE(trial.trial);
  EXPECT_EQ(s.beside(0), 1200);
}

TEST(SegmentSizes, ATrialThatPassesEndsIt) {
  segment_sizes s = small_here();
  EXPECT_EQ(s.next(wall + hour).mss, 0);
  EXPECT_TRUE(s.on_passed(0, wall + hour));
  EXPECT_EQ(s.here(), 0);
  EXPECT_EQ(s.size(), 0u);
}

TEST(SegmentSizes, SmallOnesThatPassSayNothingOfLargerOnes) {
  segment_sizes s = small_here();
  EXPECT_FALSE(s.on_passed(1200, wall));
  EXPECT_FALSE(s.on_passed(1000, wall));
  EXPECT_EQ(s.here(), 1200);
}

// What a path carries is found to the next of the known sizes, with a trial each hour and none where nothing is carried.
TEST(SegmentSizes, WhereMuchIsCarriedTheLargestSizeIsFoundByHalves) {
  for (const int64_t carries : {1200, 1250, 1300, 1360, 1400, 1452}) {
    SCOPED_TRACE(carries);
    segment_sizes s = small_here();
    int trials = 0;
    for (int64_t now = wall; now < wall + 24 * hour; now += 10 * minute) {
      s.on_carried(2 << 20);
      const auto c = s.next(now);
      const int64_t size = c.mss == 0 ? segment_sizes::full : c.mss;
      trials += c.trial;
      ASSERT_LE(c.trial ? 0 : size, carries);
      if (size > carries) s.on_hole(c.mss, s.beside(c.mss), now);
      else s.on_passed(c.mss, now);
    }
    EXPECT_LE(s.here(), carries);
    EXPECT_LT(carries - s.here(), 61);
    EXPECT_LE(trials, 24);
  }
  segment_sizes s = small_here();
  for (int64_t now = wall; now < wall + 24 * hour; now += minute) {
    const auto c = s.next(now);
    EXPECT_EQ(c.mss, c.trial ? 0 : 1200) << "little is carried: sizes between would be worth nothing";
  }
}

TEST(SegmentSizes, APathThatHasBecomeNarrowerIsFollowed) {
  segment_sizes s = small_here();
  s.on_passed(1400, wall);
  EXPECT_EQ(s.next(wall).mss, 1400);
  EXPECT_EQ(s.beside(1400), 1200);
  EXPECT_TRUE(s.on_hole(1400, 1200, wall));
  EXPECT_EQ(s.next(wall).mss, 1200);
}

TEST(SegmentSizes, AVerdictHoldsUntilItIsTakenBack) {
  segment_sizes s;
  EXPECT_TRUE(s.clamp(1360, wall));
  EXPECT_FALSE(s.clamp(1360, wall)) << "no news";
  EXPECT_EQ(s.next(wall + hour - 1).mss, 1360);
  EXPECT_TRUE(s.clamp(0, wall));
  EXPECT_FALSE(s.clamp(0, wall));
  EXPECT_EQ(s.next(wall).mss, 0);
}

TEST(SegmentSizes, AClockThatIsSetBackHoldsNothingUpForLongerThanAnHour) {
  segment_sizes s = small_here();
  EXPECT_EQ(s.next(wall - 365 * 24 * hour).mss, 1200);
  EXPECT_EQ(s.next(wall - 365 * 24 * hour + hour).mss, 0);
}

TEST(SegmentSizes, WhatIsKnownSurvivesARestart) {
  segment_sizes s = small_here();
  s.on_network("a network");
  s.on_hole(0, 1200, wall);
  const std::string text = s.text();
  segment_sizes again;
  EXPECT_EQ(again.read(text, wall + 1).status, THARSIS_OK);
  EXPECT_EQ(again.text(), text);
  EXPECT_EQ(again.next(wall + 2).mss, 1200);
  again.on_network("a network");
  EXPECT_EQ(again.next(wall + minute).mss, 0) << "seen once";
  segment_sizes late;
  EXPECT_EQ(late.read(text, wall + 31 * 24 * hour).status, THARSIS_OK);
  EXPECT_EQ(late.size(), 0u);
  segment_sizes early;
  EXPECT_EQ(early.read(text, wall - hour).status, THARSIS_OK);
  EXPECT_EQ(early.size(), 0u) << "of the future";
}

TEST(SegmentSizes, TextsThatMeanNothingAreRefusedWhole) {
  const std::string good = "tharsis.stn segments 1\n- 1200 1460 sure 1767225600\n";
  segment_sizes s;
  EXPECT_EQ(s.read(good, wall).status, THARSIS_OK);
  EXPECT_EQ(s.here(), 1200);
  for (const std::string& bad :
       {std::string(), std::string("tharsis.stn segments 2\n"), good + "x", good.substr(0, good.size() - 1), good + "\n", good + "a 0 1460 sure 1\n",
        good + "a 1460 1460 sure 1\n", good + "a 1200 99999 sure 1\n", good + "a 1200 1460 often 1\n", good + "a 1200 1460 sure soon\n",
        good + "a 1200 1460 sure -1\n", good + "a 1200 1460 sure 1 more\n", good + " 1200 1460 sure 1\n"}) {
    segment_sizes t;
    const error why = t.read(bad, wall);
    EXPECT_EQ(why.status, THARSIS_E_PROTOCOL) << bad;
    EXPECT_FALSE(why.text.empty());
    EXPECT_EQ(t.size(), 0u) << bad;
  }
}

// Goal: whatever is told, in whatever order, the memory is bounded, and what it says makes sense and can be written and read.
TEST(SegmentSizes, OverRandomLivesTheInvariantsHold) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    segment_sizes s;
    int64_t now = wall;
    int64_t last = 0;
    for (int step = 0; step < 300; ++step) {
      now += static_cast<int64_t>(random() % 4000) - (random() % 50 == 0 ? 100'000 : 0);
      switch (random() % 6) {
        case 0: s.on_network(std::string("n") + std::to_string(random() % 100)); break;
        case 1: s.on_passed(last, now); break;
        case 2: s.on_carried(random() % (16 << 20)); break;
        case 3: s.clamp(static_cast<int64_t>(random() % 3) * 600, now); break;
        default:
          last = s.next(now).mss;
          if (const int64_t beside = s.beside(last); beside != 0 && random() % 2) {
            ASSERT_LT(beside, last == 0 ? segment_sizes::full : last);
            s.on_hole(last, beside, now);
            ASSERT_EQ(s.here(), beside);
          }
      }
      ASSERT_LE(s.size(), segment_sizes::known_max);
      ASSERT_LT(s.here(), segment_sizes::full);
    }
    segment_sizes again;
    ASSERT_EQ(again.read(s.text(), now + 1'000'000).status, THARSIS_OK) << s.text();
  }
}

TEST(Stall, StandsStillWhenNothingMovedForItsPatience) {
  const instant t0 = instant(1h);
  stn::stall w;
  EXPECT_FALSE(w.watched());
  EXPECT_EQ(w.deadline(), never);
  w.begin({0, 0, 50ms}, {}, t0);
  EXPECT_EQ(w.deadline(), t0 + 27500us) << "a look in between";
  EXPECT_FALSE(w.on_look({0, 0, 50ms}, t0 + 100ms));
  EXPECT_EQ(w.deadline(), t0 + 110ms);
  EXPECT_FALSE(w.on_look({0, 0, 50ms}, t0 + 110ms - 1ns));
  EXPECT_TRUE(w.on_look({0, 0, 50ms}, t0 + 110ms));
  EXPECT_FALSE(w.watched());
  w.begin({0, 0, {}}, 400ms, t0);
  EXPECT_FALSE(w.on_look({1, 0, {}}, t0 + 500ms)) << "it moved";
  EXPECT_FALSE(w.on_look({1, 0, {}}, t0 + 1099ms));
  EXPECT_TRUE(w.on_look({1, 0, {}}, t0 + 1100ms));
  w.begin({0, 0, {}}, {}, t0);
  EXPECT_FALSE(w.on_look({0, 0, {}}, t0 + 999ms)) << "nobody knows the round trip";
  EXPECT_TRUE(w.on_look({0, 0, {}}, t0 + 1s));
}
