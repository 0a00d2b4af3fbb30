// Goal: no line that was acknowledged is missing or doubled, whoever writes and however often threads come and go;
// who waits is woken; nobody is inside when close() has come back. Method: real threads, files and signals.
#include "plugins/xlog/ring_set.h"

#include <signal.h>
#include <sys/wait.h>

#include <latch>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/plugins/xlog/ring_line.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

std::vector<uint64_t> counted(uint64_t count) {
  std::vector<uint64_t> all(count);
  for (uint64_t i = 0; i < count; ++i) all[i] = i;
  return all;
}

size_t ring_number(const ring_set& rings, const tharsis_log_ring& r) {
  for (uint32_t i = 0; i < rings.count(); ++i)
    if (rings.bytes(i).bytes == r.bytes) return i;
  return 0;
}

}  // namespace

TEST(RingSet, LinesOfManyThreadsComeWholeAndInOrder) {
  for (const bool sealed : {false, true}) {
    const own_folder folder;
    living_rings l(folder.path, {4, 64 << 10, 64 << 10}, sealed);
    constexpr uint64_t lines = 20'000;  // Several laps.
    std::atomic<int> running{3};
    std::latch all_here(3);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        tharsis_log_ring* r = l.rings->ring();
        ASSERT_NE(r, nullptr);
        all_here.arrive_and_wait();  // Else one may be over before the next one asks, which then gets its ring.
        for (uint64_t i = 0; i < lines; ++i) ASSERT_TRUE(write_number(*l.rings, *r, i));
        --running;
      });
    test_drain drain(*l.rings);
    while (running > 0)
      if (drain.read() == 0) std::this_thread::yield();
    for (auto& t : threads) t.join();
    drain.read();
    for (uint32_t i = 1; i < 4; ++i) EXPECT_EQ(drain.numbers[i], counted(lines)) << "ring " << i << " sealed " << sealed;
    EXPECT_EQ(drain.damaged, 0u);
    EXPECT_TRUE(l.rings->close(10s));
  }
}

TEST(RingSet, AThreadKeepsItsRingAndOthersGetOthers) {
  const own_folder folder;
  living_rings l(folder.path);
  tharsis_log_ring* mine = l.rings->ring();
  EXPECT_EQ(l.rings->ring(), mine);
  tharsis_log_ring* other = nullptr;
  std::thread([&] { other = l.rings->ring(); }).join();
  EXPECT_NE(other, mine);
  tharsis_log_ring* next = nullptr;
  std::thread([&] { next = l.rings->ring(); }).join();
  EXPECT_EQ(next, other) << "the ring of a thread that is gone is used again";
}

TEST(RingSet, ThreadsWithoutARingWriteInTurnToTheSharedOne) {
  const own_folder folder;
  living_rings l(folder.path, {2, 64 << 10, 64 << 10});
  ASSERT_NE(l.rings->ring(), nullptr);
  std::atomic<uint64_t> number{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      EXPECT_EQ(l.rings->ring(), nullptr);
      for (int i = 0; i < 200; ++i) {
        const ring_set::shared_line shared(*l.rings);
        ASSERT_NE(shared.ring(), nullptr);
        EXPECT_EQ(ring_set::shared_line(*l.rings).ring(), nullptr) << "a signal inside a shared line must not wait for itself";
        EXPECT_TRUE(write_number(*l.rings, *shared.ring(), number++));
      }
    });
  for (auto& t : threads) t.join();
  test_drain drain(*l.rings);
  drain.read();
  EXPECT_EQ(drain.numbers[0], counted(800));
}

