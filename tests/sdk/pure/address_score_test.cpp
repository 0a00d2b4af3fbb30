// Goal: an address that fails is left alone for a while and comes back; one that works comes first; no business
// error is ever held against an address; what is known survives a restart.
#include "sdk/pure/address_score.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "sdk/pure/address.h"

using namespace tharsis;

namespace {

tharsis_address at(const std::string& ip, uint16_t port = 443) {
  tharsis_address a = *parse_ip(ip);
  a.port = port;
  return a;
}

const instant start = instant_from(0) + 1h;
constexpr int64_t wall = 1'767'225'600;
const tharsis_address first = at("10.0.0.1"), second = at("10.0.0.2"), third = at("2001:db8::3");

// Failures far enough apart that each counts; answers when the last one was.
instant fail(address_score& s, const tharsis_address& a, int times, instant from) {
  for (int i = 0; i < times; ++i) s.on_failure(a, THARSIS_E_TIMEOUT, from + i * 11s);
  return from + (times - 1) * 11s;
}

std::vector<std::string> texts(const std::vector<tharsis_address>& list) {
  std::vector<std::string> all;
  for (const auto& a : list) all.push_back(ip_text(a));
  return all;
}
using names = std::vector<std::string>;

}  // namespace

TEST(AddressScore, WithoutHistoryTheGivenOrderStands) {
  address_score s;
  EXPECT_EQ(texts(s.order({third, first, second}, start)), (names{"2001:db8::3", "10.0.0.1", "10.0.0.2"}));
  EXPECT_TRUE(s.order({}, start).empty());
}

TEST(AddressScore, ThreeFailuresOfTheLastEightBanForSixMinutes) {
  address_score s;
  const instant last = fail(s, first, 3, start);
  EXPECT_TRUE(s.banned(first, last));
  EXPECT_TRUE(s.banned(first, last + 6min - 1s));
  EXPECT_FALSE(s.banned(first, last + 6min));
  EXPECT_EQ(texts(s.order({first, second}, last + 1s)), names{"10.0.0.2"});
  EXPECT_FALSE(s.banned(at("10.0.0.1", 80), last)) << "another port is another server";
}

TEST(AddressScore, TwoFailuresDoNotBan) {
  address_score s;
  EXPECT_FALSE(s.banned(first, fail(s, first, 2, start)));
}

TEST(AddressScore, EachFurtherFailureAddsSixMinutesUpToThirty) {
  for (const auto& [failures, minutes] : {std::pair{3, 6}, {4, 12}, {5, 18}, {6, 24}, {7, 30}, {8, 30}, {20, 30}}) {
    address_score s;
    const instant last = fail(s, first, failures, start);
    EXPECT_TRUE(s.banned(first, last + std::chrono::minutes(minutes) - 1s)) << failures;
    EXPECT_FALSE(s.banned(first, last + std::chrono::minutes(minutes))) << failures;
  }
}

// A burst of attempts while the whole network fails must not ban every server.
TEST(AddressScore, AtMostOneFailureCountsInTenSeconds) {
  address_score s;
  for (int i = 0; i < 100; ++i) s.on_failure(first, THARSIS_E_REFUSED, start + i * 100ms);
  EXPECT_FALSE(s.banned(first, start + 10s));
}

TEST(AddressScore, WithoutANetworkNothingIsHeldAgainstAnybody) {
  address_score s;
  s.on_reachable(false);
  EXPECT_FALSE(s.banned(first, fail(s, first, 8, start)));
  EXPECT_EQ(s.size(), 0u);
}

