// Two providers of one service, and one that takes its own back while a consumer is inside a call.
#include <atomic>
#include <thread>

#include "tests/fixtures/fickle/fickle.h"
#include "tests/hosts/service.h"

using namespace tharsis::test;

namespace {

struct Providers : ::testing::Test {
  Providers() : h("  steady: {}\n  fickle: {}\n  believer: { loop: dedicated }\n") {
    if (!h.settle()) return;
    orders.emplace(h, FICKLE_ID);
    asks.emplace(h, BELIEVER_ID);
  }
  // Whom the believer is bound to, by his answer.
  uint64_t opinion_of() {
    const uint64_t before = asked();
    asks->call([](const believer& b) { b.ask(b.self); });
    EXPECT_TRUE(until(h, [&] { return asked() > before; }));
    return asks->call([](const believer& b) { return b.heard(b.self); });
  }
  uint64_t asked() {
    return asks->call([](const believer& b) { return b.asked(b.self); });
  }
  uint64_t withdrawn() {
    return orders->call([](const fickle& f) { return f.withdrawn(f.self); });
  }
  host h;
  std::optional<service<fickle>> orders;
  std::optional<service<believer>> asks;
};

}  // namespace

TEST_F(Providers, TheHigherRankIsBoundAndTheOtherTakesOver) {
  EXPECT_EQ(opinion_of(), 1u);
  const int64_t services = counted(h, "runtime", "services"), changes = counted(h, "runtime", "service_changes");
  EXPECT_EQ(services, 4) << "two opinions, fickle's orders, the believer's";
  orders->call([](const fickle& f) { f.withdraw(f.self); });
  ASSERT_TRUE(until(h, [&] { return withdrawn() == 1; }));
  EXPECT_EQ(opinion_of(), 2u);
  EXPECT_EQ(counted(h, "runtime", "services"), services - 1);
  EXPECT_EQ(counted(h, "runtime", "service_changes"), changes + 1);
  orders->call([](const fickle& f) { f.provide(f.self); });
  EXPECT_TRUE(until(h, [&] { return opinion_of() == 1; })) << "and back";
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK) << h.report();
}

TEST_F(Providers, AWithdrawalInsideACallWaitsForItsEnd) {
  orders->call([](const fickle& f) { f.hold(f.self); });
  const uint64_t before = asked();
  asks->call([](const believer& b) { b.ask(b.self); });
  ASSERT_TRUE(until(h, [&] { return orders->call([](const fickle& f) { return f.inside(f.self); }) == 1; }));
  orders->call([](const fickle& f) { f.withdraw(f.self); });
  asks->call([](const believer& b) { b.ask(b.self); });  // Queued before it hears of the change.
  orders->call([](const fickle& f) { f.go_on(f.self); });
  ASSERT_TRUE(until(h, [&] { return withdrawn() == 1 && asked() == before + 2; }));
  EXPECT_EQ(orders->call([](const fickle& f) { return f.betrayed(f.self); }), 0u);
  EXPECT_EQ(opinion_of(), 2u);
}

// Method: the provider comes and goes without a pause while the consumer asks; it frees the table each time,
// which a sanitizer watches.
TEST_F(Providers, ComingAndGoingWhileItIsAsked) {
  for (uint64_t round = 1; round <= 200; ++round) {
    for (int i = 0; i < 3; ++i) asks->call([](const believer& b) { b.ask(b.self); });
    orders->call([](const fickle& f) { f.withdraw(f.self); });
    ASSERT_TRUE(until(h, [&] { return withdrawn() == round; })) << round;
    orders->call([](const fickle& f) { f.provide(f.self); });
  }
  EXPECT_EQ(orders->call([](const fickle& f) { return f.betrayed(f.self); }), 0u);
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK) << h.report();
}
