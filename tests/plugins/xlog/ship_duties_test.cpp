#include "plugins/xlog/core/ship_duties.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr instant start = instant_from(1'000'000'000'000);
constexpr int64_t wall = 1'795'000'000'000'000'000;
using reason = ship_duty::reason;

ship_settings when(bool wifi, bool error, bool request, bool always = false) {
  ship_settings s;
  s.on_wifi = wifi;
  s.on_error = error;
  s.on_request = request;
  s.always = always;
  return s;
}

}  // namespace

TEST(XlogShipDuties, EverythingGoesAtItsTimesWhereItCostsNothing) {
  ship_duties d(when(true, false, false), start);
  d.on_network(THARSIS_NETWORK_CELLULAR, 0, start);
  EXPECT_FALSE(d.next(start));
  EXPECT_EQ(d.deadline(start), never);
  d.on_network(THARSIS_NETWORK_WIFI, 1, start);
  EXPECT_FALSE(d.next(start)) << "it is metered";
  d.on_network(THARSIS_NETWORK_WIFI, -1, start);
  const auto due = d.next(start);
  ASSERT_TRUE(due);
  EXPECT_TRUE(due->with_files && due->wanted.is_all());
  d.on_done(*due, true, start);
  EXPECT_FALSE(d.next(start));
  EXPECT_EQ(d.deadline(start), start + ship_settings().ask_every);
  EXPECT_TRUE(d.next(d.deadline(start)));
  d.on_network(THARSIS_NETWORK_CELLULAR, 1, start + 1s);
  d.on_network(THARSIS_NETWORK_WIRED, 0, start + 2s);
  EXPECT_TRUE(d.next(start + 2s)) << "what was waited for has come";
}

TEST(XlogShipDuties, AnErrorSendsWhatWasBeforeIt) {
  ship_duties d(when(false, true, false), start);
  d.on_network(THARSIS_NETWORK_CELLULAR, 1, start);
  EXPECT_EQ(d.deadline(start), never);
  d.on_error(wall, start);
  d.on_error(wall + 1'000'000'000, start + 1s);
  EXPECT_FALSE(d.next(start + 1s)) << "what follows belongs to it";
  const instant at = d.deadline(start + 1s);
  EXPECT_EQ(at, start + ship_after_error);
  auto due = d.next(at);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->wanted.since, wall - ship_settings().last.count()) << "before the first of them";
  d.on_done(*due, false, at);
  EXPECT_FALSE(d.next(at));
  due = d.next(d.deadline(at));
  ASSERT_TRUE(due) << "it is owed";
  EXPECT_EQ(due->wanted.since, wall - ship_settings().last.count());
  const instant done = d.deadline(at);
  d.on_done(*due, true, done);
  EXPECT_EQ(d.deadline(done), never);
  d.on_error(wall, done + 1s);
  EXPECT_GE(d.deadline(done + 1s), done + ship_between_errors) << "a program that fails all the time does not send all the time";
}

TEST(XlogShipDuties, NothingIsTriedWithoutANetwork) {
  ship_duties d(when(true, true, true, true), start);
  d.on_network(THARSIS_NETWORK_NONE, -1, start);
  d.on_error(wall, start);
  d.on_asked({}, start);
  EXPECT_FALSE(d.next(start + 1h));
  EXPECT_EQ(d.deadline(start), never);
  d.on_network(THARSIS_NETWORK_UNKNOWN, -1, start + 1h);
  EXPECT_TRUE(d.next(start + 1h));
}

TEST(XlogShipDuties, WhatTheReceiverWantsIsSentOnceEach) {
  ship_duties d(when(false, false, true), start);
  auto due = d.next(start);
  ASSERT_TRUE(due);
  EXPECT_FALSE(due->with_files) << "it is only asked";
  d.on_done(*due, true, start);
  d.on_wishes({{"w1", 1, 2, 3}});
  EXPECT_EQ(d.deadline(start), start);
  due = d.next(start);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->why, reason::wish);
  EXPECT_EQ(due->wish, "w1");
  EXPECT_EQ(due->wanted, (ship_selection{3, 1, 2}));
  d.on_done(*due, false, start);
  EXPECT_FALSE(d.next(start)) << "it is told again when the receiver is asked again";
  ship_duties deaf(when(false, true, false), start);
  deaf.on_wishes({{"w1", 1, 2, 3}});
  EXPECT_FALSE(deaf.next(start));
}

TEST(XlogShipDuties, WhoAskedIsServedUntilItWorked) {
  ship_duties d(when(false, false, true), start);
  d.on_asked({4, 5, 6}, start);
  auto due = d.next(start);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->why, reason::asked);
  d.on_done(*due, false, start);
  d.on_done(*d.next(start), true, start);  // The receiver was asked meanwhile.
  EXPECT_FALSE(d.next(start));
  due = d.next(start + ship_settings().ask_every);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->wanted, (ship_selection{4, 5, 6}));
  d.on_done(*due, true, start + ship_settings().ask_every);
  for (uint32_t i = 0; i < 100; ++i) d.on_asked({0, i, i + 1}, start);
  int served = 0;
  for (instant now = start + 1h; auto next = d.next(now); ++served) {
    if (next->why == reason::look) break;
    d.on_done(*next, true, now);
  }
  EXPECT_EQ(served, 16) << "the oldest give way";
}
