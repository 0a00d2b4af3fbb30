// Goal: what users tell of addresses, and what somebody found out about a network, makes one order, on the network that it belongs to.
#include "sdk/pure/address_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sdk/pure/address.h"

using namespace tharsis;

namespace {

constexpr instant t0 = instant(1h);
const std::vector<std::string> places = {"10.0.0.1:443", "[2001:db8::2]:443", "10.0.0.3:443"};

tharsis_address at(const std::string& place) { return *parse_place(place); }
std::string order_of(address_memory& m, instant now) {
  std::vector<tharsis_address> all;
  for (const std::string& p : places) all.push_back(at(p));
  std::string text;
  for (const tharsis_address& a : m.order(all, now, false)) text += (text.empty() ? "" : " ") + std::to_string(1 + std::find(places.begin(), places.end(), to_text(a)) - places.begin());
  return text;
}
address_memory::outcome told(const std::string& place, tharsis_status status, const std::string& network = "home") {
  return {status, at(place), network, 30ms, {}};
}

}  // namespace

TEST(AddressMemory, OutcomesBelongToTheNetworkOverWhichTheyCame) {
  address_memory m;
  m.on_network("home", 1, true);
  EXPECT_TRUE(m.on_outcome(told(places[0], THARSIS_E_TIMEOUT), t0));
  EXPECT_TRUE(m.on_outcome(told(places[2], THARSIS_OK), t0));
  EXPECT_FALSE(m.on_outcome(told(places[2], THARSIS_E_BUSY), t0)) << "that says nothing of the way";
  EXPECT_EQ(order_of(m, t0), "3 2 1");
  EXPECT_EQ(m.about(at(places[2]), t0).connect, 30ms);
  EXPECT_EQ(m.usual(), 30ms);
  m.on_network("cafe", 2, true);
  EXPECT_EQ(order_of(m, t0), "1 2 3");
  EXPECT_TRUE(m.on_outcome(told(places[1], THARSIS_E_REFUSED), t0)) << "of the network of before";
  EXPECT_EQ(order_of(m, t0), "1 2 3");
  m.on_network("home", 3, true);
  EXPECT_EQ(order_of(m, t0), "3 1 2");
}

TEST(AddressMemory, WhoAsksToBeLeftAloneIsForAsLongAndOnEachNetwork) {
  address_memory m;
  address_memory::outcome rest = told(places[0], THARSIS_E_BUSY);
  rest.rest = 30min;
  m.on_outcome(rest, t0);
  EXPECT_EQ(order_of(m, t0 + 30min - 1s), "2 3");
  m.on_network("cafe", 2, true);
  EXPECT_EQ(order_of(m, t0 + 30min - 1s), "2 3");
  EXPECT_EQ(order_of(m, t0 + 30min), "1 2 3");
}

TEST(AddressMemory, NobodyRestsForMoreThanADay) {
  address_memory m;
  address_memory::outcome rest = told(places[0], THARSIS_E_BUSY);
  rest.rest = duration::max();
  m.on_outcome(rest, t0);
  EXPECT_EQ(order_of(m, t0 + 24h - 1s), "2 3");
  EXPECT_EQ(order_of(m, t0 + 24h), "1 2 3");
}

