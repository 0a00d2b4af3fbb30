#include "plugins/dns/core/cache.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr settings::cache_settings quick{.ttl = 10s, .negative_ttl = 2s, .entries = 3};
constexpr instant t0{};

subject about(const std::string& name, uint32_t family = 0) { return {name, family}; }
answer good() { return {THARSIS_OK, THARSIS_DNS_SYSTEM, {*parse_ip("192.0.2.1")}, {}}; }
answer bad(tharsis_status status) { return {status, THARSIS_DNS_SYSTEM, {}, "why"}; }

}  // namespace

TEST(Cache, AnAnswerIsKnownUntilItsTimeAndNotLonger) {
  cache c(quick);
  c.put(about("a"), good(), t0);
  c.put(about("b"), bad(THARSIS_E_NOT_FOUND), t0);
  EXPECT_NE(c.find(about("a"), t0 + 10s - 1ns), nullptr);
  EXPECT_EQ(c.find(about("a"), t0 + 10s), nullptr);
  EXPECT_NE(c.find(about("b"), t0 + 2s - 1ns), nullptr);
  EXPECT_EQ(c.find(about("b"), t0 + 2s), nullptr);
  EXPECT_EQ(c.size(), 0u) << "what is over takes no room";
}

TEST(Cache, UsingAnAnswerDoesNotMakeItLiveLonger) {
  cache c(quick);
  c.put(about("a"), good(), t0);
  for (auto t = t0; t < t0 + 10s; t += 1s) ASSERT_NE(c.find(about("a"), t), nullptr);
  EXPECT_EQ(c.find(about("a"), t0 + 10s), nullptr);
}

TEST(Cache, FamiliesAreRememberedApart) {
  cache c(quick);
  c.put(about("a", 4), good(), t0);
  EXPECT_EQ(c.find(about("a", 6), t0), nullptr);
  EXPECT_EQ(c.find(about("a", 0), t0), nullptr);
}

TEST(Cache, WhatSaysNothingAboutTheNameIsNotKept) {
  cache c(quick);
  for (const tharsis_status s : {THARSIS_E_TIMEOUT, THARSIS_E_CANCELLED}) c.put(about("a"), bad(s), t0);
  EXPECT_EQ(c.size(), 0u);
}

TEST(Cache, TheOneUnusedForLongestGoesFirst) {
  cache c(quick);
  for (const char* name : {"a", "b", "c"}) c.put(about(name), good(), t0);
  EXPECT_NE(c.find(about("a"), t0), nullptr);
  c.put(about("d"), good(), t0);
  EXPECT_EQ(c.find(about("b"), t0), nullptr);
  for (const char* name : {"a", "c", "d"}) EXPECT_NE(c.find(about(name), t0), nullptr) << name;
}

TEST(Cache, WithoutATimeNothingIsKept) {
  cache c({.ttl = 0s, .negative_ttl = 0s, .entries = 3});
  c.put(about("a"), good(), t0);
  c.put(about("b"), bad(THARSIS_E_NETWORK), t0);
  EXPECT_EQ(c.size(), 0u);
}

TEST(Cache, WhatServersSayHoldsAsLongAsTheySayWithinBounds) {
  cache c({.ttl = 60s, .negative_ttl = 2s, .ttl_min = 10s, .ttl_max = 1h, .negative_ttl_max = 5min, .entries = 9});
  const auto holds = [&](tharsis_status status, std::optional<duration> life, duration until) {
    answer a{status, THARSIS_DNS_SERVERS, {}, {}};
    a.life = life;
    c.put(about("a"), a, t0);
    return c.find(about("a"), t0 + until - 1ms) != nullptr && c.find(about("a"), t0 + until) == nullptr;
  };
  EXPECT_TRUE(holds(THARSIS_OK, 90s, 90s));
  EXPECT_TRUE(holds(THARSIS_OK, 1s, 10s));
  EXPECT_TRUE(holds(THARSIS_OK, std::nullopt, 10s)) << "a life of nothing";
  EXPECT_TRUE(holds(THARSIS_OK, 24h * 365 * 68, 1h)) << "one of 68 years";
  EXPECT_TRUE(holds(THARSIS_E_NOT_FOUND, 90s, 90s));
  EXPECT_TRUE(holds(THARSIS_E_NOT_FOUND, 24h, 5min));
  EXPECT_TRUE(holds(THARSIS_E_NOT_FOUND, std::nullopt, 2s));
  EXPECT_TRUE(holds(THARSIS_E_NETWORK, 90s, 2s)) << "no zone knows of the network";
  c.put(about("b"), answer{THARSIS_E_DENIED, THARSIS_DNS_SERVERS, {}, {}}, t0);
  EXPECT_EQ(c.find(about("b"), t0), nullptr) << "whom a mode does not believe has said nothing";
}
