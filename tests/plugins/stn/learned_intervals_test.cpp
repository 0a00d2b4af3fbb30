#include "plugins/stn/core/learned_intervals.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::learned_interval;
using stn::learned_intervals;

namespace {
constexpr const char* first = "tharsis.stn intervals 1\n";

void expect_refused(const std::string& text, std::string_view part) {
  const auto read = learned_intervals::parse(text);
  ASSERT_FALSE(read) << text;
  EXPECT_NE(read.failure().text.find(part), std::string::npos) << read.failure().text;
}
}  // namespace

TEST(LearnedIntervals, KnowWhatWasPutByLinkAndNetwork) {
  learned_intervals all;
  all.put("main", "wifi/Café 5 GHz", {270s, true, 5});
  all.put("main", "", {330s, false, 6});
  all.put("side", "", {390s, false, 7});
  all.put("side", "", {450s, false, 8});
  EXPECT_EQ(all.find("main", "wifi/Café 5 GHz"), (learned_interval{270s, true, 5}));
  EXPECT_EQ(all.find("main", ""), (learned_interval{330s, false, 6}));
  EXPECT_EQ(all.find("side", ""), (learned_interval{450s, false, 8}));
  EXPECT_FALSE(all.find("main", "wifi/Cafe"));
}

TEST(LearnedIntervals, ComeBackFromTheirText) {
  learned_intervals all;
  all.put("main", "a b\nc 1 settled 2", {270s, true, 5});
  all.put("main", "", {330s, false, 6});
  auto again = learned_intervals::parse(all.text());
  ASSERT_TRUE(again) << again.failure().text;
  EXPECT_EQ(again->text(), all.text());
  EXPECT_EQ(again->find("main", "a b\nc 1 settled 2"), (learned_interval{270s, true, 5}));
}

TEST(LearnedIntervals, KeepWhatWasOfUseLast) {
  learned_intervals all;
  all.put("main", "home", {270s, true, 5});
  for (int i = 0; i < 1000; ++i) {
    all.put("main", "hotel" + std::to_string(i), {210s, false, 5});
    ASSERT_TRUE(all.find("main", "home"));
  }
  EXPECT_EQ(all.size(), learned_intervals::kept_max);
  EXPECT_FALSE(all.find("main", "hotel0"));
}

TEST(LearnedIntervals, TheNewerIsRightWhereBothKnow) {
  learned_intervals all, newer;
  all.put("main", "a", {270s, true, 5});
  all.put("main", "b", {270s, true, 5});
  newer.put("main", "b", {330s, true, 6});
  all.add_newer(newer);
  EXPECT_EQ(all.find("main", "a")->interval, 270s);
  EXPECT_EQ(all.find("main", "b")->interval, 330s);
}

TEST(LearnedIntervals, WhatMeansNothingIsRefusedWithItsLine) {
  expect_refused("", "first line");
  expect_refused("tharsis.stn intervals 2\n", "first line");
  std::string good = first;
  good += "main - 270 settled 5\n";
  ASSERT_TRUE(learned_intervals::parse(good));
  for (const char* line : {"main - 270 settled\n", "main - 270 unsettled 5\n", "main - -1 settled 5\n", "main - 1e3 settled 5\n",
                           "main - 270 settled 5 6\n", "main - 99999999999 settled 5\n", "main\n", "\n", "main - 270 settled 5",
                           "main - 270 settled -5\n", "main - 330 settled 6\nmain - 270 settled 5\n"})
    expect_refused(good + line, "line ");
}

TEST(LearnedIntervals, ATextCutAnywhereIsWholeLinesOrRefused) {
  learned_intervals all;
  for (int i = 0; i < 5; ++i) all.put("main", "n" + std::to_string(i), {270s, true, 5});
  const std::string text = all.text();
  for (size_t cut = 0; cut < text.size(); ++cut) {
    const auto read = learned_intervals::parse(text.substr(0, cut));
    EXPECT_EQ(bool(read), cut > 0 && text[cut - 1] == '\n') << cut;
  }
}

TEST(LearnedIntervals, OfADozingMachineAreKeptApartAndOldFilesAreRead) {
  learned_intervals all;
  all.put("main", "home", {270s, true, 5});
  all.put("main", "home", {540s, false, 7}, true);
  auto again = learned_intervals::parse(all.text());
  ASSERT_TRUE(again) << again.failure().text;
  EXPECT_EQ(again->find("main", "home"), (learned_interval{270s, true, 5}));
  EXPECT_EQ(again->find("main", "home", true), (learned_interval{540s, false, 7}));
  EXPECT_FALSE(again->find("main", "", true));
  const auto old = learned_intervals::parse(std::string(first) + "main home 270 settled 5\n");
  ASSERT_TRUE(old) << old.failure().text;
  expect_refused(std::string(first) + "main home 270 settled 5 sleeping\n", "line 2");
  expect_refused(std::string(first) + "main home 270 settled 5 dozing dozing\n", "line 2");
}