// A thread that had a ring marks it as busy before it sees that it is not its own any more.
TEST(RingSet, WhatLivingThreadsMayLookAtStaysTheirsInTheNextSet) {
  const own_folder folder;
  spare_blocks left;
  auto first = std::make_unique<living_rings>(folder.path, segment_geometry{4, 64 << 10, 64 << 10}, false, 10s, paper_keystream, std::span<const uint8_t>{}, &left);
  tharsis_log_ring* const mine = first->rings->ring();
  tharsis_log_ring* others = nullptr;
  std::latch has_one(1), may_go(1);
  std::thread other([&] {
    others = first->rings->ring();
    has_one.count_down();
    may_go.wait();
  });
  has_one.wait();
  EXPECT_TRUE(first->rings->close(10s));
  first.reset();

  living_rings next(folder.path, {4, 64 << 10, 64 << 10, 64 << 10}, false, 10s, paper_keystream, {}, &left);  // Its flight ring has the number of one that was left.
  tharsis_log_ring* third = nullptr;
  std::thread([&] { third = next.rings->ring(); }).join();
  EXPECT_NE(third, nullptr);
  EXPECT_NE(third, mine);
  EXPECT_NE(third, others);
  EXPECT_EQ(next.rings->ring(), mine);
  ASSERT_TRUE(write_number(*next.rings, *mine, 0));
  may_go.count_down();
  other.join();
  std::set<tharsis_log_ring*> all;
  std::latch all_have_one(2);
  std::vector<std::thread> threads;
  std::mutex mutex;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      tharsis_log_ring* const r = next.rings->ring();
      all_have_one.arrive_and_wait();
      const std::lock_guard lock(mutex);
      all.insert(r);
    });
  for (auto& t : threads) t.join();
  EXPECT_TRUE(all.contains(others)) << "its thread is gone";
  EXPECT_FALSE(all.contains(mine));
  EXPECT_TRUE(next.rings->close(10s));
}

TEST(RingSet, SetAfterSetTakesNoMoreMemoryWhileAThreadLives) {
  const own_folder folder;
  spare_blocks left;
  std::set<tharsis_log_ring*> had;
  for (int i = 0; i < 20; ++i) {
    living_rings l(folder.path, {4, 64 << 10, 64 << 10}, false, 10s, paper_keystream, {}, &left);
    had.insert(l.rings->ring());
    EXPECT_TRUE(l.rings->close(10s));
  }
  EXPECT_EQ(had.size(), 1u);
}

