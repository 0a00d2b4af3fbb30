#include "plugins/stn/core/signalling.h"

#include <gtest/gtest.h>
#include <vector>

using namespace tharsis;
using way = stn::signalling_settings::way;

namespace {

constexpr instant t0{};

// In tenths of a second.
std::vector<int> packets_until(stn::signalling& s, instant from, instant until) {
  std::vector<int> at;
  for (instant now = from; now <= until; now += 100ms)
    if (s.on_deadline(now)) at.push_back(static_cast<int>((now - t0) / 100ms));
  return at;
}

}  // namespace

TEST(Signalling, ABurstIsAPacketEveryPeriodUntilItsEnd) {
  stn::signalling s({way::udp, 5s, 20s});
  EXPECT_EQ(s.deadline(), never);
  EXPECT_FALSE(s.on_deadline(t0 + 1h));
  s.on_wish(t0 + 1h);
  EXPECT_EQ(packets_until(s, t0 + 1h, t0 + 2h), (std::vector<int>{36000, 36050, 36100, 36150}));
  EXPECT_FALSE(s.running());
  EXPECT_EQ(s.deadline(), never);
}

TEST(Signalling, WhatTheLinkSaysOrHearsDoesAsWell) {
  stn::signalling s({way::udp, 5s, 20s});
  s.on_wish(t0);
  EXPECT_TRUE(s.on_deadline(t0));
  s.on_traffic(t0 + 4s);
  EXPECT_EQ(s.deadline(), t0 + 9s);
  s.on_traffic(t0 + 8s);
  EXPECT_EQ(packets_until(s, t0 + 8s, t0 + 1min), (std::vector<int>{130, 180}));
}

TEST(Signalling, WhoAsksAgainProlongsIt) {
  stn::signalling s({way::udp, 5s, 20s});
  s.on_wish(t0);
  EXPECT_TRUE(s.on_deadline(t0));
  s.on_wish(t0 + 3s);
  EXPECT_EQ(packets_until(s, t0 + 3s, t0 + 1min), (std::vector<int>{50, 100, 150, 200})) << "and not one more";
}

TEST(Signalling, OffIsOff) {
  stn::signalling s({way::off, 5s, 20s});
  s.on_wish(t0);
  EXPECT_FALSE(s.on_deadline(t0));
  EXPECT_EQ(s.deadline(), never);
}
