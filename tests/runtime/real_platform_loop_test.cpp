#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>

#include "tests/runtime/real_stage.h"

using namespace tharsis;
using tharsis::test::real_stage;
using tharsis::test::told;

namespace {

const tharsis_loop& loop_of(const tharsis_strand& s) { return *s.loop; }

// Runs a function that the test keeps.
void call(void* context, tharsis_handle) { (*static_cast<std::function<void()>*>(context))(); }

bool readable(int descriptor, int timeout_ms) {
  pollfd p{descriptor, POLLIN, 0};
  return poll(&p, 1, timeout_ms) == 1;
}

}  // namespace

TEST(RealLoop, PostsOfEachThreadKeepTheirOrderAndNoneIsLost) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  constexpr int threads = 4, each = 5000;
  std::vector<int> next(threads, 0);
  int wrong = 0, seen = 0;
  told all;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t)
    posters.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        real_stage::send(strand, [&, t, i] {
          if (next[static_cast<size_t>(t)]++ != i) ++wrong;
          if (++seen == threads * each) all.tell();
        });
    });
  for (auto& p : posters) p.join();
  ASSERT_TRUE(all.wait());
  EXPECT_EQ(wrong, 0);
}

namespace {

// What a bell's wake has seen of what was counted before it was rung.
struct belled {
  explicit belled(const tharsis_strand& s) : loop(loop_of(s)) {
    real_stage::on(s, [this] { EXPECT_EQ(loop.bell_open(loop.self, look, this, 0, &bell), THARSIS_OK); });
  }
  static void look(void* self, tharsis_handle) {
    auto& me = *static_cast<belled*>(self);
    me.seen = me.count.load();
    if (me.seen >= me.wanted && !std::exchange(me.told_all, true)) me.all.tell();
  }
  void ring() {
    ++count;
    loop.bell_ring(loop.self, bell);
  }
  const tharsis_loop& loop;
  tharsis_handle bell = 0;
  std::atomic<int> count{0}, seen{0}, wanted{1 << 30};
  bool told_all = false;
  told all;
};
belled* signalled = nullptr;

}  // namespace

TEST(RealLoop, NoRingOfABellIsLost) {
  real_stage stage;
  belled b(stage.open());
  b.wanted = 4 * 20'000;
  std::vector<std::thread> ringers;
  for (int t = 0; t < 4; ++t)
    ringers.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) b.ring();
    });
  for (auto& r : ringers) r.join();
  ASSERT_TRUE(b.all.wait());
  EXPECT_EQ(b.seen, 4 * 20'000);
}

// The thread that is interrupted posts all the time: what it holds, the handler must not want.
TEST(RealLoop, ASignalsHandlerMayRingWhateverItsThreadIsAt) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  belled b(strand);
  signalled = &b;
  struct sigaction rings {};
  rings.sa_handler = [](int) { signalled->ring(); };
  struct sigaction before {};
  sigaction(SIGUSR2, &rings, &before);
  std::atomic<bool> over{false};
  std::thread posts([&] {
    while (!over) loop_of(strand).post(loop_of(strand).self, 0, [](void*, tharsis_handle) {}, nullptr, 0);
  });
  for (int i = 0; i < 3'000; ++i) {
    const int rung = b.count;
    pthread_kill(posts.native_handle(), SIGUSR2);
    while (b.count == rung) std::this_thread::yield();
  }
  b.wanted = b.count.load();
  over = true;
  posts.join();
  b.ring();
  ASSERT_TRUE(b.all.wait());
  sigaction(SIGUSR2, &before, nullptr);
}

TEST(RealLoop, APostNeverRunsInsideTheCall) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  bool inside = true, ran = false, ran_inside = false;
  real_stage::on(strand, [&] {
    real_stage::send(strand, [&] {
      ran = true;
      ran_inside = inside;
    });
    inside = false;
  });
  real_stage::until(strand, [&] { return ran; });
  EXPECT_FALSE(ran_inside);
}

TEST(RealLoop, TheRunningStrandKnowsItselfAndOtherThreadsAreNobodys) {
  real_stage stage;
  const tharsis_strand &a = stage.open(), &b = stage.open(THARSIS_STRAND_DEDICATED);
  EXPECT_EQ(loop_of(a).current(loop_of(a).self), 0u);
  // Asked through any table: it is the thread that counts.
  real_stage::on(a, [&] { EXPECT_EQ(loop_of(b).current(loop_of(b).self), a.id); });
  real_stage::on(b, [&] { EXPECT_EQ(loop_of(a).current(loop_of(a).self), b.id); });
  EXPECT_NE(a.id, b.id);
}

