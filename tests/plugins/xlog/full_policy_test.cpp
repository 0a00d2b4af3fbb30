// Goal: what a line does in a full ring is said in words that cannot be misread; wrong words are named with their place
// and what may stand there; the most special word counts.
#include "plugins/xlog/core/full_policy.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

full_rule rule(std::string_view text) {
  const auto parsed = parse_full_rule(text, 7ms);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.failure().text);
  return parsed.ok() ? *parsed : full_rule{THARSIS_LOG_OFF, -1s};
}

std::string refusal(std::string_view text) {
  const auto parsed = parse_full_rule(text, 7ms);
  return parsed.ok() ? "" : parsed.failure().text;
}

std::string wrong(std::string text) {
  return text.append("; say \"drop\", \"wait 200ms\", \"drop below warning\" or \"drop below warning, wait 50ms\"");
}

}  // namespace

TEST(XlogFullPolicy, EveryFormMeansWhatItSays) {
  EXPECT_EQ(rule("drop"), (full_rule{THARSIS_LOG_VERBOSE, 0ms}));
  EXPECT_EQ(rule("wait 200ms"), (full_rule{THARSIS_LOG_VERBOSE, 200ms}));
  EXPECT_EQ(rule("drop below warning"), (full_rule{THARSIS_LOG_WARNING, 7ms})) << "the rest waits as all do";
  EXPECT_EQ(rule("drop below warning, wait 50ms"), (full_rule{THARSIS_LOG_WARNING, 50ms}));
  EXPECT_EQ(rule("  wait 1s ,drop  below E "), (full_rule{THARSIS_LOG_ERROR, 1s}));
  EXPECT_EQ(rule("wait 1m").wait, full_wait_max);
}

TEST(XlogFullPolicy, AWrongWordIsNamedWithItsPlaceAndWhatMayStandThere) {
  EXPECT_EQ(refusal("wiat 200ms"), wrong("character 1 of \"wiat 200ms\": expected \"wait\" or \"drop\", got 'wiat'"));
  EXPECT_EQ(refusal("wait 5 s"), wrong("character 6 of \"wait 5 s\": expected a duration like '5s' or '200ms', got '5'"));
  EXPECT_EQ(refusal("wait"), wrong("character 5 of \"wait\": expected a duration like '5s' or '200ms', got the end"));
  EXPECT_EQ(refusal("wait 2h"), wrong("character 6 of \"wait 2h\": expected at most 1m, got '2h'"));
  EXPECT_EQ(refusal("drop below"), wrong("character 11 of \"drop below\": expected a level, verbose to fatal, got the end"));
  EXPECT_EQ(refusal("drop below off"), wrong("character 12 of \"drop below off\": expected a level, verbose to fatal, got 'off'"));
  EXPECT_EQ(refusal("drop above info"), wrong("character 6 of \"drop above info\": expected \"below\" and a level, got 'above'"));
  EXPECT_EQ(refusal("drop, wait 5ms"), wrong("character 5 of \"drop, wait 5ms\": expected \"below\" and a level, got ','"));
  EXPECT_EQ(refusal("wait 5ms, drop"), wrong("character 15 of \"wait 5ms, drop\": expected \"below\" and a level, got the end"));
  EXPECT_EQ(refusal("wait 5ms wait 6ms"), wrong("character 10 of \"wait 5ms wait 6ms\": expected a comma or the end, got 'wait'"));
  EXPECT_EQ(refusal("wait 5ms, wait 6ms"), wrong("character 11 of \"wait 5ms, wait 6ms\": expected the other half of the rule, got 'wait'"));
  EXPECT_EQ(refusal(""), wrong("character 1 of \"\": expected \"wait\" or \"drop\", got the end"));
}

TEST(XlogFullPolicy, NoTextMakesAnEndlessWaitOrACrash) {
  std::mt19937 random(1);
  const std::string_view pieces[] = {"drop", "wait", "below", "info", ",", " ", "5ms", "x", "99999999999999d", "\xff", "off"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto n = random() % 9; n > 0; --n) text.append(pieces[random() % std::size(pieces)]).append(random() % 2, ' ');
    const auto parsed = parse_full_rule(text, 7ms);
    if (!parsed) continue;
    EXPECT_LE(parsed->wait, full_wait_max) << text;
    EXPECT_LT(parsed->drop_below, static_cast<uint32_t>(THARSIS_LOG_OFF)) << text;
  }
}

TEST(XlogFullPolicy, TheMostSpecialWordCounts) {
  const full_policy p{{THARSIS_LOG_VERBOSE, 50ms},
                      {{"ui", {THARSIS_LOG_VERBOSE, 0ms}}, {"stn", {THARSIS_LOG_VERBOSE, 200ms}}, {"stn/dialer", {THARSIS_LOG_WARNING, 1ms}}}};
  EXPECT_EQ(p.wait_of("dns", "cache", THARSIS_LOG_DEBUG), 50ms);
  EXPECT_EQ(p.wait_of("ui", "button", THARSIS_LOG_FATAL), 0ms);
  EXPECT_EQ(p.wait_of("stn", "", THARSIS_LOG_DEBUG), 200ms);
  EXPECT_EQ(p.wait_of("stn", "dialer", THARSIS_LOG_INFO), 0ms);
  EXPECT_EQ(p.wait_of("stn", "dialer", THARSIS_LOG_WARNING), 1ms);
}

TEST(XlogFullPolicy, ACategoryIsAPluginOrItsTag) {
  for (const char* name : {"stn", "stn/dialer", "a b/c"}) EXPECT_TRUE(is_category(name)) << name;
  for (const char* name : {"", "/", "/x", "x/", "a/b/c", "a//b"}) EXPECT_FALSE(is_category(name)) << name;
}
