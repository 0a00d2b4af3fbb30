// strand_inbox: order, and what becomes of functions whose strand or inbox is gone.
#include "runtime/strand_inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/runtime/real_stage.h"
#include "tests/sdk/async/fake_loop.h"

using namespace tharsis;
using runtime::strand_inbox;

namespace {

struct by_hand {
  test::fake_loop loop;
  tharsis_strand strand{};
  std::optional<strand_inbox> inbox;
  by_hand() {
    strand.size = sizeof strand;
    strand.id = 1;
    strand.loop = &loop.table;
    inbox.emplace(&strand);
  }
};

}  // namespace

TEST(StrandInbox, FunctionsRunLaterInOrderAndThoseTheySendAfterThem) {
  by_hand h;
  std::vector<int> ran;
  h.inbox->send([&] {
    ran.push_back(1);
    h.inbox->send([&] { ran.push_back(3); });
  });
  h.inbox->send([&] { ran.push_back(2); });
  EXPECT_TRUE(ran.empty());
  h.loop.run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(StrandInbox, AFunctionThatClosesItIsTheLast) {
  by_hand h;
  int ran = 0;
  const auto held = std::make_shared<int>();
  h.inbox->send([&] { ++ran, h.inbox->close(); });
  h.inbox->send([&ran, held] { ++ran; });
  h.loop.run();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(held.use_count(), 1) << "what was not run is freed";
  h.inbox->send([&ran, held] { ++ran; });
  h.loop.run();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(StrandInbox, AFunctionMayDestroyIt) {
  by_hand h;
  const auto held = std::make_shared<int>();
  h.inbox->send([&h, held] { h.inbox.reset(); });
  h.inbox->send([held] { FAIL(); });
  h.loop.run();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(StrandInbox, DestroyedWithAWakeUnderWayItIsFreedByTheWake) {
  by_hand h;
  h.inbox->send([] { FAIL(); });
  h.inbox.reset();
  h.loop.run();
}

TEST(StrandInbox, AbandonedItIsFreedWithoutTheWake) {
  by_hand h;
  const auto held = std::make_shared<int>();
  h.inbox->send([held] { FAIL(); });
  h.inbox->abandon();
  EXPECT_EQ(held.use_count(), 1);
  h.inbox.reset();  // A leak checker finds what is left.
}

TEST(StrandInbox, ADroppedFunctionMaySendElsewhereAndHere) {
  by_hand h;
  struct sends_when_dropped {
    strand_inbox* to;
    ~sends_when_dropped() { to->send([] { FAIL(); }); }
  };
  auto token = std::make_shared<sends_when_dropped>();
  token->to = &*h.inbox;
  const std::weak_ptr<sends_when_dropped> watched = token;
  h.inbox->send([keep = std::move(token)] { FAIL(); });
  h.inbox->close();
  EXPECT_TRUE(watched.expired());
  h.loop.run();
}

// Senders on threads, a strand that ends in the middle: every function runs, or is freed without running.
TEST(StrandInbox, SendersOnThreadsWhileItsStrandEnds) {
  for (int round = 0; round < 20; ++round) {
    test::real_stage stage;
    const tharsis_strand& strand = stage.open(THARSIS_STRAND_DEDICATED);
    auto inbox = std::make_unique<strand_inbox>(&strand);
    const auto held = std::make_shared<std::atomic<int>>(0);
    std::atomic<bool> go = false;
    std::vector<std::thread> senders;
    for (int i = 0; i < 3; ++i)
      senders.emplace_back([&] {
        go.wait(false);
        for (int n = 0; n < 500; ++n) inbox->send([held] { ++*held; });
      });
    go = true;
    go.notify_all();
    test::real_stage::on(strand, [&] {
      strand.close(strand.self);
      inbox->close();
    });
    for (std::thread& s : senders) s.join();
    inbox->abandon();
    inbox.reset();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_LE(*held, 1500);
  }
}