TEST(RealLoop, AStrandOfAnotherPlatformIsNobodyHere) {
  real_stage one, other;
  const tharsis_strand &mine = one.open(), &foreign = other.open();
  real_stage::on(foreign, [&] { EXPECT_EQ(loop_of(mine).current(loop_of(mine).self), 0u); });
}

TEST(RealLoop, TheTimeStandsStillInsideACallbackAndMovesBetweenThem) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  const auto now = [&] { return loop_of(strand).now(loop_of(strand).self); };
  int64_t first = 0, second = 0;
  real_stage::on(strand, [&] {
    first = now();
    const auto busy_until = std::chrono::steady_clock::now() + 2ms;
    while (std::chrono::steady_clock::now() < busy_until) {
    }
    EXPECT_EQ(now(), first);
  });
  real_stage::on(strand, [&] { second = now(); });
  EXPECT_GE(second, first + 2'000'000);
}

TEST(RealLoop, TimersComeInTheOrderOfTheirTimesAndNeverEarly) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  const tharsis_loop& loop = loop_of(strand);
  struct one {
    int64_t at;
    int64_t came;
    std::vector<int>* order;
    const tharsis_loop* loop;
    int number;
  };
  std::vector<int> order;
  std::vector<one> all(6);
  const auto fired = [](void* context, tharsis_handle handle) {
    auto& o = *static_cast<one*>(context);
    o.came = o.loop->now(o.loop->self);
    o.order->push_back(o.number);
    EXPECT_EQ(handle, static_cast<tharsis_handle>(o.number));
  };
  real_stage::on(strand, [&] {
    const int64_t now = loop.now(loop.self);
    // The last two are due at once, in the order of the calls.
    const int64_t after[] = {7'300'000, 1'100'000, 3'050'000, 3'050'000, -5, -5};
    for (int i = 0; i < 6; ++i) {
      all[static_cast<size_t>(i)] = {now + after[i], 0, &order, &loop, i};
      EXPECT_EQ(loop.timer_set(loop.self, now + after[i], fired, &all[static_cast<size_t>(i)],
                               static_cast<tharsis_handle>(i), nullptr),
                THARSIS_OK);
    }
    EXPECT_TRUE(order.empty());
  });
  real_stage::until(strand, [&] { return order.size() == 6; });
  EXPECT_EQ(order, (std::vector<int>{4, 5, 1, 2, 3, 0}));
  for (const one& o : all) EXPECT_GE(o.came, o.at) << o.number;
  EXPECT_EQ(real_stage::audit(strand).timers, 0u);
}

TEST(RealLoop, ACancelledTimerDoesNotComeEvenWhenItWasDue) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  const tharsis_loop& loop = loop_of(strand);
  int fired = 0;
  tharsis_handle both[2] = {0, 0};
  std::function<void()> cancels_the_other = [&] {
    ++fired;
    // Due at the same time: one of the two runs first and takes the other away.
    EXPECT_EQ(loop.timer_cancel(loop.self, both[0]), THARSIS_E_GONE) << "it is the one that runs";
    EXPECT_EQ(loop.timer_cancel(loop.self, both[1]), THARSIS_OK);
    EXPECT_EQ(loop.timer_cancel(loop.self, both[1]), THARSIS_E_GONE);
  };
  std::function<void()> never = [&] { fired += 100; };
  real_stage::on(strand, [&] {
    const int64_t at = loop.now(loop.self) + 1'000'000;
    loop.timer_set(loop.self, at, call, &cancels_the_other, 0, &both[0]);
    loop.timer_set(loop.self, at, call, &never, 0, &both[1]);
  });
  real_stage::until(strand, [&] { return fired != 0; });
  told later;
  std::function<void()> tell = [&] { later.tell(); };
  real_stage::on(
      strand, [&] { loop.timer_set(loop.self, loop.now(loop.self) + 5'000'000, call, &tell, 0, nullptr); });
  ASSERT_TRUE(later.wait());
  EXPECT_EQ(fired, 1);
}

