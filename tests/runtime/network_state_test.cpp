#include "runtime/network_state.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "sdk/pure/address.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

constexpr network_settings numbers;
constexpr instant start{1h};

// A network: its name, and the one address that it gives out.
network_look look(const std::string& network, const std::string& address = "", const std::string& interface = "eth0") {
  network_look l;
  l.type = network.empty() ? THARSIS_NETWORK_NONE : THARSIS_NETWORK_WIRED;
  if (network.empty()) return l;
  l.families = THARSIS_NETWORK_V4;
  l.mtu = 1500;
  l.interface = interface;
  l.id = network;
  l.way = interface + address;
  l.addresses = l.sources = {*parse_ip(address)};
  return l;
}
const network_look none = look("");
const network_look home = look("home", "10.0.0.1");
const network_look cafe = look("cafe", "10.9.0.1", "wlan0");
// The same, while the other one is still there.
network_look beside(network_look l, const network_look& other) {
  l.addresses.insert(l.addresses.end(), other.addresses.begin(), other.addresses.end());
  return l;
}

struct teller {
  explicit teller(const network_look& first = home) : machine(numbers) {
    machine.on_look(first, now);
    machine.take_change();
  }
  void see(const network_look& l) { machine.on_look(l, now), count(); }
  void pass(duration d) {
    const instant end = now + d;
    while (machine.deadline() <= end) {
      now = std::max(now, machine.deadline());
      machine.on_deadline(now);
      count();
      ASSERT_GT(machine.deadline(), now) << "a deadline that has passed stays";
    }
    now = end;
  }
  void count() {
    if (machine.take_change()) ++told;
  }
  const network_facts& facts() const { return machine.facts(); }

  network_state machine;
  instant now = start;
  int told = 0;
};

}  // namespace

TEST(NetworkState, TheFirstLookTeachesAndIsNoChangeOfWay) {
  network_state s(numbers);
  EXPECT_EQ(s.facts().type, THARSIS_NETWORK_UNKNOWN);
  s.on_look(home, start);
  EXPECT_TRUE(s.take_change());
  EXPECT_EQ(s.facts().generation, 1u);
  EXPECT_EQ(s.facts().id, "home");
  EXPECT_EQ(s.facts().interface, "eth0");
  EXPECT_EQ(s.deadline(), never);
}

TEST(NetworkState, TheSameLookAgainTellsNobody) {
  teller t;
  for (int i = 0; i < 10; ++i) t.see(home);
  t.pass(1h);
  EXPECT_EQ(t.told, 0);
}

TEST(NetworkState, AnotherNetworkIsToldAtOnceWhenTheOldAddressIsGone) {
  teller t;
  t.see(cafe);
  EXPECT_EQ(t.told, 1);
  EXPECT_EQ(t.facts().generation, 2u);
  EXPECT_EQ(t.facts().id, "cafe");
}

TEST(NetworkState, WhileTheOldOneIsStillThereTheNewOneMustBeStillFirst) {
  teller t;
  t.see(beside(cafe, home));
  EXPECT_EQ(t.told, 0);
  t.pass(numbers.still - 1ms);
  EXPECT_EQ(t.told, 0);
  t.pass(1ms);
  EXPECT_EQ(t.facts().id, "cafe");
  EXPECT_EQ(t.told, 1);
}

TEST(NetworkState, AShortLossIsNeverTold) {
  teller t;
  t.see(none);
  t.pass(numbers.still / 2);
  t.see(home);
  t.pass(1h);
  EXPECT_EQ(t.told, 0);
  EXPECT_EQ(t.facts().generation, 1u);
}

TEST(NetworkState, ALossThatLastsIsToldAndTheReturnAtOnce) {
  teller t;
  t.see(none);
  t.pass(1min);
  EXPECT_EQ(t.facts().type, THARSIS_NETWORK_NONE);
  EXPECT_EQ(t.facts().families, 0u);
  EXPECT_EQ(t.facts().interface, "");
  t.see(home);
  EXPECT_EQ(t.told, 2);
  EXPECT_EQ(t.facts().generation, 3u);
}