TEST(RingSet, TenThousandThreadsOverTimeNeedTwoRings) {
  const own_folder folder;
  living_rings l(folder.path, {8, 64 << 10, 64 << 10});
  test_drain drain(*l.rings);
  uint64_t read = 0;
  for (uint64_t i = 0; i < 10'000; ++i) {
    std::thread([&] {
      tharsis_log_ring* r = l.rings->ring();
      ASSERT_NE(r, nullptr);
      ASSERT_TRUE(write_number(*l.rings, *r, i));
    }).join();
    if (i % 8 == 7) read += drain.read();
  }
  EXPECT_EQ(read, 10'000u);
  // join() may come back before the system has forgotten the thread, so now and then one more is used.
  EXPECT_FALSE(l.rings->is_open(7));
}

TEST(RingSet, BytesAreTheThreadsThatWroteThem) {
  const own_folder folder;
  living_rings l(folder.path);
  uint64_t threads[2] = {};
  uint64_t ends[2] = {};
  for (int t = 0; t < 2; ++t)
    std::thread([&] {
      threads[t] = l.threads->thread();
      tharsis_log_ring* r = l.rings->ring();
      ASSERT_TRUE(write_number(*l.rings, *r, 0));
      ends[t] = r->position;
    }).join();
  EXPECT_EQ(l.rings->thread_of(1, 0), threads[0]);
  if (l.rings->is_open(2)) GTEST_SKIP() << "the first thread was still known when the second came";
  EXPECT_EQ(l.rings->thread_of(1, ends[0]), threads[1]);
  EXPECT_EQ(l.rings->thread_of(1, ends[1]), threads[1]);
}

TEST(RingSet, AFullRingDropsWhatMayNotWaitAndCountsIt) {
  const own_folder folder;
  living_rings l(folder.path, {2, 64 << 10, 64 << 10}, false, 1ms);
  tharsis_log_ring* r = l.rings->ring();
  uint64_t written = 0;
  while (write_number(*l.rings, *r, written, living_rings::hurried)) ++written;
  EXPECT_NE(l.news & ring_set::filling, 0u) << "somebody was told before it was too late";
  EXPECT_NE(l.news & ring_set::full, 0u);
  EXPECT_FALSE(write_number(*l.rings, *r, written)) << "waited, but nobody came";
  EXPECT_EQ(l.dropped[living_rings::hurried], 1u);
  EXPECT_EQ(l.dropped[living_rings::patient], 1u);
  test_drain drain(*l.rings);
  drain.read();
  EXPECT_EQ(drain.numbers[1], counted(written));
  EXPECT_TRUE(write_number(*l.rings, *r, written, living_rings::hurried));
}

TEST(RingSet, TheDrainsOwnLinesNeverWait) {
  const own_folder folder;
  living_rings l(folder.path, {2, 64 << 10, 64 << 10}, false, 1h);
  tharsis_log_ring* r = l.rings->ring();
  l.rings->begin_draining();
  uint64_t written = 0;
  while (write_number(*l.rings, *r, written)) ++written;
  EXPECT_EQ(l.dropped[living_rings::patient], 1u);
}

TEST(RingSet, NoLineComesWhileTheDrainSleepsUnheard) {
  const own_folder folder;
  living_rings l(folder.path);
  constexpr uint64_t lines = 30'000;
  std::thread writer([&] {
    tharsis_log_ring* r = l.rings->ring();
    for (uint64_t i = 0; i < lines; ++i) ASSERT_TRUE(write_number(*l.rings, *r, i));
  });
  test_drain drain(*l.rings);
  uint64_t read = 0, sleeps = 0;
  while (read < lines) {
    read += drain.read();
    if (read == lines || !l.rings->may_sleep(drain.seen)) continue;
    ++sleeps;
    l.news.wait(0);  // A wake-up that is lost ends this test by its time limit.
    l.news = 0;
  }
  writer.join();
  EXPECT_EQ(drain.numbers[1], counted(lines));
  EXPECT_TRUE(l.rings->close(10s));
}

TEST(RingSet, CloseWaitsForWhoeverIsInsideALineAndEndsWaiting) {
  const own_folder folder;
  living_rings l(folder.path, {3, 64 << 10, 64 << 10}, false, 1h);
  std::atomic<int> stage{0};
  std::thread inside([&] {
    tharsis_log_ring* r = l.rings->ring();
    ASSERT_TRUE(write_number(*l.rings, *r, 0));
    busy(*r) = 1;
    stage = 1;
    stage.notify_all();
    stage.wait(1);
    r->position += place_line(*r, 1, 1, std::vector<uint8_t>(8, 1));
    std::atomic_ref(const_cast<uint64_t&>(*r->head)).store(r->position, std::memory_order_release);
    busy(*r).store(0, std::memory_order_release);
  });
  std::thread waiting([&] {
    tharsis_log_ring* r = l.rings->ring();
    while (write_number(*l.rings, *r, 0)) {
    }
  });
  stage.wait(0);
  while ((l.news & ring_set::full) == 0) std::this_thread::yield();
  EXPECT_FALSE(l.rings->close(1ms)) << "somebody is inside";
  stage = 2;
  stage.notify_all();
  EXPECT_TRUE(l.rings->close(1h));
  waiting.join();
  inside.join();
  EXPECT_EQ(l.rings->ring(), nullptr);
  EXPECT_EQ(ring_set::shared_line(*l.rings).ring(), nullptr);
  test_drain drain(*l.rings);
  drain.read();
  EXPECT_EQ(drain.numbers[1].size() + drain.numbers[2].size() > 2, true);
  EXPECT_EQ(drain.damaged, 0u);
}

TEST(RingSet, WhatIsUnderWayWhenItClosesEndsInTheRing) {
  const own_folder folder;
  living_rings l(folder.path, {2, 64 << 10, 64 << 10}, false, 1h);
  tharsis_log_ring* r = l.rings->ring();
  EXPECT_TRUE(l.rings->close(10s));
  uint64_t written = 0;  // As if the generation had been looked at before.
  while (write_number(*l.rings, *r, written)) ++written;
  EXPECT_GT(written, 500u);
  EXPECT_EQ(l.dropped[living_rings::patient], 0u) << "it is not lost: it goes to write()";
}

TEST(RingSet, AThreadThatDiedInsideALineDoesNotHoldCloseUp) {
  const own_folder folder;
  living_rings l(folder.path);
  std::thread([&] { busy(*l.rings->ring()) = 1; }).join();
  EXPECT_TRUE(l.rings->close(1h));
}

namespace {
ring_set* signalled_set;
tharsis_log_ring* signalled_ring;
std::atomic<uint64_t> signal_lines{0}, signals_inside{0};

// What a logger does in a signal handler: its own ring, or the shared one where it is inside a line.
void log_from_signal(int) {
  const int number = errno;
  const bool inside = busy(*signalled_ring) != 0;
  std::optional<ring_set::shared_line> shared;
  if (inside) shared.emplace(*signalled_set);
  tharsis_log_ring* r = inside ? shared->ring() : signalled_ring;
  if (r != nullptr && write_number(*signalled_set, *r, (1ull << 40) + signal_lines, living_rings::hurried)) ++signal_lines;
  if (r != nullptr && inside) ++signals_inside;
  errno = number;
}
}  // namespace

TEST(RingSet, ASignalInsideALineGoesToTheSharedRing) {
  const own_folder folder;
  living_rings l(folder.path, {2, 1 << 20, 64 << 10});
  signalled_set = l.rings.get();
  signalled_ring = l.rings->ring();
  signal_lines = signals_inside = 0;
  struct sigaction act {}, before {};
  act.sa_handler = log_from_signal;
  sigaction(SIGUSR1, &act, &before);
  // Once for certain, by hand; then wherever the signals fall.
  busy(*signalled_ring) = 1;
  raise(SIGUSR1);
  busy(*signalled_ring) = 0;
  EXPECT_EQ(signals_inside, 1u);
  const pid_t process = getpid();
  const auto thread = static_cast<pid_t>(l.threads->thread());
  std::atomic<bool> done{false};
  std::thread sender([&] {
    while (!done) tgkill(process, thread, SIGUSR1), std::this_thread::yield();
  });
  test_drain drain(*l.rings);
  constexpr uint64_t lines = 20'000;
  for (uint64_t i = 0; i < lines; ++i) {
    ASSERT_TRUE(write_number(*l.rings, *signalled_ring, i));
    if (i % 1'000 == 0) drain.read();
  }
  done = true;
  sender.join();
  sigaction(SIGUSR1, &before, nullptr);
  drain.read();
  EXPECT_EQ(drain.damaged, 0u);
  std::erase_if(drain.numbers[1], [](uint64_t n) { return n >= 1ull << 40; });
  EXPECT_EQ(drain.numbers[1], counted(lines));
}

TEST(RingSet, AForkedChildHasNoRingsAndLeavesTheParentsAlone) {
  const own_folder folder;
  living_rings l(folder.path);
  tharsis_log_ring* r = l.rings->ring();
  ASSERT_TRUE(write_number(*l.rings, *r, 0));
  const pid_t child = fork();
  if (child == 0) {
    // By the rules of those who write: what it holds has no room, and there is nothing new.
    const bool none = r->position + 16 > r->limit && !l.rings->room(r, 16, living_rings::patient) && l.rings->ring() == nullptr;
    l.rings.reset();
    _exit(none ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ASSERT_TRUE(write_number(*l.rings, *r, 1));
  test_drain drain(*l.rings);
  drain.read();
  EXPECT_EQ(drain.numbers[1], counted(2));
}

// Whatever the threads and the drain do, each line is in its ring once or counted as dropped, never both; and those that
// wait long enough are not dropped.
TEST(RingSet, EveryLineIsThereOrCountedAsItsSiteSays) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const own_folder folder;
    living_rings l(folder.path, {4, 64 << 10, 64 << 10}, seed % 2 == 0, 1h);
    std::atomic<int> running{3};
    std::atomic<uint64_t> hurried_lost{0};
    std::latch all_here(3);
    std::vector<std::vector<uint64_t>> expected(l.rings->count());
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        tharsis_log_ring* r = l.rings->ring();
        ASSERT_NE(r, nullptr);
        all_here.arrive_and_wait();
        std::vector<uint64_t> mine;
        std::mt19937_64 random(seed * 10 + static_cast<uint64_t>(t));
        for (uint64_t i = 0; i < 20'000; ++i) {
          const uint32_t site = random() % 4 == 0 ? living_rings::hurried : living_rings::patient;
          if (write_number(*l.rings, *r, i, site)) mine.push_back(i);
          else if (site == living_rings::hurried) ++hurried_lost;
          else ADD_FAILURE() << "line " << i << " did not wait";
        }
        expected[ring_number(*l.rings, *r)] = std::move(mine);
        --running;
      });
    test_drain drain(*l.rings);
    std::mt19937_64 random(seed);
    while (running > 0) {
      for (uint64_t pause = random() % 2'000; pause > 0; --pause) std::this_thread::yield();
      drain.read();
    }
    for (auto& t : threads) t.join();
    drain.read();
    EXPECT_EQ(drain.numbers, expected) << "seed " << seed;
    EXPECT_EQ(l.dropped[living_rings::hurried], hurried_lost) << "seed " << seed;
    EXPECT_EQ(l.dropped[living_rings::patient], 0u) << "seed " << seed;
    EXPECT_EQ(drain.damaged, 0u);
  }
}
