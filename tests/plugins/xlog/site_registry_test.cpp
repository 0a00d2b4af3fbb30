// Goal: a place has one number, which is known to whoever comes after a death before the first line has it.
#include "plugins/xlog/site_registry.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

site place(const std::string& plugin, uint32_t line = 1) { return {2, line, plugin, "", "f.cpp", "{}", "s"}; }
constexpr uint32_t first = THARSIS_LOG_OFF + 1;  // Behind the common places of finished text.

}  // namespace

TEST(XlogSiteRegistry, EachPlaceHasOneNumberAndItsEntryIsKeptOnce) {
  std::string kept;
  site_registry sites([&](const std::string& entry) { return kept += entry, true; });
  kept.clear();
  EXPECT_EQ(sites.number_of(place("a")), first);
  EXPECT_EQ(sites.number_of(place("b")), first + 1);
  EXPECT_EQ(sites.number_of(place("a")), first);
  EXPECT_EQ(sites.number_of(place("a", 2)), first + 2);
  std::string_view left = kept;
  for (const auto& [number, s] : {std::pair(first, place("a")), std::pair(first + 1, place("b")), std::pair(first + 2, place("a", 2))}) {
    const auto entry = read_site(left);
    ASSERT_TRUE(entry.ok());
    EXPECT_EQ(entry->number, number);
    EXPECT_EQ(entry->value, s);
  }
  EXPECT_TRUE(left.empty());
}

TEST(XlogSiteRegistry, EveryPartOfAPlaceMakesAnother) {
  site_registry sites([](const std::string&) { return true; });
  const site one = place("a");
  std::vector<site> others(7, one);
  others[0].level = 3, others[1].line = 2, others[2].plugin = "b", others[3].tag = "t";
  others[4].file = "g.cpp", others[5].text = "{}{}", others[6].codes = "u";
  std::set<uint32_t> numbers{sites.number_of(one)};
  for (const site& s : others) numbers.insert(sites.number_of(s));
  EXPECT_EQ(numbers.size(), 8u);
}

TEST(XlogSiteRegistry, WhatCannotBeKeptHasNoNumber) {
  bool room = false;
  site_registry sites([&](const std::string&) { return room; });
  EXPECT_EQ(sites.number_of(place("a")), 0u);
  EXPECT_TRUE(sites.from(1).empty());
  EXPECT_EQ(sites.text_place_of("a", 2).number, 0u);
  room = true;
  EXPECT_EQ(sites.number_of(place("b")), 1u);
  EXPECT_EQ(sites.number_of(place("a")), 2u) << "there may be room later";
}

TEST(XlogSiteRegistry, ThoseFromANumberOn) {
  site_registry sites([](const std::string&) { return true; });
  for (const char* name : {"a", "b", "c"}) sites.number_of(place(name));
  EXPECT_EQ(sites.from(first), (std::vector<site>{place("a"), place("b"), place("c")}));
  EXPECT_EQ(sites.from(first + 2), std::vector<site>{place("c")});
  EXPECT_TRUE(sites.from(first + 3).empty());
}

TEST(XlogSiteRegistry, ThreadsAgree) {
  site_registry sites([](const std::string&) { return true; });
  std::vector<std::vector<uint32_t>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen)
    threads.emplace_back([&sites, &mine] {
      for (uint32_t i = 0; i < 500; ++i) mine.push_back(sites.number_of(place("p", i)));
    });
  for (auto& t : threads) t.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
  EXPECT_EQ(sites.from(first).size(), 500u);
}

TEST(XlogSiteRegistry, APlaceKnowsHowLongItsLinesWaitAndFollowsAChange) {
  site_registry sites([](const std::string&) { return true; });
  site tagged = place("stn");
  tagged.tag = "dialer";
  const uint32_t before = sites.number_of(tagged);
  line_rules rules;
  rules.full = {{THARSIS_LOG_VERBOSE, 50ms}, {{"stn/dialer", {THARSIS_LOG_WARNING, 1s}}}};
  sites.set_rules(rules);
  EXPECT_EQ(sites.wait_of(before), 0ms) << "an info";
  tagged.level = THARSIS_LOG_ERROR;
  const uint32_t after = sites.number_of(tagged);
  EXPECT_EQ(sites.wait_of(after), 1s);
  EXPECT_EQ(sites.wait_of(sites.number_of(place("dns"))), 50ms);
  rules.full = {{THARSIS_LOG_VERBOSE, 2ms}, {}};
  sites.set_rules(rules);
  EXPECT_EQ(sites.wait_of(before), 2ms);
  sites.count_lost(after), sites.count_lost(after), sites.count_lost(sites.number_of(place("dns")));
  EXPECT_EQ(sites.take_lost(), (loss_counts{{{"dns", THARSIS_LOG_INFO}, 1}, {{"stn/dialer", THARSIS_LOG_ERROR}, 2}}));
  EXPECT_EQ(sites.take_lost(), loss_counts());
}

TEST(XlogSiteRegistry, FinishedTextHasAPlaceForEachPluginAndLevelAndIsNeverWithoutOne) {
  bool room = true;
  site_registry sites([&](const std::string&) { return room; });
  const auto common = sites.text_place_at_once("stn", THARSIS_LOG_ERROR);
  EXPECT_TRUE(common.common) << "a signal handler does not make a place";
  const auto made = sites.text_place_of("stn", THARSIS_LOG_ERROR);
  EXPECT_FALSE(made.common);
  EXPECT_NE(made.number, common.number);
  const auto again = sites.text_place_at_once("stn", THARSIS_LOG_ERROR);
  EXPECT_EQ(again.number, made.number);
  EXPECT_FALSE(again.common);
  EXPECT_TRUE(sites.text_place_at_once("stn", THARSIS_LOG_INFO).common);
  room = false;
  const auto late = sites.text_place_of("dns", THARSIS_LOG_ERROR);
  EXPECT_TRUE(late.common);
  EXPECT_EQ(late.number, common.number);
  const std::vector<site> all = sites.from(1);
  EXPECT_EQ(all[common.number - 1], (site{THARSIS_LOG_ERROR, 0, "xlog", "", "", "{}: {}", "ss"}));
  EXPECT_EQ(all[made.number - 1], (site{THARSIS_LOG_ERROR, 0, "stn", "", "", "{}", "s"}));
}
