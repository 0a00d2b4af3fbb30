#include "sdk/async/mailbox.h"

#include <gtest/gtest.h>

#include <memory>
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
  outbox<letter> box(loop.table);
  const auto content = std::make_shared<int>(7);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(box.send(2, {content, &got}), THARSIS_OK);
    loop.run();
  }
  EXPECT_EQ(got, std::vector<int>(1000, 7));
  EXPECT_LT(content.use_count(), 40);
}

TEST(Outbox, ALetterOutlivesTheBoxUntilItIsDelivered) {
  test::fake_loop loop;
  std::vector<int> got;
  const auto content = std::make_shared<int>(7);
  {
    outbox<letter> box(loop.table);
    (void)box.send(2, {content, &got});
  }
  EXPECT_EQ(content.use_count(), 2);
  loop.run();
  EXPECT_EQ(got, std::vector<int>{7});
  EXPECT_EQ(content.use_count(), 1);
}

TEST(Outbox, WhatAClosedStrandRefusesOrNeverTookIsFreed) {
  test::fake_loop loop;
  std::vector<int> got;
  const auto content = std::make_shared<int>(7);
  {
    outbox<letter> box(loop.table);
    (void)box.send(2, {content, &got});
    loop.posts.clear();  // The strand is closed.
    loop.table.post = [](void*, tharsis_handle, tharsis_wake, void*, tharsis_handle) {
      return tharsis_status{THARSIS_E_GONE};
    };
    EXPECT_EQ(box.send(2, {content, &got}), THARSIS_E_GONE);
    EXPECT_EQ(content.use_count(), 2);
  }
  EXPECT_EQ(content.use_count(), 1);
  EXPECT_TRUE(got.empty());
}
