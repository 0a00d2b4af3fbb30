// Goal: in sync mode, and with flush_now(), a call comes back when its lines are in the file, not later than it may, and at
// once where waiting cannot help. Method: rings with real threads, and a drain that a test turns by hand.
#include <gtest/gtest.h>

#include <thread>

#include "tests/plugins/xlog/ring_line.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

struct XlogSyncMode : testing::Test {
  own_folder folder;
  living_rings l{folder.path};
  test_drain drain{*l.rings};

  // Until somebody waits.
  void wait_for_news() {
    for (uint32_t seen; ((seen = l.news) & ring_set::awaited) == 0;) l.news.wait(seen);
  }
  // Where this ring ends now, and the beginning of all others.
  std::vector<uint64_t> own_heads(const tharsis_log_ring& r) {
    std::vector<uint64_t> heads(l.rings->count());
    for (uint32_t i = 0; i < heads.size(); ++i)
      if (l.rings->bytes(i).bytes == r.bytes) heads[i] = r.position;
    return heads;
  }
  void keep() {
    drain.read();
    l.rings->on_kept();
  }
  // Until its thread ends, however it does.
  struct at_work {
    explicit at_work(XlogSyncMode& of) : test(of) {}
    ~at_work() {
      --test.running;
      test.l.news |= ring_set::filling;
      test.l.news.notify_all();
    }
    XlogSyncMode& test;
  };
  std::atomic<int> running{0};
};

}  // namespace

TEST_F(XlogSyncMode, ALineIsKeptWhenItsCallComesBack) {
  l.rings->set_sync(1h);
  constexpr uint64_t lines = 500;
  running = 3;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      const at_work here(*this);
      tharsis_log_ring* r = l.rings->ring();
      ASSERT_NE(r, nullptr);
      for (uint64_t i = 0; i < lines; ++i) {
        ASSERT_TRUE(write_number(*l.rings, *r, i));
        ASSERT_TRUE(l.rings->wait_kept(own_heads(*r), 0ns));
      }
    });
  while (running > 0) {
    const uint32_t seen = l.news.exchange(0);
    if (seen == 0) std::this_thread::yield();
    else if ((seen & ring_set::awaited) != 0) keep();
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(l.rings->take_late(), 0u);
}

// Whoever saw "awake" even for a moment would not wait for its line.
TEST_F(XlogSyncMode, WhoWritesIsCalledToWaitWhileOthersWakeTheDrain) {
  l.rings->set_sync(1h);
  tharsis_log_ring* r = l.rings->ring();
  ASSERT_NE(r, nullptr);
  running = 1;
  std::thread wakes([&] {
    const at_work here(*this);
    l.rings->set_caller();
    ASSERT_NE(l.rings->ring(), nullptr);
    for (int i = 0; i < 100'000; ++i) {
      l.rings->begin_draining();  // Or only the first one would be told.
      l.rings->end_draining();
      l.rings->wake();
    }
  });
  uint64_t told_awake = 0;
  while (running > 0) told_awake += __atomic_load_n(r->asleep, __ATOMIC_RELAXED) == 0;
  EXPECT_EQ(told_awake, 0u);
  wakes.join();
  l.rings->set_sync(duration());
  l.rings->wake();
  EXPECT_EQ(__atomic_load_n(r->asleep, __ATOMIC_RELAXED), 0u);
}

TEST_F(XlogSyncMode, TheLineStaysAndIsCountedWhenNobodyWritesInTime) {
  l.rings->set_sync(1ms);
  tharsis_log_ring* r = l.rings->ring();
  EXPECT_TRUE(write_number(*l.rings, *r, 0));
  EXPECT_EQ(l.rings->take_late(), 1u);
  l.rings->set_sync(1h);
  EXPECT_TRUE(write_number(*l.rings, *r, 1)) << "who hangs is not waited for again";
  EXPECT_EQ(l.rings->take_late(), 1u);
  keep();
  EXPECT_EQ(drain.numbers[1], (std::vector<uint64_t>{0, 1}));
  l.news = 0;
  std::thread writes([&] { EXPECT_TRUE(write_number(*l.rings, *l.rings->ring(), 2)); });
  wait_for_news();
  keep();
  writes.join();
  EXPECT_EQ(l.rings->take_late(), 0u) << "until it works again";
}