TEST(RealLoop, AHandleOfAnEndedTimerNeverNamesALaterOne) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  const tharsis_loop& loop = loop_of(strand);
  real_stage::on(strand, [&] {
    const int64_t far = loop.now(loop.self) + 3'600'000'000'000;
    const auto nothing = [](void*, tharsis_handle) {};
    tharsis_handle first = 0, second = 0;
    loop.timer_set(loop.self, far, nothing, nullptr, 0, &first);
    EXPECT_EQ(loop.timer_cancel(loop.self, first), THARSIS_OK);
    loop.timer_set(loop.self, far, nothing, nullptr, 0, &second);
    EXPECT_NE(first, second);
    EXPECT_EQ(loop.timer_cancel(loop.self, first), THARSIS_E_GONE);
    EXPECT_EQ(loop.timer_cancel(loop.self, 0), THARSIS_E_GONE);
    EXPECT_EQ(loop.timer_cancel(loop.self, ~tharsis_handle{0}), THARSIS_E_GONE);
    EXPECT_EQ(loop.timer_cancel(loop.self, second), THARSIS_OK);
  });
}

TEST(RealLoop, AStrandRefusesTheHandlesAndTheCallsOfOthers) {
  real_stage stage({.threads = 1});
  const tharsis_strand &a = stage.open(), &b = stage.open();
  const auto nothing = [](void*, tharsis_handle) {};
  tharsis_handle timer = 0;
  real_stage::on(a, [&] { loop_of(a).timer_set(loop_of(a).self, INT64_MAX, nothing, nullptr, 0, &timer); });
  real_stage::on(b, [&] {
    EXPECT_EQ(loop_of(a).timer_cancel(loop_of(a).self, timer), THARSIS_E_INVALID);
    tharsis_handle own = 0;
    loop_of(b).timer_set(loop_of(b).self, INT64_MAX, nothing, nullptr, 0, &own);
    EXPECT_EQ(loop_of(b).timer_cancel(loop_of(b).self, timer), THARSIS_E_GONE);
  });
  EXPECT_EQ(loop_of(a).timer_cancel(loop_of(a).self, timer), THARSIS_E_INVALID);
  EXPECT_EQ(real_stage::audit(a).timers, 1u);
}

TEST(RealLoop, AClosedStrandDropsItsWakesAndRefusesNewOnes) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  const tharsis_strand& other = stage.open(THARSIS_STRAND_DEDICATED);
  const tharsis_loop& loop = loop_of(strand);
  int late = 0;
  std::function<void()> count = [&] { ++late; };
  real_stage::on(strand, [&] {
    loop.timer_set(loop.self, 0, call, &count, 0, nullptr);
    loop.post(loop.self, 0, call, &count, 0);
    strand.close(strand.self);
    EXPECT_EQ(loop.post(loop.self, 0, call, &count, 0), THARSIS_E_GONE);
    EXPECT_EQ(loop.timer_set(loop.self, 0, call, &count, 0, nullptr), THARSIS_E_GONE);
    EXPECT_EQ(loop.run_blocking(
                  loop.self, [](void*) {}, call, &count, 0),
              THARSIS_E_GONE);
    tharsis_handle id = 0;
    const tharsis_address to = test::address_of("127.0.0.1", 9);
    EXPECT_EQ(strand.net->dial(
                  strand.net->self, &to, [](void*, tharsis_handle, uint32_t, tharsis_status) {}, nullptr, &id,
                  nullptr),
              THARSIS_E_GONE);
  });
  EXPECT_EQ(loop.post(loop.self, 0, call, &count, 0), THARSIS_E_GONE);
  real_stage::on(other, [&] {
    EXPECT_EQ(loop_of(other).post(loop_of(other).self, strand.id, call, &count, 0), THARSIS_E_GONE);
    EXPECT_EQ(loop_of(other).post(loop_of(other).self, strand.id + 1000, call, &count, 0), THARSIS_E_GONE);
    EXPECT_EQ(loop_of(other).post(loop_of(other).self, 77, call, &count, 0), THARSIS_E_GONE);
  });
  EXPECT_EQ(late, 0);
}

TEST(RealLoop, AFloodingStrandLeavesTurnsToItsNeighbours) {
  real_stage stage({.threads = 1});
  const tharsis_strand &flood = stage.open(), &neighbour = stage.open();
  std::atomic<bool> stop{false};
  std::function<void()> again = [&] {
    if (!stop) loop_of(flood).post(loop_of(flood).self, 0, call, &again, 0);
  };
  real_stage::send(flood, again);
  for (int i = 0; i < 10; ++i) real_stage::on(neighbour, [] {});
  stop = true;
  real_stage::on(flood, [] {});
}