TEST(AddressMemory, AdviceHoldsForItsTimeOnItsNetworkAndUntilItIsTakenBack) {
  address_memory m;
  m.on_network("home", 1, true);
  EXPECT_EQ(m.deadline(t0), never);
  EXPECT_TRUE(m.advise(THARSIS_DNS_FAMILY, "6", 20s, t0));
  EXPECT_TRUE(m.advise(THARSIS_DNS_AVOID, "10.0.0.1", 10s, t0));
  EXPECT_EQ(order_of(m, t0), "2 1 3");
  EXPECT_TRUE(m.about(at(places[2]), t0).avoided) << "of the other family";
  EXPECT_EQ(m.deadline(t0), t0 + 10s);
  EXPECT_EQ(m.deadline(t0 + 10s), t0 + 20s);
  EXPECT_TRUE(m.advise(THARSIS_DNS_FAMILY, "4", 0s, t0)) << "nobody had said so";
  EXPECT_EQ(order_of(m, t0 + 19s), "2 1 3");
  EXPECT_EQ(order_of(m, t0 + 20s), "1 2 3");
  m.advise(THARSIS_DNS_AVOID, "10.0.0.1:443", 1min, t0);
  m.advise(THARSIS_DNS_AVOID, "10.0.0.3:80", 1min, t0);
  EXPECT_EQ(order_of(m, t0 + 21s), "2 3 1") << "the third at another port alone";
  m.on_network("home", 2, true);
  EXPECT_EQ(order_of(m, t0 + 21s), "2 3 1") << "the same one again";
  m.on_network("cafe", 3, true);
  EXPECT_EQ(order_of(m, t0 + 21s), "1 2 3");
  m.advise(THARSIS_DNS_AVOID, "10.0.0.1:443", 1min, t0);
  m.advise(THARSIS_DNS_AVOID, "10.0.0.1:443", 0s, t0);
  EXPECT_EQ(order_of(m, t0), "1 2 3") << "it was taken back";
}

TEST(AddressMemory, AdviceThatMeansNothingIsNone) {
  address_memory m;
  for (const auto& [code, about] : {std::pair<uint32_t, const char*>{THARSIS_DNS_FAMILY, "5"}, {THARSIS_DNS_FAMILY, ""}, {THARSIS_DNS_AVOID, "im.test"},
                                    {THARSIS_DNS_AVOID, "10.0.0"}, {THARSIS_DNS_PORTAL, "4"}})
    EXPECT_FALSE(m.advise(code, about, 1min, t0)) << code << " " << about;
  for (int i = 0; i < 1000; ++i) m.advise(THARSIS_DNS_AVOID, "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256), 1h, t0);
  EXPECT_TRUE(m.about(at("10.1.3.231:1"), t0).avoided) << "the last";
  EXPECT_FALSE(m.about(at("10.1.0.0:1"), t0).avoided) << "the first of too many";
}

// A cache that is put in order again with each dial would else use up the one probe of an address whose ban is over.
TEST(AddressMemory, ToLookIsNoProbe) {
  address_memory m;
  m.on_network("home", 1, true);
  instant now = t0;
  for (int i = 0; i < 3; ++i, now += 11s) m.on_outcome(told(places[0], THARSIS_E_TIMEOUT), now);
  EXPECT_EQ(order_of(m, now), "2 3");
  now += 10min;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(order_of(m, now), "2 3 1");
  const std::vector<tharsis_address> all = {at(places[0]), at(places[1])};
  EXPECT_EQ(m.order(all, now, true).size(), 2u);
  EXPECT_EQ(m.order(all, now, true).size(), 2u) << "who resolves, and then ranks, dials once";
  EXPECT_EQ(m.order(all, now, true).size(), 1u) << "one at a time";
}

// Goal: the first of twenty lists or so begins with one that nobody has looked at, and never with what somebody has found not to be reached.
TEST(AddressMemory, ExploresButNotWhereBytesCostMoneyNorWhatIsAvoided) {
  for (const bool metered : {false, true}) {
    address_memory m;
    m.on_network("home", 1, true, metered);
    m.on_outcome(told(places[0], THARSIS_OK), t0);
    m.advise(THARSIS_DNS_FAMILY, "4", 24h, t0);
    std::map<std::string, int> first;
    for (int i = 0; i < 100; ++i) {
      const instant now = t0 + i * 1min;
      std::vector<tharsis_address> list = m.order({at(places[0]), at(places[1]), at(places[2])}, now, true);
      const bool explored = m.explore(list, now, [i] { return static_cast<uint64_t>(i); });
      ASSERT_EQ(explored, to_text(list[0]) != places[0]);
      ASSERT_EQ(list.size(), 3u);
      ++first[to_text(list[0])];
    }
    EXPECT_EQ(first[places[1]], 0) << "of the other family";
    EXPECT_EQ(first[places[2]] > 0, !metered);
    EXPECT_LE(first[places[2]], 10);
  }
}