TEST(NetworkState, ANameThatIsFoundLaterIsToldButIsNoOtherNetwork) {
  network_look nameless = cafe;
  nameless.id.clear();
  teller t;
  t.see(nameless);
  t.see(cafe);
  t.pass(1min);
  EXPECT_EQ(t.told, 2);
  EXPECT_EQ(t.facts().id, "cafe");
  EXPECT_EQ(t.facts().generation, 2u);
}

TEST(NetworkState, AnotherRouterBehindTheSameAddressesIsAnotherNetwork) {
  network_look nameless = home, other = home;
  nameless.id.clear();
  other.id = "neighbours";
  teller t;
  t.see(nameless);
  t.pass(1min);
  EXPECT_EQ(t.facts().generation, 1u);
  t.see(other);
  t.pass(1min);
  EXPECT_EQ(t.facts().generation, 2u);
}

TEST(NetworkState, AnotherMtuIsToldAndIsNoOtherWay) {
  teller t;
  network_look narrow = home;
  narrow.mtu = 1280;
  t.see(narrow);
  t.pass(1min);
  EXPECT_EQ(t.facts().mtu, 1280u);
  EXPECT_EQ(t.facts().generation, 1u);
}

TEST(NetworkState, ALongSleepIsAnotherGenerationAndAShortOneIsNot) {
  teller t;
  t.machine.on_clock(5min, 100);
  t.count();
  EXPECT_EQ(t.told, 0) << "what it slept before is nobody's business";
  t.machine.on_clock(5min + 500ms, 200);
  EXPECT_EQ(t.facts().woke, 0);
  t.machine.on_clock(5min + 2s, 300);
  t.count();
  EXPECT_EQ(t.facts().woke, 300);
  EXPECT_EQ(t.facts().generation, 1u);
  t.machine.on_clock(5min + 1h, 400);
  t.count();
  EXPECT_EQ(t.facts().woke, 400);
  EXPECT_EQ(t.facts().generation, 2u);
  EXPECT_EQ(t.told, 2);
}