TEST(RealLoop, BlockingWorkRunsElsewhereAndComesBackOnTheStrand) {
  real_stage stage;
  const tharsis_strand& strand = stage.open();
  const tharsis_loop& loop = loop_of(strand);
  const tharsis_platform& platform = *stage.platform.table();
  struct work {
    const tharsis_platform* platform;
    const tharsis_loop* loop;
    uint64_t worked_on = 0;
    tharsis_handle strand_while_working = 1, came_back_on = 0;
  } w{&platform, &loop, 0, 1, 0};
  uint64_t strand_thread = 0;
  real_stage::on(strand, [&] {
    strand_thread = platform.thread(platform.self);
    const auto run = [](void* c) {
      auto& mine = *static_cast<work*>(c);
      mine.worked_on = mine.platform->thread(mine.platform->self);
      mine.strand_while_working = mine.loop->current(mine.loop->self);
    };
    const auto back = [](void* c, tharsis_handle) {
      auto& mine = *static_cast<work*>(c);
      mine.came_back_on = mine.loop->current(mine.loop->self);
    };
    EXPECT_EQ(loop.run_blocking(loop.self, run, back, &w, 0), THARSIS_OK);
  });
  real_stage::until(strand, [&] { return w.came_back_on != 0; });
  EXPECT_EQ(w.came_back_on, strand.id);
  EXPECT_EQ(w.strand_while_working, 0u);
  EXPECT_NE(w.worked_on, strand_thread);
  EXPECT_EQ(real_stage::audit(strand).blocking, 0u);
}

TEST(RealLoop, TooMuchBlockingWorkIsRefusedAndAllThatWasTakenComesBack) {
  real_stage stage({.threads = 1, .blocking_threads = 2, .blocking_queue = 3});
  const tharsis_strand& strand = stage.open();
  const tharsis_loop& loop = loop_of(strand);
  std::promise<void> open_gate;
  struct shared_state {
    std::shared_future<void> gate;
    std::atomic<int> at_once{0}, most{0};
    int back = 0;
  } state;
  state.gate = open_gate.get_future().share();
  int taken = 0, refused = 0;
  real_stage::on(strand, [&] {
    const auto run = [](void* c) {
      auto& s = *static_cast<shared_state*>(c);
      const int now = ++s.at_once;
      for (int seen = s.most; seen < now && !s.most.compare_exchange_weak(seen, now);) {
      }
      s.gate.wait();
      --s.at_once;
    };
    const auto back = [](void* c, tharsis_handle) { ++static_cast<shared_state*>(c)->back; };
    for (int i = 0; i < 20; ++i) {
      const tharsis_status status = loop.run_blocking(loop.self, run, back, &state, 0);
      if (status == THARSIS_OK)
        ++taken;
      else if (status == THARSIS_E_BUSY)
        ++refused;
    }
  });
  EXPECT_EQ(taken, 2 + 3);
  EXPECT_EQ(refused, 15);
  EXPECT_EQ(real_stage::audit(strand).blocking, 5u);
  open_gate.set_value();
  real_stage::until(strand, [&] { return state.back == taken; });
  EXPECT_LE(state.most, 2);
}

TEST(RealLoop, ClosingAStrandDropsWaitingBlockingWorkAndLetsTheRestEndUnheard) {
  real_stage stage({.threads = 1, .blocking_threads = 1});
  const tharsis_strand& strand = stage.open();
  const tharsis_loop& loop = loop_of(strand);
  struct shared_state {
    std::promise<void> began, gate;
    std::atomic<int> ran{0}, back{0};
  } state;
  real_stage::on(strand, [&] {
    const auto first = [](void* c) {
      auto& s = *static_cast<shared_state*>(c);
      ++s.ran;
      s.began.set_value();
      s.gate.get_future().wait();
    };
    const auto second = [](void* c) { ++static_cast<shared_state*>(c)->ran; };
    const auto back = [](void* c, tharsis_handle) { ++static_cast<shared_state*>(c)->back; };
    loop.run_blocking(loop.self, first, back, &state, 0);
    loop.run_blocking(loop.self, second, back, &state, 0);
  });
  state.began.get_future().wait();
  real_stage::close(strand);
  state.gate.set_value();
  // Another strand's work passes through the same single thread, after both.
  const tharsis_strand& other = stage.open();
  told passed;
  real_stage::on(other, [&] {
    const auto tell = [](void* c, tharsis_handle) { static_cast<told*>(c)->tell(); };
    loop_of(other).run_blocking(
        loop_of(other).self, [](void*) {}, tell, &passed, 0);
  });
  ASSERT_TRUE(passed.wait());
  EXPECT_EQ(state.ran, 1);
  EXPECT_EQ(state.back, 0);
}

