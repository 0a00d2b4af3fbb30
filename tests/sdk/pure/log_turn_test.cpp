// Whose turn it is: each place counts for itself, from any thread, and tells what it held back.
#include "sdk/pure/log_turn.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace tharsis;

TEST(LogTurn, TheFirstTimesOfEachPlace) {
  int one = 0, other = 0;
  for (int n = 0; n < 10; ++n) {
    if (log_first(3)) ++one;
    if (log_first(5)) ++other;
  }
  EXPECT_EQ(one, 3);
  EXPECT_EQ(other, 5);
}

TEST(LogTurn, EveryNthTellsWhatItHeldBack) {
  std::vector<std::pair<int, uint64_t>> came;
  for (int n = 0; n < 10; ++n)
    if (const auto turn = log_every(4)) came.emplace_back(n, turn.held);
  EXPECT_EQ(came, (std::vector<std::pair<int, uint64_t>>{{0, 0}, {4, 3}, {8, 3}}));
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(log_every(0));
}

TEST(LogTurn, NeverTwiceWithinAnInterval) {
  const auto ask = [](duration at) { return log_at_most(1s, instant(at)); };
  EXPECT_TRUE(ask(-5s));
  EXPECT_FALSE(ask(-4001ms));
  EXPECT_FALSE(ask(-4500ms));
  const auto second = ask(-4s);
  EXPECT_TRUE(second);
  EXPECT_EQ(second.held, 2u);
  EXPECT_FALSE(ask(-4s));
  EXPECT_EQ(ask(10s).held, 1u);
}

TEST(LogTurn, EqualLinesAreFolded) {
  std::vector<std::string> told;
  const auto say = [&told](int code, const std::string& host) {
    if (const auto turn = log_unlike_last(code, host)) told.push_back(std::to_string(code) + host + std::to_string(turn.held));
  };
  for (int n = 0; n < 5; ++n) say(1, "a");
  say(1, "b");
  say(2, "b");
  say(2, "b");
  say(1, "a");
  EXPECT_EQ(told, (std::vector<std::string>{"1a0", "1b4", "2b0", "1a1"}));
}

TEST(LogTurn, ThreadsShareAPlace) {
  std::atomic<uint64_t> came = 0, held = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int n = 0; n < 5000; ++n)
        if (const auto turn = log_every(10)) {
          ++came;
          held += turn.held;
        }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(came, 2000u);
  EXPECT_LE(held, 18'000u);
}