TEST_F(XlogSyncMode, AFailureEndsTheWaitAndClosingDoes) {
  l.rings->set_sync(1h);
  std::thread fails([&] { EXPECT_TRUE(write_number(*l.rings, *l.rings->ring(), 0)); });
  wait_for_news();
  l.rings->on_stuck();
  fails.join();
  EXPECT_EQ(l.rings->take_late(), 1u);
  keep();
  l.news = 0;
  std::thread closes([&] { EXPECT_TRUE(write_number(*l.rings, *l.rings->ring(), 1)); });
  wait_for_news();
  EXPECT_TRUE(l.rings->close(1h));
  closes.join();
  EXPECT_EQ(l.rings->take_late(), 0u) << "the last turn writes it";
}

TEST_F(XlogSyncMode, WhoeverTheDrainNeedsDoesNotWait) {
  l.rings->set_sync(1h);
  tharsis_log_ring* r = l.rings->ring();
  l.rings->begin_draining();
  EXPECT_FALSE(l.rings->may_wait());
  EXPECT_TRUE(write_number(*l.rings, *r, 0));
  l.rings->end_draining();
  EXPECT_TRUE(l.rings->may_wait());
  l.rings->set_caller();
  EXPECT_TRUE(write_number(*l.rings, *r, 1));
  EXPECT_NE(l.news & ring_set::awaited, 0u) << "it is written soon all the same";
  EXPECT_EQ(l.rings->take_late(), 0u);
}

// Threads write all the time while the mode changes; the drain sleeps as the real one does.
TEST_F(XlogSyncMode, TheModeChangesWhileLinesAreWritten) {
  running = 2;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      const at_work here(*this);
      tharsis_log_ring* r = l.rings->ring();
      ASSERT_NE(r, nullptr);
      for (uint64_t i = 0; i < 3000; ++i) ASSERT_TRUE(write_number(*l.rings, *r, i));
    });
  for (int turn = 0; running > 0; ++turn) {
    l.rings->set_sync(turn % 2 == 0 ? duration(1h) : duration());
    keep();
    if (!l.rings->may_sleep(drain.seen)) continue;
    l.news.wait(0);
    l.news = 0;
  }
  for (std::thread& t : threads) t.join();
  keep();
  EXPECT_EQ(drain.numbers[1].size() + drain.numbers[2].size(), 6000u);
  EXPECT_EQ(l.rings->take_late(), 0u);
}

TEST_F(XlogSyncMode, AFlushWaitsForAllLinesOfBefore) {
  tharsis_log_ring* r = l.rings->ring();
  EXPECT_TRUE(l.rings->wait_kept(l.rings->heads(), 0ns)) << "there are none";
  EXPECT_TRUE(write_number(*l.rings, *r, 0));
  const auto heads = l.rings->heads();
  EXPECT_FALSE(l.rings->wait_kept(heads, 1ms)) << "the disk hangs";
  drain.read();
  EXPECT_FALSE(l.rings->wait_kept(heads, 1ms)) << "written, but not kept";
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { EXPECT_TRUE(l.rings->wait_kept(heads, 1h)); });
  EXPECT_TRUE(write_number(*l.rings, *r, 1)) << "what comes later is not waited for";
  l.rings->on_kept();
  for (std::thread& t : threads) t.join();
  std::thread waits([&] { EXPECT_FALSE(l.rings->wait_kept(l.rings->heads(), 1h)); });
  EXPECT_TRUE(l.rings->close(1h));
  waits.join();
}