TEST(RealLoop, StrandsOfAllKindsHammeringEachOtherLoseNothing) {
  real_stage stage;
  constexpr int strands = 12, hops = 3000;
  std::vector<const tharsis_strand*> all;
  for (int i = 0; i < strands; ++i)
    all.push_back(&stage.open(i % 3 == 0 ? THARSIS_STRAND_DEDICATED : THARSIS_STRAND_SHARED));
  struct token {
    const std::vector<const tharsis_strand*>* all;
    int left;
    size_t at;
    std::atomic<int>* arrived;
    told* finished;
    // Each token is on one strand at a time; nothing guards it but the posts themselves.
    static void hop(void* context, tharsis_handle) {
      auto& t = *static_cast<token*>(context);
      if (--t.left == 0) {
        if (++*t.arrived == strands) t.finished->tell();
        return;
      }
      const tharsis_strand& here = *(*t.all)[t.at];
      EXPECT_EQ(here.loop->current(here.loop->self), here.id);
      t.at = (t.at * 7 + static_cast<size_t>(t.left)) % t.all->size();
      EXPECT_EQ(here.loop->post(here.loop->self, (*t.all)[t.at]->id, &token::hop, &t, 0), THARSIS_OK);
    }
  };
  std::atomic<int> arrived{0};
  told finished;
  std::vector<token> tokens;
  for (size_t i = 0; i < strands; ++i) tokens.push_back({&all, hops, i, &arrived, &finished});
  for (token& t : tokens) all[t.at]->loop->post(all[t.at]->loop->self, all[t.at]->id, &token::hop, &t, 0);
  ASSERT_TRUE(finished.wait());
  for (const tharsis_strand* s : all) real_stage::close(*s);
}

