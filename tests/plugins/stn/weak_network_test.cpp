#include "plugins/stn/core/weak_network.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::weak_network;

namespace {

constexpr instant t0 = instant(1h);
weak_network::task_end quick() { return {.answered = true, .took = 100ms, .first_byte = 90ms, .rest = 10ms}; }

weak_network weak_at_t0() {
  weak_network w({});
  EXPECT_TRUE(w.on_silence(t0));
  EXPECT_TRUE(w.weak());
  return w;
}

}  // namespace

TEST(WeakNetwork, EachSignOfMarsIsOne) {
  using end = weak_network::task_end;
  const struct {
    const char* what;
    bool (*sign)(weak_network&);
    uint32_t because;  // THARSIS_STN_WEAK_NOTHING: it is none.
  } table[] = {
      {"a connection within 2 s", [](weak_network& w) { return w.on_connected(2s, true, t0); }, THARSIS_STN_WEAK_NOTHING},
      {"a slower one", [](weak_network& w) { return w.on_connected(2001ms, true, t0); }, THARSIS_STN_WEAK_CONNECT_SLOW},
      {"at another address", [](weak_network& w) { return w.on_connected(10ms, false, t0); }, THARSIS_STN_WEAK_CONNECT_SECOND},
      {"first byte", [](weak_network& w) { return w.on_task(end{true, false, 2100ms, 2001ms, 0s}, t0); }, THARSIS_STN_WEAK_TASK_SLOW},
      {"gap", [](weak_network& w) { return w.on_task(end{true, false, 2100ms, 50ms, 2050ms}, t0); }, THARSIS_STN_WEAK_TASK_SLOW},
      {"whole", [](weak_network& w) { return w.on_task(end{true, false, 5s, 2s, 2s}, t0); }, THARSIS_STN_WEAK_TASK_SLOW},
      {"almost", [](weak_network& w) { return w.on_task(end{true, false, 4999ms, 2s, 2s}, t0); }, THARSIS_STN_WEAK_NOTHING},
      {"failed", [](weak_network& w) { return w.on_task(end{false, true, 0s, 0s, 0s}, t0); }, THARSIS_STN_WEAK_TASK_FAILED},
      {"refused by the server", [](weak_network& w) { return w.on_task(end{false, false, 9s, 9s, 0s}, t0); }, THARSIS_STN_WEAK_NOTHING},
      {"silence", [](weak_network& w) { return w.on_silence(t0); }, THARSIS_STN_WEAK_LINK_LOST},
      {"no connection", [](weak_network& w) { return w.on_not_connected(t0); }, THARSIS_STN_WEAK_NOTHING},
  };
  for (const auto& row : table) {
    weak_network w({});
    EXPECT_EQ(row.sign(w), row.because != THARSIS_STN_WEAK_NOTHING) << row.what;
    EXPECT_EQ(w.weak(), row.because != THARSIS_STN_WEAK_NOTHING) << row.what;
    EXPECT_EQ(w.because(), row.because) << row.what;
    weak_network behind({});
    EXPECT_FALSE(behind.on_foreground(false, t0));
    EXPECT_FALSE(row.sign(behind)) << row.what << " in the background";
  }
}

TEST(WeakNetwork, AMarkIsGoodForAMinuteAfterItsLastSign) {
  weak_network w = weak_at_t0();
  EXPECT_EQ(w.deadline(), t0 + 60s);
  EXPECT_FALSE(w.on_connected(3s, true, t0 + 50s)) << "it is weak already";
  EXPECT_EQ(w.because(), uint32_t{THARSIS_STN_WEAK_CONNECT_SLOW});
  EXPECT_FALSE(w.on_deadline(t0 + 60s));
  EXPECT_TRUE(w.on_deadline(t0 + 110s));
  EXPECT_FALSE(w.weak());
  EXPECT_EQ(w.lasted(), 110s);
  EXPECT_EQ(w.deadline(), never);
}

TEST(WeakNetwork, AQuickAnswerTakesItBackButNotWithinEightSeconds) {
  weak_network w = weak_at_t0();
  EXPECT_FALSE(w.on_task(quick(), t0 + 7999ms));
  EXPECT_TRUE(w.on_task(quick(), t0 + 8s));
  EXPECT_EQ(w.lasted(), 8s);
}

TEST(WeakNetwork, AnAnswerThatIsNeitherQuickNorSlowChangesNothing) {
  weak_network w = weak_at_t0();
  auto middling = quick();
  middling.took = 600ms;
  EXPECT_FALSE(w.on_task(middling, t0 + 30s));
  EXPECT_EQ(w.deadline(), t0 + 60s);
}

TEST(WeakNetwork, WhatIsBrokenIsNotWeak) {
  weak_network w = weak_at_t0();
  EXPECT_FALSE(w.on_not_connected(t0 + 7s));
  EXPECT_TRUE(w.on_not_connected(t0 + 8s));
  EXPECT_FALSE(w.weak());
}

TEST(WeakNetwork, TheBackgroundAndAnotherNetworkEndIt) {
  weak_network w = weak_at_t0();
  EXPECT_TRUE(w.on_foreground(false, t0 + 3s));
  EXPECT_EQ(w.lasted(), 3s);
  w = weak_at_t0();
  EXPECT_TRUE(w.on_network(t0 + 4s));
  EXPECT_FALSE(w.on_network(t0 + 5s));
}

// Whatever comes: what is told alternates, never lasts longer than a minute after a sign, and not in the background.
TEST(WeakNetwork, OverSeedsItIsToldOnceForEachChange) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    weak_network w({});
    bool told = false, foreground = true;
    instant now = t0, last_sign = t0 - 24h;
    for (int i = 0; i < 300; ++i) {
      now += std::chrono::milliseconds(random() % 20'000);
      const duration some = std::chrono::milliseconds(random() % 8'000);
      bool changed = w.on_deadline(now);
      if (changed) told = !told;
      if (told) {
        EXPECT_LT(now - last_sign, 60s);
      }
      switch (random() % 6) {
        case 0: changed = w.on_connected(some, random() % 3 != 0, now); break;
        case 1: changed = w.on_not_connected(now); break;
        case 2: changed = w.on_silence(now); break;
        case 3: changed = w.on_foreground(foreground = random() % 4 != 0, now); break;
        default: changed = w.on_task({random() % 4 != 0, random() % 8 == 0, some, some / 2, some / 2}, now);
      }
      if (w.deadline() == later(now, 60s)) last_sign = now;
      if (changed) told = !told;
      EXPECT_EQ(told, w.weak());
      EXPECT_TRUE(foreground || !w.weak());
    }
  }
}