// Defect 15 of Mars: a bad business response rotated away from a healthy server.
TEST(AddressScore, Defect15DecodeErrorsAndStatusErrorsAreNotTheAddresss) {
  address_score s;
  for (const tharsis_status why : {THARSIS_E_PROTOCOL, THARSIS_E_DENIED, THARSIS_E_UNTRUSTED, THARSIS_E_INVALID, THARSIS_E_NOT_FOUND,
                                   THARSIS_E_CANCELLED, THARSIS_E_BUSY, THARSIS_E_NETWORK, THARSIS_E_INTERNAL}) {
    EXPECT_FALSE(address_score::counts(why)) << status_name(why);
    for (int i = 0; i < 8; ++i) EXPECT_FALSE(s.on_failure(first, why, start + i * 1min));
  }
  EXPECT_FALSE(s.banned(first, start + 8min));
  for (const tharsis_status why : {THARSIS_E_TIMEOUT, THARSIS_E_REFUSED, THARSIS_E_RESET, THARSIS_E_UNREACHABLE})
    EXPECT_TRUE(address_score::counts(why)) << status_name(why);
}

TEST(AddressScore, TheListIsNeverEmptyAndTheBanThatEndsFirstComesFirst) {
  address_score s;
  fail(s, first, 5, start);
  const instant last = fail(s, second, 3, start);
  EXPECT_EQ(texts(s.order({first, second}, last + 1s)), (names{"10.0.0.2", "10.0.0.1"}));
}

TEST(AddressScore, AfterItsBanOneProbeAtATimeAndASuccessEndsIt) {
  address_score s;
  const instant over = fail(s, first, 3, start) + 6min;
  EXPECT_EQ(s.order({first, second}, over).size(), 2u) << "a probe";
  EXPECT_EQ(texts(s.order({first, second}, over + 1s)), names{"10.0.0.2"}) << "the probe is under way";
  EXPECT_EQ(s.order({first, second}, over + 31s).size(), 2u) << "nobody told of it";
  s.on_success(first, 30ms, over + 32s);
  EXPECT_EQ(s.order({first, second}, over + 33s).size(), 2u);
  EXPECT_EQ(s.order({first, second}, over + 34s).size(), 2u) << "it is an address as others";
  EXPECT_FALSE(s.banned(first, fail(s, first, 2, over + 1min))) << "what was before its ban is over";
}

TEST(AddressScore, AProbeThatFailsBansLongerAtOnce) {
  address_score s;
  const instant over = fail(s, first, 3, start) + 6min;
  s.order({first, second}, over);
  s.on_failure(first, THARSIS_E_TIMEOUT, over + 10s);
  EXPECT_TRUE(s.banned(first, over + 10s + 12min - 1s));
  EXPECT_FALSE(s.banned(first, over + 10s + 12min));
}