TEST(RealLoop, PostsThatRaceWithACloseAreRunOrRefusedButNeverCrash) {
  real_stage stage;
  for (int round = 0; round < 50; ++round) {
    const tharsis_strand& strand =
        stage.open(round % 2 == 0 ? THARSIS_STRAND_DEDICATED : THARSIS_STRAND_SHARED);
    std::thread poster([&] {
      const auto nothing = [](void*, tharsis_handle) {};
      // Bounded: on a busy machine the strand's thread may not run for long, and what is posted waits in memory.
      for (int n = 0; n < 100'000; ++n)
        if (strand.loop->post(strand.loop->self, strand.id, nothing, nullptr, 0) != THARSIS_OK) return;
    });
    real_stage::close(strand);
    poster.join();
  }
}

TEST(RealLoop, TheMainStrandRunsOnlyInThePump) {
  real_stage stage;
  const tharsis_strand& strand = stage.open(THARSIS_STRAND_MAIN);
  int ran = 0;
  EXPECT_FALSE(readable(stage.platform.main_descriptor(), 0));
  real_stage::send(strand, [&] {
    ++ran;
    EXPECT_EQ(strand.loop->current(strand.loop->self), strand.id);
    real_stage::send(strand, [&] { ++ran; });
  });
  EXPECT_EQ(ran, 0);
  EXPECT_TRUE(readable(stage.platform.main_descriptor(), 0));
  stage.platform.run_main(1s, 0ns);
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(readable(stage.platform.main_descriptor(), 0));
}

TEST(RealLoop, TheMainDescriptorTellsOfTimersAndOfWorkThatTheBudgetLeftOver) {
  real_stage stage;
  const tharsis_strand& strand = stage.open(THARSIS_STRAND_MAIN);
  const tharsis_loop& loop = loop_of(strand);
  int ran = 0;
  std::function<void()> count = [&] { ++ran; };
  for (int i = 0; i < 3; ++i) loop.post(loop.self, strand.id, call, &count, 0);
  stage.platform.run_main(0ns, 0ns);
  EXPECT_EQ(ran, 1) << "a budget of nothing is one wake";
  EXPECT_TRUE(readable(stage.platform.main_descriptor(), 0));
  real_stage::send(
      strand, [&] { loop.timer_set(loop.self, loop.now(loop.self) + 3'000'000, call, &count, 0, nullptr); });
  stage.platform.run_main(1s, 0ns);
  EXPECT_EQ(ran, 3);
  EXPECT_TRUE(readable(stage.platform.main_descriptor(), 30'000));
  stage.platform.run_main(1s, 0ns);
  EXPECT_EQ(ran, 4);
}

TEST(RealLoop, ThePumpWaitsForWorkAndReturnsWhenRung) {
  real_stage stage;
  const tharsis_strand& strand = stage.open(THARSIS_STRAND_MAIN);
  bool ran = false;
  std::thread poster([&] { real_stage::send(strand, [&] { ran = true; }); });
  stage.platform.run_main(1s, std::nullopt);
  poster.join();
  EXPECT_TRUE(ran);
  std::thread ringer([&] { stage.platform.wake_main(); });
  stage.platform.run_main(1s, std::nullopt);
  ringer.join();
  const auto before = std::chrono::steady_clock::now();
  stage.platform.run_main(1s, 5ms);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 5ms);
}

TEST(RealLoop, APumpInsideThePumpDoesNothing) {
  real_stage stage;
  const tharsis_strand& strand = stage.open(THARSIS_STRAND_MAIN);
  bool second = false, second_ran_inside = false;
  real_stage::send(strand, [&] {
    real_stage::send(strand, [&] { second = true; });
    stage.platform.run_main(1s, std::nullopt);
    second_ran_inside = second;
  });
  stage.platform.run_main(1s, 0ns);
  EXPECT_TRUE(second);
  EXPECT_FALSE(second_ran_inside);
}

TEST(RealLoop, APlatformWithOpenStrandsEndsAndGivesEverythingBack) {
  auto stage = std::make_unique<real_stage>();
  const tharsis_strand& strand = stage->open();
  stage->open(THARSIS_STRAND_DEDICATED);
  stage->open(THARSIS_STRAND_MAIN);
  real_stage::on(strand, [&] {
    const tharsis_address any = test::address_of("127.0.0.1");
    tharsis_handle id = 0;
    EXPECT_EQ(strand.net->listen(
                  strand.net->self, &any, [](void*, tharsis_handle, uint32_t, tharsis_status) {}, nullptr,
                  &id, nullptr),
              THARSIS_OK);
    strand.loop->timer_set(
        strand.loop->self, INT64_MAX, [](void*, tharsis_handle) {}, nullptr, 0, nullptr);
  });
  stage.reset();  // The leak checkers of the sanitizer builds look on.
}

namespace {
size_t entries(const char* folder) {
  const auto all = std::filesystem::directory_iterator(folder);
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}
}  // namespace

TEST(RealPlatform, StrandsThatCameAndWentLeaveNoThreadsAndDescriptors) {
  real_stage stage;
  real_stage::close(stage.open());
  const size_t threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd");
  for (int i = 0; i < 100; ++i)
    real_stage::close(stage.open(i % 2 == 0 ? THARSIS_STRAND_DEDICATED : THARSIS_STRAND_SHARED));
  // The last thread may still be on its way out; opening a strand takes in those that have ended.
  EXPECT_LE(entries("/proc/self/task"), threads + 3);
  EXPECT_LE(entries("/proc/self/fd"), descriptors + 3 * 2);
}

TEST(RealPlatform, WithoutDescriptorsAStrandIsRefusedWithASentence) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit tight{3, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &tight);
  {
    real_stage stage;
    for (const uint32_t kind : {THARSIS_STRAND_SHARED, THARSIS_STRAND_DEDICATED, THARSIS_STRAND_MAIN}) {
      const tharsis_strand* strand = nullptr;
      tharsis_error error = no_error();
      const tharsis_platform& platform = *stage.platform.table();
      EXPECT_EQ(platform.strand_open(platform.self, "hungry", kind, &strand, &error), THARSIS_E_BUSY);
      EXPECT_NE(std::string(error.text).find("hungry"), std::string::npos) << error.text;
    }
  }
  setrlimit(RLIMIT_NOFILE, &before);
}
