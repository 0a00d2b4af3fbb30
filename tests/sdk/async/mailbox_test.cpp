#include "sdk/async/mailbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/sdk/async/fake_loop.h"

using namespace tharsis;

namespace {

using number = std::shared_ptr<int>;

struct letter {
  number content;
  std::vector<int>* into;
  void deliver() { into->push_back(*content); }
};

void keep(void* context, number n) { static_cast<std::vector<int>*>(context)->push_back(*n); }

}  // namespace

TEST(Inbox, LettersArriveInOrderAndNeverInsideTheSend) {
  test::fake_loop loop;
  std::vector<int> got;
  inbox<number> box(loop.table, keep, &got);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(box.send(std::make_shared<int>(i)), THARSIS_OK);
  EXPECT_TRUE(got.empty());
  loop.run();
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Inbox, WhatNobodyReceivedIsFreedWithIt) {
  test::fake_loop loop;
  std::vector<int> got;
  const auto content = std::make_shared<int>(1);
  {
    inbox<number> box(loop.table, keep, &got);
    (void)box.send(content);
    EXPECT_EQ(content.use_count(), 2);
  }
  EXPECT_EQ(content.use_count(), 1);
  EXPECT_TRUE(got.empty());
}

// Goal: no letter is lost or doubled, and each sender's keep their order. Method: four threads send
// while the receiver drains; the loop's post does nothing, since draining is by hand.
TEST(Inbox, ManyThreadsMaySendAtOnce) {
  constexpr int threads = 4, each = 5'000;
  test::fake_loop loop;
  loop.table.post = [](void*, tharsis_handle, tharsis_wake, void*, tharsis_handle) { return tharsis_status{THARSIS_OK}; };
  std::vector<int> got;
  inbox<int> box(loop.table, [](void* into, int n) { static_cast<std::vector<int>*>(into)->push_back(n); }, &got);
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t)
    senders.emplace_back([&box, t] {
      for (int i = 0; i < each; ++i) (void)box.send(t * each + i);
    });
  while (got.size() < threads * each) box.drain();
  for (std::thread& s : senders) s.join();
  std::vector<int> next(threads, 0);
  for (const int n : got) EXPECT_EQ(n % each, next[static_cast<size_t>(n / each)]++);
}

TEST(Outbox, ALetterIsDeliveredOnceAndFreedSoonAfter) {
  test::fake_loop loop;
  std::vector<int> got;
  strand place(&loop.table);
  outbox<letter> box(place);
  const auto content = std::make_shared<int>(7);
  for (int i = 0; i < 1000; ++i) {
    box.send(2, {content, &got});
    loop.run();
  }
  EXPECT_EQ(got, std::vector<int>(1000, 7));
  EXPECT_LT(content.use_count(), 40);
}

TEST(Outbox, ALetterOutlivesTheBoxUntilItIsDelivered) {
  test::fake_loop loop;
  std::vector<int> got;
  strand place(&loop.table);
  const auto content = std::make_shared<int>(7);
  {
    outbox<letter> box(place);
    box.send(2, {content, &got});
  }
  EXPECT_EQ(content.use_count(), 2);
  loop.run();
  EXPECT_EQ(got, std::vector<int>{7});
  EXPECT_EQ(content.use_count(), 1);
}

TEST(Outbox, WhatAClosedStrandRefusesOrNeverTookIsFreed) {
  test::fake_loop loop;
  std::vector<int> got;
  strand place(&loop.table);
  const auto content = std::make_shared<int>(7);
  {
    outbox<letter> box(place);
    box.send(2, {content, &got});
    loop.step();         // The turn ends.
    loop.posts.clear();  // The strand is closed.
    loop.table.post = [](void*, tharsis_handle, tharsis_wake, void*, tharsis_handle) {
      return tharsis_status{THARSIS_E_GONE};
    };
    box.send(2, {content, &got});
  }
  EXPECT_EQ(content.use_count(), 1);
  EXPECT_TRUE(got.empty());
}

TEST(Inbox, LettersThatLieTogetherWakeOnce) {
  test::fake_loop loop;
  std::vector<int> got;
  inbox<number> box(loop.table, keep, &got);
  for (int i = 0; i < 5; ++i) (void)box.send(std::make_shared<int>(i));
  EXPECT_EQ(loop.posts.size(), 1u);
  loop.run();
  (void)box.send(std::make_shared<int>(5));
  EXPECT_EQ(loop.posts.size(), 1u);
  loop.run();
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(Outbox, WhatIsSentInOneTurnWakesEachStrandOnceAndStaysInOrder) {
  test::fake_loop loop;
  std::vector<int> got;
  strand place(&loop.table);
  outbox<letter> box(place);
  for (int i = 0; i < 6; ++i) box.send(i % 2 == 0 ? 2 : 3, {std::make_shared<int>(i), &got});
  EXPECT_TRUE(got.empty());
  ASSERT_EQ(loop.posts.size(), 1u);
  loop.step();
  EXPECT_EQ(loop.posts.size(), 2u);
  loop.run();
  EXPECT_EQ(got, (std::vector<int>{0, 2, 4, 1, 3, 5}));
}

namespace {
struct thrower {
  int number;
  std::vector<int>* into;
  void deliver() {
    if (number == 1) throw std::runtime_error("one of them throws");
    into->push_back(number);
  }
};
}  // namespace

TEST(Outbox, ALetterThatThrowsKeepsTheOthersFromNothing) {
  test::fake_loop loop;
  std::vector<int> got;
  strand place(&loop.table);
  outbox<thrower> box(place);
  for (int i = 0; i < 3; ++i) box.send(2, {i, &got});
  loop.step();
  EXPECT_THROW(loop.step(), std::runtime_error);
  EXPECT_EQ(got, (std::vector<int>{0, 2}));
}
