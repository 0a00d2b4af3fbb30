#include "plugins/stn/core/breakers.h"

#include <gtest/gtest.h>

#include "sdk/pure/dice.h"

using namespace tharsis;
using stn::breaker;
using stn::breaker_settings;
using stn::breakers;

namespace {

constexpr instant start = instant(1h);
constexpr breaker_settings shipped;

tharsis_address at(uint8_t last) {
  tharsis_address a = *parse_ip("192.0.2.1");
  a.ip[3] = last;
  a.port = 443;
  return a;
}

void break_it(breaker& b, instant now) {
  for (int i = 0; i < 3; ++i) b.on_failure(shipped, "no answer to the hello", 0s, 1, now);
}

}  // namespace

TEST(Breaker, OneOrTwoFailuresAreBadLuckAndTheThirdOpensIt) {
  breaker b;
  EXPECT_FALSE(b.on_failure(shipped, "x", 0s, 1, start));
  EXPECT_FALSE(b.on_failure(shipped, "x", 0s, 1, start));
  EXPECT_TRUE(b.passes(start));
  EXPECT_TRUE(b.on_failure(shipped, "x", 0s, 1, start));
  EXPECT_FALSE(b.passes(start));
  EXPECT_EQ(b.is(start), breaker::state::open);
  EXPECT_NE(b.words(shipped, start).find("3 of 3 results"), std::string::npos) << b.words(shipped, start);
}

TEST(Breaker, ItIsTheShareOfFailuresThatCounts) {
  breaker b;
  for (int i = 0; i < 100; ++i) b.on_success(shipped, start);
  for (int i = 0; i < 99; ++i) ASSERT_FALSE(b.on_failure(shipped, "x", 0s, 1, start)) << i;
  EXPECT_TRUE(b.on_failure(shipped, "x", 0s, 1, start));
}

TEST(Breaker, WhatCameBeforeTheWindowIsForgotten) {
  breaker b;
  b.on_failure(shipped, "x", 0s, 1, start);
  b.on_failure(shipped, "x", 0s, 1, start);
  EXPECT_FALSE(b.on_failure(shipped, "x", 0s, 1, start + 61s));
  EXPECT_EQ(b.is(start + 61s), breaker::state::closed);
}

TEST(Breaker, OneProbeDecides) {
  breaker b;
  break_it(b, start);
  const instant over = b.passes_at();
  EXPECT_GE(over, start + 4s);
  EXPECT_LE(over, start + 6s);
  EXPECT_EQ(b.is(over), breaker::state::half_open);
  EXPECT_TRUE(b.passes(over));
  b.on_try(shipped, over);
  EXPECT_FALSE(b.passes(over)) << "a second probe";
  EXPECT_TRUE(b.passes(over + shipped.probe)) << "a probe that nobody told of blocks it for ever";
  b.on_success(shipped, over + 1s);
  EXPECT_EQ(b.is(over + 1s), breaker::state::closed);
  EXPECT_TRUE(b.words(shipped, over + 1s).empty());
}

TEST(Breaker, EachProbeThatFailsDoublesTheTimeUpToTheMost) {
  breaker b;
  break_it(b, start);
  duration last{};
  instant now = b.passes_at();
  for (int i = 0; i < 20; ++i) {
    b.on_try(shipped, now);
    EXPECT_TRUE(b.on_failure(shipped, "x", 0s, UINT64_MAX / 2, now));
    const duration pause = b.passes_at() - now;
    EXPECT_LE(pause, shipped.open_max * 6 / 5);
    const std::string told = "it was tried again, and failed " + std::to_string(i + 2) + " times in a row, at last: x";
    EXPECT_EQ(b.words(shipped, now).substr(0, told.size()), told);
    if (i < 2) {
      EXPECT_GT(pause, last);
    }
    last = pause;
    now = b.passes_at();
  }
  EXPECT_GE(last, shipped.open_max * 4 / 5);
}

TEST(Breaker, AServersOwnWishIsKept) {
  breaker b;
  for (int i = 0; i < 3; ++i) b.on_failure(shipped, "too much to do", 90s, 1, start);
  EXPECT_FALSE(b.passes(start + 89s));
  b.on_failure(shipped, "too much to do", 90s, 1, start + 60s);
  EXPECT_FALSE(b.passes(start + 149s));
  EXPECT_TRUE(b.passes(start + 150s));
}

// Goal: whatever happens, in whatever order, a breaker never shuts a server out for longer than it may, and lets one probe
// through at a time.
TEST(Breaker, NoOrderOfEventsShutsAServerOutForLongerThanItMay) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    dice chance(seed);
    breaker b;
    instant now = start;
    for (int i = 0; i < 200; ++i) {
      now += chance.up_to(20s);
      switch (chance.below(3)) {
        case 0: b.on_success(shipped, now); break;
        case 1: b.on_failure(shipped, "x", chance.chance(0.1) ? duration(60s) : duration(), chance.next(), now); break;
        default:
          if (b.passes(now)) b.on_try(shipped, now);
      }
      ASSERT_LE(b.passes_at(), now + shipped.open_max * 6 / 5);
      ASSERT_EQ(b.passes(now), now >= b.passes_at());
      ASSERT_EQ(b.words(shipped, now).empty(), b.is(now) == breaker::state::closed);
    }
  }
}

TEST(Breakers, OnesThatAreOpenAreLeftOutAndAListIsNeverEmpty) {
  breakers all(shipped);
  const auto same = [](const tharsis_address& a) { return a; };
  for (int i = 0; i < 3; ++i) all.on_failure(at(1), "x", 0s, 1, start);
  std::vector<tharsis_address> list{at(1), at(2)};
  all.sift(list, same, start);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].ip[3], 2);
  for (int i = 0; i < 3; ++i) all.on_failure(at(2), "x", 60s, 1, start);
  list = {at(2), at(1)};
  all.sift(list, same, start);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].ip[3], 1) << "the one that may be tried first stands first";
  EXPECT_EQ(all.open(start).size(), 2u);
  list.clear();
  all.sift(list, same, start);
  EXPECT_TRUE(list.empty());
}

TEST(Breakers, OnlyOneOfTwoLinksProbes) {
  breakers all(shipped);
  const auto same = [](const tharsis_address& a) { return a; };
  for (int i = 0; i < 3; ++i) all.on_failure(at(1), "x", 0s, 0, start);
  std::vector<tharsis_address> one{at(1), at(2)}, other{at(1), at(2)};
  all.sift(one, same, start + 10s);
  all.sift(other, same, start + 10s);
  EXPECT_EQ(one.size(), 2u);
  EXPECT_EQ(other.size(), 1u);
}

TEST(Breakers, SwitchedOffTheyLeaveNobodyOut) {
  breaker_settings off;
  off.use = false;
  breakers all(off);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(all.on_failure(at(1), "x", 60s, 1, start));
  std::vector<tharsis_address> list{at(1), at(2)};
  all.sift(list, [](const tharsis_address& a) { return a; }, start);
  EXPECT_EQ(list.size(), 2u);
}

TEST(Breakers, ManyAddressesTakeNoMoreThanTheirRoom) {
  breakers all(shipped);
  for (int i = 0; i < 3; ++i) all.on_failure(at(1), "x", 0s, 1, start);
  for (int i = 0; i < 1000; ++i) {
    tharsis_address a = at(static_cast<uint8_t>(i));
    a.ip[2] = static_cast<uint8_t>(i >> 8);
    a.port = 444;
    all.on_failure(a, "x", 0s, 1, start);
  }
  EXPECT_TRUE(all.open(start).empty());
}
