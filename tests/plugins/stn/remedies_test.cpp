// Goal: a remedy holds for its time, on its network, and not a moment longer; and a wrong one is refused with a sentence.
#include "plugins/stn/core/remedies.h"

#include <random>

#include <gtest/gtest.h>

#include "sdk/pure/views.h"

using namespace tharsis;
using stn::remedies;
using stn::remedy;

namespace {

constexpr instant t0 = instant{} + 1h;

tharsis_address at(const std::string& ip, uint16_t port) {
  tharsis_address a = *parse_ip(ip);
  a.port = port;
  return a;
}

remedy of(uint64_t id, uint32_t what, uint32_t number, duration lasts, instant now = t0) {
  remedy r;
  r.id = id;
  r.what = what;
  r.number = number;
  r.until = now + lasts;
  r.reason = "a test says so";
  return r;
}

std::vector<uint32_t> states(remedies& all, instant now) {
  std::vector<uint32_t> list;
  for (const auto& t : all.take_told(now)) list.push_back(t.state);
  return list;
}

tharsis_stn_remedy asked(uint32_t what, uint32_t number, uint32_t ttl_ms) {
  tharsis_stn_remedy r{};
  r.size = sizeof r;
  r.what = what;
  r.number = number;
  r.ttl_ms = ttl_ms;
  return r;
}

using states_of = std::vector<uint32_t>;

}  // namespace

TEST(Remedies, EachHoldsForItsTimeAndNothingIsLeftOfIt) {
  remedies all;
  EXPECT_EQ(all.deadline(), never);
  all.apply(of(1, THARSIS_STN_HEAL_SEGMENTS, 1200, 10s), t0);
  all.apply(of(2, THARSIS_STN_HEAL_FAMILY, 4, 20s), t0);
  all.apply(of(3, THARSIS_STN_HEAL_DATAGRAMS, 0, 30s), t0);
  EXPECT_EQ(states(all, t0), (states_of{THARSIS_STN_HEAL_BEGUN, THARSIS_STN_HEAL_BEGUN, THARSIS_STN_HEAL_BEGUN}));
  EXPECT_EQ(all.segments(t0 + 10s - 1ms), 1200);
  EXPECT_EQ(all.segments(t0 + 10s), 0) << "also before anybody has looked";
  EXPECT_EQ(all.deadline(), t0 + 10s);
  EXPECT_EQ(states(all, t0 + 10s), states_of{THARSIS_STN_HEAL_EXPIRED});
  all.undo(2);
  EXPECT_EQ(states(all, t0 + 19s), states_of{THARSIS_STN_HEAL_UNDONE});
  all.undo(2);
  all.undo(99);
  EXPECT_TRUE(states(all, t0 + 19s).empty()) << "what has ended, or never was, is no news";
  EXPECT_NE(all.datagrams(t0 + 29s), nullptr);
  EXPECT_EQ(all.datagrams(t0 + 30s), nullptr);
}

TEST(Remedies, OneForTheSameTakesThePlaceOfTheOneBefore) {
  remedies all;
  all.apply(of(1, THARSIS_STN_HEAL_SEGMENTS, 1200, 10s), t0);
  all.apply(of(2, THARSIS_STN_HEAL_SEGMENTS, 1200, 20s), t0 + 5s);
  all.apply(of(3, THARSIS_STN_HEAL_SEGMENTS, 1000, 20s), t0 + 6s);
  EXPECT_EQ(states(all, t0 + 6s), (states_of{THARSIS_STN_HEAL_BEGUN, THARSIS_STN_HEAL_RENEWED, THARSIS_STN_HEAL_BEGUN}));
  EXPECT_EQ(all.all().size(), 1u);
  all.undo(1);
  EXPECT_EQ(all.segments(t0 + 6s), 1000) << "the first one's id means nothing any more";
  all.undo(3);
  EXPECT_EQ(all.segments(t0 + 6s), 0);
}

TEST(Remedies, APortIsAHostsAndAnAddressIsNamedWithItsPortWhereItHasOne) {
  remedies all;
  remedy any = of(1, THARSIS_STN_HEAL_ADDRESS, 0, 10s);
  any.address = at("10.0.0.1", 0);
  remedy one = of(2, THARSIS_STN_HEAL_ADDRESS, 0, 10s);
  one.address = at("10.0.0.2", 443);
  all.apply(any, t0);
  all.apply(one, t0);
  remedy port = of(3, THARSIS_STN_HEAL_PORT, 8443, 10s);
  port.host = "im.example.com";
  all.apply(port, t0);
  EXPECT_EQ(all.port("im.example.com", t0), 8443);
  EXPECT_EQ(all.port("other.example.com", t0), 0);
  EXPECT_EQ(all.words(t0 + 1s),
            "10.0.0.1 last for 9 s more (a test says so); 10.0.0.2:443 last for 9 s more (a test says so); "
            "port 8443 of im.example.com first for 9 s more (a test says so)");
}

