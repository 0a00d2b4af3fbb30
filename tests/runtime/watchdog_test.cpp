// Goal: a callback is reported once when it has run for too long, its end once, and nobody is reported
// who did not block, whatever the rounds see and however late they come.
#include "runtime/watchdog.h"

#include <random>

#include <gtest/gtest.h>

#include "runtime/settings.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using runtime::watchdog;
using test::for_each_seed;

namespace {

constexpr instant start = instant_from(1'000'000'000);

// Rounds at their time, of one strand.
struct one_strand {
  watchdog watch{{2s}};
  instant now = start;

  std::vector<watchdog::finding> round(std::optional<uint64_t> turn) {
    now += watch.interval();
    return watch.look({turn}, now);
  }
};

}  // namespace

TEST(Watchdog, LooksFourTimesWithinTheShortestLimitAndNeverWithoutPause) {
  EXPECT_EQ(watchdog({2s, 400ms, 1h}).interval(), 100ms);
  EXPECT_EQ(watchdog({1h}).interval(), runtime::runtime_settings{}.stall_round_longest);
  EXPECT_EQ(watchdog({1ms}).interval(), runtime::runtime_settings{}.stall_round_shortest);
}

TEST(Watchdog, TellsOnceThatACallbackIsTooLongAndOnceThatItIsOver) {
  one_strand s;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(s.round(7).empty()) << i;
  const auto found = s.round(7);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].over);
  EXPECT_EQ(found[0].turn, 7u);
  EXPECT_EQ(found[0].lasted, 2s);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(s.round(7).empty()) << i;
  const auto ended = s.round({});
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(ended[0].over);
  EXPECT_EQ(ended[0].lasted, 4500ms);
  EXPECT_TRUE(s.round({}).empty());
}

TEST(Watchdog, ManyShortCallbacksAreNoLongOne) {
  one_strand s;
  for (uint64_t turn = 1; turn < 100; ++turn) EXPECT_TRUE(s.round(turn).empty());
}

TEST(Watchdog, TheTimeOfAMachineThatSleptIsNobodysFault) {
  one_strand s;
  s.round(7);
  s.now += 1h;
  EXPECT_TRUE(s.round(7).empty());
  EXPECT_TRUE(s.round(7).empty());
  EXPECT_TRUE(s.round(7).empty());
  ASSERT_EQ(s.round(7).size(), 1u) << "but what blocks before and after it blocks";
}

// Method: strands that run callbacks of random lengths; rounds at random distances, some much too late.
TEST(Watchdog, AgreesWithWhatReallyRanOverSeeds) {
  for_each_seed(300, [](uint64_t seed) {
    std::mt19937_64 chance(seed);
    const auto below = [&](uint64_t n) { return chance() % n; };
    watchdog watch({1s, 1s});
    instant now = start;
    struct strand {
      uint64_t turn = 1;
      instant began = start, ends = start;
      bool told = false;
    } strands[2];
    for (int round = 0; round < 400; ++round) {
      const bool late = below(20) == 0;
      const duration step = late ? duration(2s) : watch.interval() * static_cast<int>(1 + below(2));
      now += step;
      watchdog::turns turns(2);
      bool ended[2] = {};
      for (int i = 0; i < 2; ++i) {
        strand& s = strands[i];
        if (s.ends <= now) {
          ended[i] = s.told;
          ++s.turn;
          s.began = now;
          s.ends = now + std::chrono::milliseconds(below(4) == 0 ? below(5000) : below(300));
        }
        turns[static_cast<size_t>(i)] = s.turn;
      }
      for (const auto& f : watch.look(turns, now)) {
        strand& s = strands[f.strand];
        if (f.over) {
          EXPECT_TRUE(ended[f.strand]);
          ended[f.strand] = false;
          s.told = false;
        } else {
          EXPECT_FALSE(s.told) << "told twice";
          EXPECT_EQ(f.turn, s.turn);
          EXPECT_GE(now - s.began, 1s) << "it has not run for so long";
          s.told = true;
        }
      }
      for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(ended[i]) << "its end was not told";
      }
    }
  });
}
