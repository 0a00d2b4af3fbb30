#include "plugins/dns/core/source_health.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr instant t0{1h};
const std::string near = "udp://192.0.2.53", far = "https://198.51.100.1/dns-query";

void be_silent(source_health& h, int times) {
  for (int i = 0; i < times; ++i) (void)h.on_silence(far);
}

}  // namespace

TEST(SourceHealth, AfterThreeQuestionsWithoutAWordAServerIsWaitedForLessAndOneWordEndsIt) {
  source_health h({});
  EXPECT_FALSE(h.on_silence(far));
  EXPECT_FALSE(h.on_silence(far));
  EXPECT_FALSE(h.ask(far, t0).brief);
  EXPECT_TRUE(h.on_silence(far)) << "it is told of once";
  EXPECT_FALSE(h.on_silence(far));
  EXPECT_TRUE(h.ask(far, t0).brief);
  EXPECT_FALSE(h.ask(near, t0).brief);
  EXPECT_TRUE(h.on_answer(far));
  EXPECT_FALSE(h.on_answer(far));
  EXPECT_FALSE(h.ask(far, t0).brief);
  be_silent(h, 2);
  EXPECT_FALSE(h.ask(far, t0).brief) << "they count in a row";
}

TEST(SourceHealth, OneQuestionInTenWaitsInFullAndWhoLooksTakesNoneOfThem) {
  source_health h({});
  be_silent(h, 3);
  int full = 0;
  for (int i = 0; i < 100; ++i) {
    full += !h.ask(far, t0).brief;
    EXPECT_TRUE(h.look(far, t0).brief);
  }
  EXPECT_EQ(full, 10);
  health_settings never_less;
  never_less.failures = 0;
  source_health off(never_less);
  be_silent(off, 100);
  EXPECT_FALSE(off.ask(far, t0).brief);
}

TEST(SourceHealth, EachNetworkHasItsOwnAndOneWithoutANameHasNone) {
  source_health h({});
  h.on_network("home");
  be_silent(h, 3);
  h.on_network("work");
  EXPECT_FALSE(h.ask(far, t0).brief);
  h.on_network("home");
  EXPECT_TRUE(h.ask(far, t0).brief) << "it is known of before";
  h.on_network("");
  be_silent(h, 3);
  EXPECT_TRUE(h.ask(far, t0).brief);
  h.on_network("");
  EXPECT_FALSE(h.ask(far, t0).brief) << "another one that says as little";
  for (int i = 0; i < 100; ++i) {
    h.on_network("n" + std::to_string(i));
    be_silent(h, 3);
  }
  h.on_network("home");
  EXPECT_FALSE(h.ask(far, t0).brief) << "a few are remembered";
}

TEST(SourceHealth, WhoWantsToBeLeftAloneIsWhateverTheNetworkButNotForDays) {
  source_health h({});
  h.on_rest(far, 30s, t0);
  h.on_network("work");
  EXPECT_EQ(h.ask(far, t0 + 30s - 1ns).rests_until, t0 + 30s);
  EXPECT_EQ(h.ask(far, t0 + 30s).rests_until, instant{});
  EXPECT_NE(h.sentence(h.look(far, t0 + 10s), t0 + 10s).find("for 21 s more"), std::string::npos) << h.sentence(h.look(far, t0 + 10s), t0 + 10s);
  h.on_rest(far, 365 * 24h, t0);
  EXPECT_EQ(h.ask(far, t0).rests_until, t0 + 5min);
}

TEST(SourceHealth, APersonIsToldOfIt) {
  source_health h({});
  EXPECT_EQ(h.sentence(h.look(far, t0), t0), "");
  be_silent(h, 1);
  EXPECT_EQ(h.sentence(h.look(far, t0), t0), "it left the last question without a word");
  be_silent(h, 3);
  EXPECT_EQ(h.sentence(h.look(far, t0), t0), "it left the last 4 questions without a word, and is waited for no longer than 200 ms where others have answered");
}