TEST(Remedies, AnotherNetworkHasNoneOfThem) {
  remedies all;
  all.on_network("home", 1);
  all.apply(of(1, THARSIS_STN_HEAL_PORTAL, 0, 60s), t0);
  all.on_network("home", 2);
  EXPECT_NE(all.portal(t0), nullptr) << "the same one, at another time";
  all.on_network("cafe", 3);
  EXPECT_EQ(all.portal(t0), nullptr);
  EXPECT_EQ(states(all, t0), (states_of{THARSIS_STN_HEAL_BEGUN, THARSIS_STN_HEAL_MOVED}));
  all.on_network("", 4);
  all.apply(of(2, THARSIS_STN_HEAL_FAMILY, 6, 60s), t0);
  all.on_network("", 5);
  EXPECT_TRUE(all.all().empty()) << "two that nobody can name are two";
}

TEST(Remedies, WhoAsksForEverMoreIsBounded) {
  remedies all;
  for (uint32_t i = 0; i < 1000; ++i) {
    remedy r = of(i + 1, THARSIS_STN_HEAL_ADDRESS, 0, 100s + 1ms * i);
    r.address = at("10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256), 0);
    all.apply(r, t0);
    EXPECT_LE(all.all().size(), remedies::most);
  }
  EXPECT_EQ(all.all().back().subject(), "10.1.3.231") << "the last one";
  EXPECT_EQ(all.all().front().subject(), "10.1.3.200") << "those that end first are gone";
}

TEST(Remedies, AWrongOneIsRefusedWithASentence) {
  const auto why = [](tharsis_stn_remedy r) {
    const auto wrong = stn::mistake_of(r);
    return wrong ? wrong->text : std::string();
  };
  EXPECT_EQ(why(asked(THARSIS_STN_HEAL_SEGMENTS, 1200, 60'000)), "");
  EXPECT_NE(why(asked(0, 0, 60'000)).find("there is none with the number 0"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_COUNT, 0, 60'000)).find("there is none"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_SEGMENTS, 100, 60'000)).find("536 to 1460 bytes, not 100"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_FAMILY, 5, 60'000)).find("a family is 4 or 6, not 5"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_DATAGRAMS, 5, 60'000)).find("leave it 0"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_DATAGRAMS, 0, 0)).find("not 0; repeat it"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_DATAGRAMS, 0, 3'600'001)).find("to 3600000 ms"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_PORTAL, 0, 3'600'000)).find("to 600000 ms"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_ADDRESS, 0, 60'000)).find("is missing"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_PORT, 443, 60'000)).find("the host, as the endpoint names it"), std::string::npos);
  EXPECT_NE(why(asked(THARSIS_STN_HEAL_PORT, 70'000, 60'000)).find("not 70000"), std::string::npos);
  tharsis_stn_remedy much = asked(THARSIS_STN_HEAL_PORTAL, 0, 60'000);
  much.address = at("10.0.0.1", 1);
  EXPECT_NE(why(much).find("only one of the kind ADDRESS"), std::string::npos);
  much = asked(THARSIS_STN_HEAL_PORTAL, 0, 60'000);
  much.host = text_of("im.example.com");
  EXPECT_NE(why(much).find("only one of the kind PORT"), std::string::npos);
}

// Whatever is asked, taken back and waited for: what holds is what was asked last and neither ended nor was taken back.
TEST(Remedies, WhatHoldsIsWhatAListOfAllThatWasAskedSays) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 dice(seed);
    remedies all;
    remedy last{};
    instant now = t0;
    size_t begun = 0, ended = 0;
    for (uint64_t step = 1; step <= 200; ++step) {
      now += std::chrono::milliseconds(dice() % 3000);
      if (dice() % 2 == 0) {
        last = of(step, THARSIS_STN_HEAL_SEGMENTS, static_cast<uint32_t>(536 + dice() % 3), std::chrono::milliseconds(1000 + dice() % 9000), now);
        all.apply(last, now);
      } else if (const uint64_t id = 1 + dice() % step; true) {
        all.undo(id);
        if (id == last.id) last = {};
      }
      EXPECT_EQ(all.segments(now), last.id != 0 && now < last.until ? last.number : 0u);
      if (dice() % 4 != 0) continue;
      for (const auto& t : all.take_told(now))
        t.state == THARSIS_STN_HEAL_EXPIRED || t.state == THARSIS_STN_HEAL_UNDONE ? ++ended : t.state == THARSIS_STN_HEAL_BEGUN ? ++begun : 0;
      EXPECT_LE(ended, begun);
    }
  }
}
