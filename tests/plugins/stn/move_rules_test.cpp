#include "plugins/stn/core/move_rules.h"

#include <gtest/gtest.h>

#include "plugins/stn/core/settings.h"
#include "sdk/pure/dice.h"

using namespace tharsis;
using stn::move_rules;
using stn::move_settings;

namespace {

constexpr instant start = instant(1h);

struct desk {
  std::vector<endpoint> profile{{"tcps", "im.example.com", 443}, {"tcps", "im2.example.com", 443}};
  endpoint current{"tcps", "im.example.com", 443};
  stn::endpoint_terms terms{};
  move_settings numbers;
  move_rules rules{numbers};

  result<stn::move_plan> ask(const mars::server_move& m, instant now = start, uint64_t random = 0) { return ask_bytes(mars::encode(m), now, random); }
  result<stn::move_plan> ask_bytes(const std::vector<uint8_t>& bytes, instant now = start, uint64_t random = 0) {
    const stn::move_situation here{profile, current, terms, "links.main", [](const std::string& host) { return host == "spare.example.com"; }};
    return rules.on_notice(bytes, here, random, now);
  }
  std::string refusal(const mars::server_move& m, instant now = start) {
    const auto plan = ask(m, now);
    return plan ? "" : plan.failure().text;
  }
};

mars::server_move to(std::vector<std::string> endpoints, int32_t within = 0) { return {0, within, std::move(endpoints), 0, ""}; }
mars::server_move drain(int32_t within = 10'000) { return {1, within, {}, 0, "a deployment"}; }

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(MoveRules, ADrainLeadsToTheProfilesOtherEndpointsAndTheCurrentOneLast) {
  desk d;
  const auto plan = d.ask(drain());
  ASSERT_TRUE(plan) << plan.failure().text;
  ASSERT_EQ(plan->to.size(), 2u);
  EXPECT_EQ(plan->to[0].host, "im2.example.com");
  EXPECT_EQ(plan->to[1].host, "im.example.com");
  EXPECT_FALSE(plan->told);
  EXPECT_EQ(plan->ends, start + 10s);
  EXPECT_EQ(plan->valid_until, never);
  EXPECT_EQ(plan->why, "a deployment");
}

TEST(MoveRules, ClientsGoAtMomentsOfTheirOwnAndAllInTime) {
  dice chance(1);
  instant first = never, last{};
  for (int i = 0; i < 1000; ++i) {
    desk d;
    const auto plan = d.ask(drain(), start, chance.next());
    ASSERT_TRUE(plan);
    first = std::min(first, plan->at);
    last = std::max(last, plan->at);
  }
  EXPECT_LE(first, start + 100ms);
  EXPECT_GE(last, start + 7400ms);
  EXPECT_LE(last, start + 7500ms);
}

TEST(MoveRules, ASwitchLeadsToHostsThatAreVouchedForForAsLongAsItSays) {
  desk d;
  mars::server_move m = to({"tcps://spare.example.com:444", "tcps://im2.example.com:443", "tcps://spare.example.com:444"});
  m.valid_ms = 60'000;
  const auto plan = d.ask(m);
  ASSERT_TRUE(plan) << plan.failure().text;
  ASSERT_EQ(plan->to.size(), 2u);
  EXPECT_EQ(plan->to[0].text(), "tcps://spare.example.com:444");
  EXPECT_TRUE(plan->told);
  EXPECT_EQ(plan->ends, never);
  EXPECT_EQ(plan->valid_until, start + 60s);
  m.valid_ms = INT32_MAX;
  d.rules = move_rules(d.numbers);
  EXPECT_EQ(d.ask(m)->valid_until, start + 24h);
}

TEST(MoveRules, WhatTheProfileWouldNotHaveIsRefused) {
  desk d;
  EXPECT_TRUE(says(d.refusal(to({"tcp://im2.example.com:443"})), "would send unencrypted"));
  EXPECT_TRUE(says(d.refusal(to({"tcps://evil.example.net:443"})), "names the host 'evil.example.net'"));
  EXPECT_TRUE(says(d.refusal(to({"udp://im2.example.com:443"})), "neither tcps:// nor tcp://"));
  EXPECT_TRUE(says(d.refusal(to({"im2.example.com"})), "the scheme is missing"));
  EXPECT_TRUE(says(d.refusal(to({"tcps://im2.example.com:0"})), "port 0"));
  EXPECT_TRUE(says(d.refusal(to({""})), "is not an endpoint"));
  EXPECT_TRUE(says(d.refusal(to({std::string(100'000, 'x')})), "100000 bytes"));
  EXPECT_TRUE(says(d.refusal(to({"tcps://im2.example.com:443", "tcp://10.0.0.1:1"})), "unencrypted")) << "one bad one spoils the list";
  EXPECT_TRUE(says(d.refusal(to({})), "names no endpoint"));
  EXPECT_TRUE(says(d.refusal(to({"tcps://im.example.com:443"})), "where the link is already"));
  EXPECT_TRUE(says(d.refusal(to(std::vector<std::string>(65, "tcps://im2.example.com:443"))), "65 endpoints"));
  EXPECT_TRUE(says(d.refusal(to({"tcps://im2.example.com:443"}, -1)), "less than no time"));
  EXPECT_TRUE(says(d.refusal(drain(3'600'001)), "moves.within_max"));
  EXPECT_EQ(d.ask_bytes({0xFF, 0xFF, 0xFF}).status(), THARSIS_E_PROTOCOL);
}

TEST(MoveRules, APlainLinkStaysWithTheHostsOfItsProfile) {
  desk d;
  d.profile = {{"tcp", "127.0.0.1", 1}};
  d.current = d.profile[0];
  EXPECT_TRUE(d.ask(to({"tcp://127.0.0.1:2"})));
  EXPECT_TRUE(says(d.refusal(to({"tcp://127.0.0.2:2"})), "names the host"));
  EXPECT_TRUE(says(d.refusal(to({"tcp://192.0.2.1:2"})), "unencrypted"));
  EXPECT_TRUE(says(d.refusal(to({"tcps://spare.example.com:2"})), "names the host")) << "nobody has proved a certificate";
}

// Nobody has proved who wrote the wish: it does not open what the profile encrypts.
TEST(MoveRules, APlainConnectionLeadsToNoEncryptedHostInTheOpen) {
  desk d;
  d.profile = {{"tcps", "im.example.com", 443}, {"tcp", "127.0.0.1", 1}};
  d.current = d.profile[1];
  d.terms.plain_allowed = true;
  EXPECT_TRUE(says(d.refusal(to({"tcp://im.example.com:80"})), "what the profile encrypts for that host"));
  EXPECT_TRUE(d.ask(to({"tcps://im.example.com:444"})));
  EXPECT_TRUE(d.ask(to({"tcp://127.0.0.1:2"})));
}

TEST(MoveRules, AStormOfMovesIsFollowedThreeTimes) {
  desk d;
  int followed = 0;
  for (int i = 0; i < 600; ++i) {
    const auto plan = d.ask(to({i % 2 ? "tcps://im2.example.com:443" : "tcps://spare.example.com:443"}), start + std::chrono::seconds(i));
    followed += plan ? 1 : 0;
    if (!plan) {
      EXPECT_TRUE(says(plan.failure().text, "links.main.moves.most")) << plan.failure().text;
    }
  }
  EXPECT_EQ(followed, 3);
  EXPECT_TRUE(d.ask(to({"tcps://im2.example.com:443"}), start + 600s));
}

TEST(MoveRules, SwitchedOffNoneIsFollowed) {
  desk d;
  d.numbers.follow = false;
  d.rules = move_rules(d.numbers);
  EXPECT_TRUE(says(d.refusal(drain()), "links.main.moves.follow is false"));
}

// Goal: no bytes of a server bring a plan that leads where the rules forbid.
TEST(MoveRules, NoBytesLeadWhereTheyMayNot) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    dice chance(seed);
    std::vector<uint8_t> bytes = mars::encode(mars::server_move{static_cast<int32_t>(chance.below(2)), 10, {"tcps://im2.example.com:443", "tcps://spare.example.com:1"}, 5, "why"});
    for (uint64_t i = 0, n = 1 + chance.below(4); i < n; ++i) bytes[chance.below(bytes.size())] = static_cast<uint8_t>(chance.next());
    if (chance.chance(0.3)) bytes.resize(chance.below(bytes.size() + 1));
    desk d;
    const auto plan = d.ask_bytes(bytes);
    if (!plan) {
      EXPECT_FALSE(plan.failure().text.empty());
      continue;
    }
    ASSERT_FALSE(plan->to.empty());
    for (const endpoint& e : plan->to) {
      EXPECT_EQ(e.scheme, "tcps");
      EXPECT_TRUE(e.host == "im.example.com" || e.host == "im2.example.com" || e.host == "spare.example.com") << e.host;
    }
  }
}