TEST(AddressScore, AServersOwnBanHoldsForAllItsPortsAndNetworksForThirtyMinutes) {
  address_score s;
  s.ban(at("10.0.0.1", 0), start, 30min);
  EXPECT_EQ(texts(s.order({first, second}, start + 29min)), names{"10.0.0.2"});
  s.on_network("other");
  EXPECT_TRUE(s.banned(at("10.0.0.1", 80), start + 29min));
  EXPECT_FALSE(s.banned(first, start + 30min));
  for (int i = 0; i < 1000; ++i) s.ban(at("10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256)), start, 30min);
  EXPECT_FALSE(s.banned(first, start)) << "only the last banned_max are kept";
}

TEST(AddressScore, FasterAndMoreReliableAddressesComeFirst) {
  address_score s;
  s.on_success(first, 300ms, start);
  s.on_success(second, 40ms, start);
  EXPECT_EQ(texts(s.order({first, second}, start)), (names{"10.0.0.2", "10.0.0.1"}));
  s.on_failure(second, THARSIS_E_RESET, start + 1s);
  EXPECT_EQ(texts(s.order({first, second}, start + 2s)), (names{"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(texts(s.order({first, second}, start + 10h)), (names{"10.0.0.1", "10.0.0.2"})) << "all is forgotten";
}

TEST(AddressScore, LittleDifferencesLeaveTheResolversOrder) {
  address_score s;
  s.on_success(first, 45ms, start);
  s.on_success(second, 40ms, start);
  EXPECT_EQ(texts(s.order({first, second}, start)), (names{"10.0.0.1", "10.0.0.2"}));
}

TEST(AddressScore, TheLastGoodOneComesFirstAndBeforeThoseThatNobodyHasTried) {
  address_score s;
  s.on_success(second, 100ms, start);
  EXPECT_EQ(texts(s.order({first, second, third}, start)), (names{"10.0.0.2", "10.0.0.1", "2001:db8::3"}));
  EXPECT_EQ(texts(s.order({first, second, third}, start + 10h)), (names{"10.0.0.2", "10.0.0.1", "2001:db8::3"})) << "good stays good";
  address_score slow;
  slow.on_success(second, 400ms, start);
  EXPECT_EQ(texts(slow.order({second, first}, start)), (names{"10.0.0.1", "10.0.0.2"})) << "an unknown one may be better";
}

TEST(AddressScore, OneThatWasSilentWhileAnotherAnsweredComesLastAndIsNotBanned) {
  address_score s;
  EXPECT_TRUE(s.on_silent(first, start));
  EXPECT_FALSE(s.on_silent(first, start + 1s)) << "one burst is one result";
  EXPECT_EQ(texts(s.order({first, second}, start)), (names{"10.0.0.2", "10.0.0.1"}));
  for (int i = 1; i < 20; ++i) s.on_silent(first, start + i * 11s);
  EXPECT_FALSE(s.banned(first, start + 5min));
  EXPECT_EQ(texts(s.order({first, second}, start + 10h)), (names{"10.0.0.1", "10.0.0.2"})) << "that was long ago";
  address_score again;
  EXPECT_EQ(again.read(s.text(start + 5min, wall), start, wall).status, THARSIS_OK) << s.text(start + 5min, wall);
  EXPECT_EQ(texts(again.order({first, second}, start)), (names{"10.0.0.2", "10.0.0.1"}));
  s.on_reachable(false);
  EXPECT_FALSE(s.on_silent(second, start));
}

TEST(AddressScore, HowLongConnectingTakesIsKnownOfGoodAddressesAlone) {
  address_score s;
  EXPECT_EQ(s.latency(first), 0ns);
  EXPECT_EQ(s.usual_latency(), 0ns);
  s.on_success(first, 40ms, start);
  s.on_success(second, 90ms, start + 1s);
  EXPECT_EQ(s.latency(first), 40ms);
  EXPECT_EQ(s.latency(second), 90ms);
  EXPECT_EQ(s.usual_latency(), 90ms) << "of the last one";
  s.on_silent(first, start + 20s);
  EXPECT_EQ(s.latency(first), 0ns) << "nobody knows any more";
  s.on_success(first, 40ms, start + 40s);
  EXPECT_EQ(s.latency(first), 40ms);
  s.on_network("other");
  EXPECT_EQ(s.latency(first), 0ns);
  EXPECT_EQ(s.usual_latency(), 0ns);
}

TEST(AddressScore, TenThousandAddressesAreOrderedAndNotRemembered) {
  address_score s;
  std::vector<tharsis_address> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(at("10." + std::to_string(1 + i / 65536) + "." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256)));
  for (const auto& a : many) s.on_failure(a, THARSIS_E_TIMEOUT, start);
  s.on_success(many[9000], 10ms, start);
  const auto ordered = s.order(many, start);
  EXPECT_EQ(ordered.size(), many.size());
  EXPECT_TRUE(ordered.front() == many[9000]);
  EXPECT_EQ(s.size(), address_score::known_max);
}

TEST(AddressScore, OneThatFlapsIsTriedBetweenOnesThatDoNotAndGoesBehindThem) {
  address_score s;
  for (int i = 0; i < 20; ++i) {
    s.on_success(second, 30ms, start + i * 30s);
    if (i % 2 == 0) s.on_success(first, 20ms, start + i * 30s);
    else s.on_failure(first, THARSIS_E_RESET, start + i * 30s);
  }
  EXPECT_EQ(texts(s.order({first, second}, start + 600s)).front(), "10.0.0.2");
}

TEST(AddressScore, EachNetworkHasItsOwn) {
  address_score s;
  s.on_network("home wifi");
  const instant last = fail(s, first, 3, start);
  s.on_network("office");
  EXPECT_FALSE(s.banned(first, last));
  s.on_network("home wifi");
  EXPECT_TRUE(s.banned(first, last));
}

TEST(AddressScore, WhatWasOfUseLastIsKept) {
  address_score s;
  for (size_t i = 0; i < 2 * address_score::known_max; ++i)
    s.on_success(at("10.2." + std::to_string(i / 256) + "." + std::to_string(i % 256)), 1ms, start);
  EXPECT_EQ(s.size(), address_score::known_max);
}

// Defect 10 of Mars: the newest result came back as the oldest, and nothing that was loaded could ban.
TEST(AddressScore, Defect10OrderOfResultsAndBansSurviveARestart) {
  address_score s;
  s.on_network("a network");
  s.on_success(first, 20ms, start);
  s.on_success(first, 20ms, start + 20s);
  const instant last = fail(s, first, 5, start + 40s);
  const std::string text = s.text(last, wall);
  EXPECT_NE(text.find("a%20network 10.0.0.1:443 ooxxxxx "), std::string::npos) << text;
  address_score again;
  again.on_network("a network");
  const instant other_boot = instant_from(0) + 5s;
  EXPECT_EQ(again.read(text, other_boot, wall).status, THARSIS_OK);
  EXPECT_EQ(again.text(other_boot, wall), text);
  EXPECT_TRUE(again.banned(first, other_boot + 18min - 1s)) << "five newest failures: 18 minutes";
  EXPECT_FALSE(again.banned(first, other_boot + 18min));
}

TEST(AddressScore, TimePassesBetweenTwoStarts) {
  address_score s;
  const instant last = fail(s, first, 3, start);
  address_score again;
  EXPECT_EQ(again.read(s.text(last, wall), start, wall + 300).status, THARSIS_OK);
  EXPECT_TRUE(again.banned(first, start + 59s));
  EXPECT_FALSE(again.banned(first, start + 60s));
}

TEST(AddressScore, LinesOfADayAgoOrOfTheFutureAreLeftOut) {
  address_score s;
  const std::string text = (fail(s, first, 3, start), s.text(start + 22s, wall));
  for (const auto& [now, size] : {std::pair{wall + 24 * 3600 - 30, 1u}, {wall + 24 * 3600 + 30, 0u}, {wall - 3600, 0u}, {int64_t{0}, 0u}}) {
    address_score again;
    EXPECT_EQ(again.read(text, start, now).status, THARSIS_OK);
    EXPECT_EQ(again.size(), size) << now;
  }
  EXPECT_EQ(s.text(start + 25h, wall), "tharsis addresses 1\n");
}

TEST(AddressScore, WhatIsKnownIsNewerThanTheFile) {
  address_score old;
  const std::string text = (fail(old, first, 3, start), old.text(start + 22s, wall));
  address_score s;
  s.on_success(first, 1ms, start);
  EXPECT_EQ(s.read(text, start, wall).status, THARSIS_OK);
  EXPECT_FALSE(s.banned(first, start));
}

TEST(AddressScore, TextsThatMeanNothingAreRefusedWhole) {
  const std::string good = "tharsis addresses 1\n- 10.0.0.1:443 x 500 0 1767225600 1767225600 -\n";
  address_score s;
  EXPECT_EQ(s.read(good, start, wall).status, THARSIS_OK);
  EXPECT_EQ(s.size(), 1u);
  for (const std::string& bad :
       {std::string(), std::string("tharsis addresses 2\n"), good + "x", good.substr(0, good.size() - 1), good + "\n",
        good + "- 10.0.0.1 x 500 0 1 1 -\n", good + "- 10.0.0.2:443 y 500 0 1 1 -\n", good + "- 10.0.0.2:443 xxxxxxxxx 500 0 1 1 -\n",
        good + "- 10.0.0.2:443 x 1001 0 1 1 -\n", good + "- 10.0.0.2:443 x 500 -1 1 1 -\n", good + "- 10.0.0.2:443 x 500 0 -1 1 -\n",
        good + "- 10.0.0.2:443 x 500 0 1 soon -\n", good + "- 10.0.0.2:443 x 500 0 1 1 - more\n", good + "- im.example.com:443 x 500 0 1 1 -\n",
        good + "- 10.0.0.2:443 x 500 0 99999999999999 1 -\n"}) {
    address_score t;
    const error why = t.read(bad, start, wall);
    EXPECT_EQ(why.status, THARSIS_E_PROTOCOL) << bad;
    EXPECT_FALSE(why.text.empty());
    EXPECT_EQ(t.size(), 0u) << bad;
  }
}

namespace {

uint64_t least() { return 0; }
uint64_t three() { return 3; }
uint64_t seven() { return 7; }

// A client that dials what comes first, and tells what came of it.
struct explorer {
  address_score score;
  std::vector<tharsis_address> list;
  std::map<std::string, duration> takes;  // Zero: nobody is there.
  int dials = 0, explored = 0;

  void add(const tharsis_address& a, duration latency) {
    list.push_back(a);
    takes[ip_text(a)] = latency;
  }
  // The race that it makes: who is not there is overtaken by the next.
  std::string dial(instant now, const address_score::chance& random) {
    const std::vector<tharsis_address> ordered = score.order(list, now);
    const size_t first = score.explore(ordered, now, random);
    ++dials;
    explored += first != 0;
    const tharsis_address& a = ordered[first];
    if (takes[ip_text(a)] > 0ns) score.on_success(a, takes[ip_text(a)], now);
    else score.on_silent(a, now);
    return ip_text(a);
  }
  std::string best(instant now) { return ip_text(score.order(list, now, false).front()); }
};

}  // namespace

TEST(AddressScore, TheFirstDialsAndThoseThatHaveNothingToCompareWithDoNotExplore) {
  address_score s;
  const std::vector<tharsis_address> list = {first, second, third};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(s.explore(s.order(list, start + i * 1min), start + i * 1min, least), 0u) << "nothing is known of any";
  s.on_success(first, 30ms, start + 100min);
  for (int i = 1; i < address_score_settings{}.explore_min; ++i) EXPECT_EQ(s.explore(s.order(list, start + 100min + i * 1s), start + 100min + i * 1s, least), 0u) << i;
  EXPECT_EQ(s.explore(s.order(list, start + 101min), start + 101min, least), 1u);
  s.on_failure(first, THARSIS_E_TIMEOUT, start + 101min);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(s.explore(std::vector{first, second}, start + 102min + i * 1s, least), 0u) << "there are other worries";
}

TEST(AddressScore, OneDialsSecondListExploresAsItsFirst) {
  address_score s;
  const std::vector<tharsis_address> list = {first, second};
  s.on_success(first, 30ms, start);
  int dials = 0;
  for (instant now = start + 1s; dials < 200; now += 1s, ++dials) {
    const size_t one = s.explore(list, now, seven), two = s.explore(list, now + 5ms, seven);
    EXPECT_EQ(one, two) << dials;
    EXPECT_EQ(s.explore(std::vector{first, third}, now + 900ms, seven), 0u) << "another dial";
    if (one != 0) break;
  }
  EXPECT_LT(dials, 30);
}

TEST(AddressScore, WhatIsBannedDeadOrNotAllowedIsNeverExplored) {
  address_score s;
  const tharsis_address silent = at("10.0.0.4"), resting = at("10.0.0.5"), refuted = at("10.0.0.6"), fine_one = at("10.0.0.7");
  const std::vector<tharsis_address> list = {first, second, third, silent, resting, refuted, fine_one};
  for (instant now = start; now < start + 12h; now += 61s) {
    s.on_success(first, 30ms, now);
    if (now < start + 2min) {
      s.on_failure(third, THARSIS_E_REFUSED, now);
      s.ban(resting, now, 24h);
    }
    s.on_failure(second, THARSIS_E_TIMEOUT, now);
    if ((now - start) % 2h < 61s) s.on_silent(silent, now);
    const size_t place = s.explore(list, now, three, [&](const tharsis_address& a) { return !(a == refuted); });
    ASSERT_TRUE(place == 0 || place == 6) << place;
  }
}

// Goal: the best of N is found, and found again when it is another one, within a number of dials that N bounds; and looking around costs
// no more than each tenth dial, whatever the seed.
TEST(AddressScore, WhoeverIsBestIsFoundWithinABoundedNumberOfDials) {
  const address_score_settings s;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 dice(seed);
    explorer e;
    const size_t count = 2 + dice() % 7;
    const size_t dead = dice() % count, best = (dead + 1 + dice() % (count - 1)) % count, later_best = dice() % 2 == 0 ? best : (best + 1) % count;
    for (size_t i = 0; i < count; ++i) e.add(at("10.0.0." + std::to_string(i + 1)), i == dead ? 0ms : i == best ? 20ms : std::chrono::milliseconds(80 + dice() % 300));
    instant now = start;
    const auto dials_until = [&](size_t which) {
      int n = 0;
      for (; n < 20'000 && e.best(now) != ip_text(e.list[which]); ++n, now += std::chrono::seconds(11 + dice() % 50)) e.dial(now, std::ref(dice));
      return n;
    };
    const int each = s.explore_max * static_cast<int>(count);
    ASSERT_LE(dials_until(best), each + 2);
    e.takes[ip_text(e.list[later_best])] = 5ms;
    if (later_best != best) e.takes[ip_text(e.list[best])] = 250ms;
    ASSERT_LE(dials_until(later_best), 12 * each) << "what was known of it has to be outweighed first";
    int right = 0;
    for (int i = 0; i < 500; ++i, now += std::chrono::seconds(11 + dice() % 50)) right += e.dial(now, std::ref(dice)) == ip_text(e.list[later_best]);
    ASSERT_GE(right, 425) << "what was known of others fades, so they have their turn beside that";
    ASSERT_LE(e.explored, 1 + e.dials / s.explore_min);
  }
}

TEST(AddressScore, OverRandomLivesTheInvariantsHold) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 dice(seed);
    address_score s;
    instant now = start;
    std::vector<tharsis_address> list;
    for (int i = 0; i < 6; ++i) list.push_back(at("10.0.0." + std::to_string(i + 1)));
    for (int step = 0; step < 300; ++step) {
      now += std::chrono::seconds(dice() % 60);
      const tharsis_address& a = list[dice() % list.size()];
      switch (dice() % 5) {
        case 0: s.on_success(a, std::chrono::milliseconds(dice() % 5000), now); break;
        case 1: case 2: s.on_failure(a, THARSIS_E_TIMEOUT, now); break;
        case 3: if (dice() % 10 == 0) s.ban(a, now, 30min); break;
        default: s.on_network(dice() % 20 == 0 ? "other" : "usual"); break;
      }
      const auto ordered = s.order(list, now);
      ASSERT_FALSE(ordered.empty());
      const bool all = std::all_of(list.begin(), list.end(), [&](const auto& x) { return s.banned(x, now); });
      for (const auto& x : ordered) ASSERT_TRUE(all || !s.banned(x, now)) << seed;
      for (const auto& x : list) ASSERT_FALSE(s.banned(x, now + 30min)) << "no ban is longer";
    }
    const std::string text = s.text(now, wall);
    address_score again;
    ASSERT_EQ(again.read(text, now, wall).status, THARSIS_OK);
    ASSERT_EQ(again.text(now, wall), text) << seed;
  }
}
