// The world itself: order, time, and that a seed is a run.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include "sdk/sim/world.h"
#include "tests/sdk/sim/stage.h"

using namespace tharsis;
using namespace tharsis::test;
using sim::world;

namespace {

const tharsis_strand& open(const tharsis_platform* p) {
  const tharsis_strand* s = nullptr;
  EXPECT_EQ(p->strand_open(p->self, "test", THARSIS_STRAND_SHARED, &s, nullptr), THARSIS_OK);
  return *s;
}

// Wakes of several strands, written down in the order in which they came.
struct diary {
  struct entry {
    diary* book;
    char who;
  };
  static void wake(void* context, tharsis_handle number) {
    auto& e = *static_cast<entry*>(context);
    e.book->text += e.who + std::to_string(number) + " ";
  }
  std::string text;
};

std::string interleaving(uint64_t seed) {
  world w(seed);
  diary book;
  diary::entry a{&book, 'a'}, b{&book, 'b'};
  const tharsis_platform* const p = w.add_machine("m", {}).platform();
  const auto& one = open(p);
  const auto& two = open(p);
  for (tharsis_handle i = 0; i < 5; ++i) {
    one.loop->post(one.loop->self, 0, diary::wake, &a, i);
    one.loop->post(one.loop->self, two.id, diary::wake, &b, i);
  }
  w.run_for(1s);
  return book.text;
}

}  // namespace

TEST(SimWorld, TheSeedChoosesAmongStrandsAndEachKeepsItsOrder) {
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const std::string text = interleaving(seed);
    EXPECT_EQ(text, interleaving(seed));
    seen.insert(text);
    for (const char who : {'a', 'b'}) {
      std::string own;
      for (size_t i = 0; i < text.size(); i += 3)
        if (text[i] == who) own += text[i + 1];
      EXPECT_EQ(own, "01234") << text;
    }
  }
  EXPECT_GT(seen.size(), 20u);
}

TEST(SimWorld, TimeJumpsOverADayAndIsConstantInsideAWake) {
  simulated_stage st(1);
  const auto& s = st.open();
  struct note {
    const tharsis_loop* loop;
    int64_t first = 0, second = 0, wall = 0;
  } n{s.loop};
  const auto wake = [](void* context, tharsis_handle) {
    auto& self = *static_cast<note*>(context);
    self.first = self.loop->now(self.loop->self);
    self.wall = self.loop->wall(self.loop->self);
    self.second = self.loop->now(self.loop->self);
  };
  const int64_t begun = s.loop->now(s.loop->self);
  const int64_t wall = s.loop->wall(s.loop->self);
  const int64_t day = duration(24h).count();
  st.on(s,
        [&] { EXPECT_EQ(s.loop->timer_set(s.loop->self, begun + day, wake, &n, 0, nullptr), THARSIS_OK); });
  ASSERT_TRUE(st.w.run_until([&] { return n.first != 0; }, never));
  EXPECT_EQ(n.first, begun + day);
  EXPECT_EQ(n.second, n.first);
  EXPECT_EQ(n.wall - wall, day);
  EXPECT_GT(n.wall, int64_t{1'767'225'600} * 1'000'000'000) << "a plausible date";
}

TEST(SimWorld, AStrandThatWakesItselfForEverMeetsTheLimit) {
  simulated_stage st(1);
  const auto& s = st.open();
  struct spinner {
    const tharsis_loop* loop;
    static void wake(void* context, tharsis_handle) {
      auto* self = static_cast<spinner*>(context);
      self->loop->post(self->loop->self, 0, wake, self, 0);
    }
  } spin{s.loop};
  spinner::wake(&spin, 0);
  EXPECT_FALSE(st.run_until([] { return false; }, 10ms));
  EXPECT_GT(st.w.steps(), 1000u);
}

TEST(SimWorld, RunUntilStopsWhenNothingIsLeftAndAtTheLimit) {
  world w(1);
  bool happened = false;
  w.at(w.now() + 5s, [&] { happened = true; });
  const instant limit = w.now() + 1s;
  EXPECT_FALSE(w.run_until([&] { return happened; }, limit));
  EXPECT_EQ(w.now(), limit);
  EXPECT_TRUE(w.run_until([&] { return happened; }, never));
  EXPECT_FALSE(w.run_until([] { return false; }, never)) << "nothing is left";
}

TEST(SimWorld, RandomBytesComeFromTheSeed) {
  const auto bytes = [](uint64_t seed) {
    world w(seed);
    const tharsis_random& r = *w.add_machine("m", {}).platform()->random;
    std::string into(32, '\0');
    r.fill(r.self, reinterpret_cast<uint8_t*>(into.data()), into.size());
    return into;
  };
  EXPECT_EQ(bytes(1), bytes(1));
  EXPECT_NE(bytes(1), bytes(2));
}

TEST(SimWorld, BlockingWorkHappensLaterAndBetweenTheWakes) {
  simulated_stage st(1);
  const auto& s = st.open();
  struct job {
    const tharsis_loop* loop;
    bool worked = false, woken = false;
    tharsis_handle during = 99;
  } j{s.loop};
  const auto work = [](void* context) {
    auto& self = *static_cast<job*>(context);
    self.worked = true;
    self.during = self.loop->current(self.loop->self);
  };
  const auto wake = [](void* context, tharsis_handle) { static_cast<job*>(context)->woken = true; };
  st.on(s, [&] {
    EXPECT_EQ(s.loop->run_blocking(s.loop->self, work, wake, &j, 0), THARSIS_OK);
    EXPECT_FALSE(j.worked);
  });
  EXPECT_TRUE(st.run_until([&] { return j.woken; }, 1s));
  EXPECT_TRUE(j.worked);
  EXPECT_EQ(j.during, 0u);
}

TEST(SimWorld, AStrandRefusesCallsFromElsewhere) {
  simulated_stage st(1);
  const auto& one = st.open();
  const auto& two = st.open();
  const auto nothing = [](void*, tharsis_handle) {};
  const auto set = [&] { return one.loop->timer_set(one.loop->self, 0, nothing, nullptr, 0, nullptr); };
  EXPECT_EQ(set(), THARSIS_E_INVALID);
  st.on(two, [&] { EXPECT_EQ(set(), THARSIS_E_INVALID); });
  st.on(one, [&] { EXPECT_EQ(set(), THARSIS_OK); });
  st.on(one, [&] {
    one.close(one.self);
    EXPECT_EQ(set(), THARSIS_E_GONE);
  });
}