TEST(NetworkState, AClockThatIsSetIsNoSleep) {
  teller t;
  t.machine.on_clock(0s, 1'000'000'000'000);
  t.machine.on_clock(0s, 1);
  t.machine.on_clock(0s, 9'000'000'000'000'000);
  t.count();
  EXPECT_EQ(t.told, 0);
  EXPECT_EQ(t.facts().woke, 0);
}

TEST(NetworkState, AfterASleepWhateverFlappedBeforeIsForgotten) {
  teller t;
  t.machine.on_clock(0s, 1);
  for (int i = 0; i < 20; ++i) t.see(i % 2 == 0 ? cafe : home), t.pass(100ms);
  t.pass(1min);
  t.see(home), t.see(cafe), t.see(home);
  t.machine.on_clock(8h, 2);
  t.see(cafe);
  EXPECT_EQ(t.facts().id, "cafe");
}

TEST(NetworkState, TheHostKnowsBetterAndItsProxyIsAnotherWay) {
  teller t;
  network_inputs in;
  in.foreground = 0, in.metered = 1, in.type = THARSIS_NETWORK_CELLULAR, in.account = "ann", in.device = "phone";
  t.machine.on_inputs(in), t.count();
  EXPECT_EQ(t.facts().type, THARSIS_NETWORK_CELLULAR);
  EXPECT_EQ(t.facts().foreground, 0);
  EXPECT_EQ(t.facts().generation, 1u);
  t.machine.on_inputs(in), t.count();
  EXPECT_EQ(t.told, 1) << "the same again";
  in.proxy = "http://proxy:1";
  t.machine.on_inputs(in), t.count();
  EXPECT_EQ(t.facts().generation, 2u);
  in.network = "office";
  t.machine.on_inputs(in), t.count();
  EXPECT_EQ(t.facts().generation, 3u);
  t.see(cafe);
  EXPECT_EQ(t.facts().id, "office");
  EXPECT_EQ(t.facts().generation, 4u);
}

TEST(NetworkState, WhereTheSystemDoesNotSayTheTypeIsUnknown) {
  teller t;
  t.see(network_look{});
  t.pass(1min);
  EXPECT_EQ(t.facts().type, THARSIS_NETWORK_UNKNOWN);
  EXPECT_EQ(t.facts().families, 0u);
}

// Goal: whatever the network does, generations only grow, by one; a change that stays is told, once; the
// facts told in the end are those of the last look; and nobody can make it talk without end. Method: random
// looks, from every few milliseconds to rarely, with sleeps and inputs in between, then quiet.
TEST(NetworkState, EveryChangeThatStaysIsToldOnceAndFlappingIsNoStorm) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(3000, [](uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto upto = [&](uint64_t n) { return random() % n; };
    network_look nameless = cafe;
    nameless.id.clear();
    const std::vector<network_look> places = {none, home, cafe, beside(cafe, home), beside(home, cafe), nameless, look("v6", "fd00::1", "tun0")};
    teller t(places[upto(places.size())]);
    const duration pace = std::chrono::milliseconds(1) * (1 << upto(14));
    uint64_t generation = 1, asked = 0;
    duration asleep{};
    network_inputs in;
    t.machine.on_clock(asleep, 1);
    const instant began = t.now;
    const network_look* last = nullptr;
    for (int i = 0; i < 400; ++i) {
      if (upto(40) == 0) in.foreground ^= 1, t.machine.on_inputs(in), t.count(), ++asked;
      if (upto(80) == 0) asleep += std::chrono::seconds(upto(60)), t.machine.on_clock(asleep, 7), t.count(), ++asked;
      t.see(*(last = &places[upto(places.size())]));
      ASSERT_LE(t.facts().generation, generation + 2) << "one look, one sleep";
      ASSERT_GE(t.facts().generation, generation);
      generation = t.facts().generation;
      t.pass(duration(static_cast<int64_t>(upto(static_cast<uint64_t>(pace.count())) + 1)));
      generation = std::max(generation, t.facts().generation);
    }
    // At once, and then with waits that double: eight a calm time, and again after each sleep.
    const auto calms = static_cast<uint64_t>((t.now - began) / numbers.calm) + 1;
    const uint64_t most = asked + 8 * (calms + asked + 1) + static_cast<uint64_t>((t.now - began) / numbers.still_longest);
    EXPECT_LE(static_cast<uint64_t>(t.told), most) << "pace " << milliseconds(pace) << " ms";
    t.pass(numbers.still_longest);
    EXPECT_EQ(t.machine.deadline(), never);
    EXPECT_EQ(t.facts().id, last->id);
    EXPECT_EQ(t.facts().interface, last->interface);
    EXPECT_EQ(t.facts().type, last->type);
    const int before = t.told;
    t.see(*last), t.pass(1h);
    EXPECT_EQ(t.told, before) << "told twice";
  });
}

// Goal: a change that stays is told within the longest wait, from whatever state of unrest.
TEST(NetworkState, HoweverRestlessItWasAChangeThatStaysIsToldInTime) {
  teller t;
  for (int i = 0; i < 100; ++i) t.see(i % 2 == 0 ? cafe : home), t.pass(300ms);
  t.see(none), t.pass(numbers.still_longest);
  EXPECT_EQ(t.facts().type, THARSIS_NETWORK_NONE);
  for (int i = 0; i < 1000; ++i) {  // Never the same twice in a row, never the one that was told.
    const std::string address = "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    t.see(look(address, address));
    t.pass(100ms);
  }
  EXPECT_GE(t.told, 9) << "told of at least every ten seconds";
  EXPECT_LE(t.told, 40);
}
