// A bus that is flooded while a subscriber does not move: its queue stays bounded, the others are served, and
// the counters say exactly what has become of every event.
#include "tests/fixtures/listener/listener.h"
#include "tests/fixtures/parrot/parrot.h"
#include "tests/hosts/service.h"

using namespace tharsis::test;

namespace {

constexpr uint32_t depth = 16;
constexpr uint32_t flood = 20'000;

// The parrot floods; `listener` blocks in its callback meanwhile.
struct flooded : host {
  explicit flooded(uint32_t policy)
      : host("  parrot: {}\n  listener: { loop: dedicated, policy: " + std::to_string(policy) + ", depth: " + std::to_string(depth) + " }\n") {
    if (!settle()) return;
    says.emplace(*this, PARROT_ID);
    hears.emplace(*this, LISTENER_ID);
  }
  tharsis_status say(uint32_t times) {
    return says->call([&](const parrot& p) { return p.say(p.self, times); });
  }
  // The first event is in its callback, which blocks.
  bool block() {
    hears->call([](const listener& l) { l.hold(l.self); });
    const bool said = say(1) == THARSIS_OK;
    return said && until(*this, [&] { return delivered() == 1; });
  }
  int64_t delivered() const { return counted(*this, "listener", "bus_delivered"); }
  uint64_t heard() {
    return hears->call([](const listener& l) { return l.heard(l.self); });
  }
  uint64_t last() {
    return hears->call([](const listener& l) { return l.last(l.self); });
  }
  void go_on() {
    hears->call([](const listener& l) { l.go_on(l.self); });
  }
  bool others_live() {
    uint64_t answers = 0;
    const auto note = [](void* context, tharsis_handle) { ++*static_cast<uint64_t*>(context); };
    says->call([&](const parrot& p) { return p.ask(p.self, note, &answers, 1); });
    return until(*this, [&] { return answers == 1; });
  }
  std::optional<service<parrot>> says;
  std::optional<service<listener>> hears;
};

}  // namespace

TEST(BusFlood, TheOldestGoAndTheNewestArrive) {
  flooded f(THARSIS_DROP_OLDEST);
  ASSERT_TRUE(f.block());
  EXPECT_EQ(f.say(flood), THARSIS_OK);
  EXPECT_TRUE(f.others_live());
  f.go_on();
  ASSERT_TRUE(until(f, [&] { return f.heard() == 1 + depth; })) << f.heard();
  EXPECT_EQ(f.last(), flood + 1);
  EXPECT_EQ(counted(f, "listener", "bus_queue_high"), depth);
  EXPECT_EQ(counted(f, "listener", "bus_dropped_oldest"), flood - depth);
  EXPECT_EQ(f.delivered(), 1 + depth);
}

TEST(BusFlood, TheNewestAreNotTaken) {
  flooded f(THARSIS_DROP_NEWEST);
  ASSERT_TRUE(f.block());
  EXPECT_EQ(f.say(flood), THARSIS_OK);
  EXPECT_TRUE(f.others_live());
  f.go_on();
  ASSERT_TRUE(until(f, [&] { return f.heard() == 1 + depth; })) << f.heard();
  EXPECT_EQ(f.last(), 1 + depth);
  EXPECT_EQ(counted(f, "listener", "bus_queue_high"), depth);
  EXPECT_EQ(counted(f, "listener", "bus_dropped_newest"), flood - depth);
}

TEST(BusFlood, OnlyTheLastOfATopicWaits) {
  flooded f(THARSIS_CONFLATE);
  ASSERT_TRUE(f.block());
  EXPECT_EQ(f.say(flood), THARSIS_OK);
  EXPECT_TRUE(f.others_live());
  f.go_on();
  ASSERT_TRUE(until(f, [&] { return f.heard() == 2; })) << f.heard();
  EXPECT_EQ(f.last(), flood + 1);
  EXPECT_EQ(counted(f, "listener", "bus_queue_high"), 1);
  EXPECT_EQ(counted(f, "listener", "bus_conflated"), flood - 1);
}

TEST(BusFlood, ThePublisherIsRefusedUntilThereIsRoom) {
  flooded f(THARSIS_REFUSE);
  ASSERT_TRUE(f.block());
  EXPECT_EQ(f.say(depth), THARSIS_OK);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(f.say(1), THARSIS_E_BUSY);
  EXPECT_TRUE(f.others_live());
  EXPECT_EQ(counted(f, "parrot", "bus_refused"), 100);
  f.go_on();
  ASSERT_TRUE(until(f, [&] { return f.heard() == 1 + depth; })) << f.heard();
  EXPECT_EQ(f.say(1), THARSIS_OK);
  ASSERT_TRUE(until(f, [&] { return f.heard() == 2 + depth; })) << f.heard();
  EXPECT_EQ(counted(f, "listener", "bus_queue_high"), depth);
  EXPECT_EQ(counted(f, "listener", "bus_dropped_newest") + counted(f, "listener", "bus_dropped_oldest"), 0);
}
