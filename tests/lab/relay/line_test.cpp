// Statistics are taken over 20,000 packets: what is allowed is more than five standard deviations away.
#include "tests/lab/relay/line.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::lab;

namespace {

constexpr int many = 20'000;

struct run {
  std::vector<line::verdict> all;
  std::vector<instant> sent;

  double share(const std::function<bool(const line::verdict&)>& holds) const {
    return static_cast<double>(std::count_if(all.begin(), all.end(), holds)) / static_cast<double>(all.size());
  }
  double dropped(drop_reason why) const {
    return share([&](const line::verdict& v) { return v.dropped == why; });
  }
};

run through(const line_faults& faults, uint64_t seed = 1, duration apart = 1ms, size_t size = 1000) {
  run made;
  line p(seed);
  for (int i = 0; i < many; ++i) {
    made.sent.push_back(instant_from(0) + i * apart);
    made.all.push_back(p.on_packet(size, made.sent.back(), faults));
  }
  return made;
}

constexpr uint64_t seeds[] = {1, 2, 77, 1'000'000'007};

}  // namespace

TEST(Line, APerfectOneDoesNothing) {
  const run r = through({});
  for (size_t i = 0; i < r.all.size(); ++i) {
    const line::verdict& v = r.all[i];
    ASSERT_TRUE(!v.dropped && v.at == r.sent[i] && !v.duplicated && !v.late && !v.corrupted);
  }
}

TEST(Line, EachChanceIsAsOftenAsItSays) {
  line_faults f;
  f.loss = 0.2;
  f.reorder = 0.05;
  f.duplicate = 0.1;
  f.corrupt = 0.15;
  for (const uint64_t seed : seeds) {
    const run r = through(f, seed);
    EXPECT_NEAR(r.dropped(drop_reason::loss), 0.2, 0.015) << seed;
    EXPECT_NEAR(r.share([](const auto& v) { return v.late; }), 0.8 * 0.05, 0.008) << seed;
    EXPECT_NEAR(r.share([](const auto& v) { return v.duplicated; }), 0.8 * 0.1, 0.01) << seed;
    EXPECT_NEAR(r.share([](const auto& v) { return v.corrupted.has_value(); }), 0.8 * 0.15, 0.012) << seed;
  }
}

TEST(Line, LossesAreIndependent) {
  line_faults f;
  f.loss = 0.2;
  for (const uint64_t seed : seeds) {
    const run r = through(f, seed);
    int pairs = 0, losses = 0;
    for (size_t i = 1; i < r.all.size(); ++i)
      if (r.all[i - 1].dropped) ++losses, pairs += r.all[i].dropped ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(pairs) / losses, 0.2, 0.035) << seed;
  }
}

TEST(Line, BurstsComeAndGoAsGilbertAndElliottSay) {
  line_faults f;
  f.burst_enter = 0.02;
  f.burst_leave = 0.2;
  for (const uint64_t seed : seeds) {
    const run r = through(f, seed);
    EXPECT_NEAR(r.dropped(drop_reason::burst), 0.02 / 0.22, 0.03) << seed;
    int bursts = 0, lost = 0;
    for (size_t i = 1; i < r.all.size(); ++i) {
      lost += r.all[i].dropped ? 1 : 0;
      bursts += r.all[i].dropped && !r.all[i - 1].dropped ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(lost) / bursts, 1 / f.burst_leave, 1.5) << "their mean length, seed " << seed;
    f.burst_loss = 0.5;
    EXPECT_NEAR(through(f, seed).dropped(drop_reason::burst), 0.5 * 0.02 / 0.22, 0.02) << seed;
    f.burst_loss = 1;
  }
}

TEST(Line, JitterIsUniformAndKeepsTheOrder) {
  line_faults f;
  f.delay = 50ms;
  f.jitter = 20ms;
  const run rare = through(f, 1, 30ms);
  double sum = 0;
  for (size_t i = 0; i < rare.all.size(); ++i) {
    const duration took = rare.all[i].at - rare.sent[i];
    ASSERT_TRUE(took >= 50ms && took <= 70ms);
    sum += std::chrono::duration<double, std::milli>(took).count();
  }
  EXPECT_NEAR(sum / many, 60, 0.3);
  const run dense = through(f, 1, 100us);
  for (size_t i = 1; i < dense.all.size(); ++i) ASSERT_GE(dense.all[i].at, dense.all[i - 1].at);
}

TEST(Line, TheLateAreOvertakenAndNobodyElse) {
  line_faults f;
  f.delay = 50ms;
  f.reorder = 0.1;
  const run r = through(f);
  int overtaken = 0;
  for (size_t i = 0; i < r.all.size(); ++i) {
    const line::verdict& v = r.all[i];
    if (!v.late) {
      ASSERT_EQ(v.at, r.sent[i] + 50ms) << "the late keep nobody waiting";
      continue;
    }
    ASSERT_TRUE(v.at >= r.sent[i] + 52ms && v.at <= r.sent[i] + 77ms);
    ++overtaken;
  }
  EXPECT_NEAR(overtaken, many / 10, 220);
}

TEST(Line, APacketTakesItsTimeOnALineOfFiniteRate) {
  line_faults f;
  f.rate_bps = 1'000'000;
  f.delay = 5ms;
  line p(1);
  const instant start = instant_from(0);
  EXPECT_EQ(p.on_packet(1250, start, f).at, start + 10ms + 5ms);
  EXPECT_EQ(p.on_packet(125, start, f).at, start + 11ms + 5ms) << "behind the first";
  EXPECT_EQ(p.on_packet(1250, start + 1s, f).at, start + 1s + 15ms) << "on an idle line";
}

TEST(Line, AFullQueueDropsAndDrainsAtTheRate) {
  line_faults f;
  f.rate_bps = 64'000;
  f.queue_packets = 20;
  line p(1);
  const instant start = instant_from(0);
  int taken = 0;
  for (int i = 0; i < 50; ++i) {
    const auto v = p.on_packet(1000, start, f);  // 125 ms each.
    taken += v.dropped ? 0 : 1;
    EXPECT_TRUE(!v.dropped || v.dropped == drop_reason::queue);
  }
  EXPECT_EQ(taken, 21) << "twenty wait, one is being sent";
  EXPECT_TRUE(p.on_packet(1000, start + 124ms, f).dropped);
  EXPECT_FALSE(p.on_packet(1000, start + 125ms, f).dropped);
  EXPECT_TRUE(p.on_packet(1000, start + 125ms, f).dropped);
  const run flood = through(f, 1, 10ms);
  EXPECT_NEAR(flood.share([](const auto& v) { return !v.dropped; }), 10.0 / 125, 0.003);
}

TEST(Line, TheSameSeedDecidesTheSameAndAnotherDoesNot) {
  line_faults f;
  f.delay = 10ms;
  f.jitter = 10ms;
  f.loss = f.reorder = f.duplicate = f.corrupt = 0.1;
  f.burst_enter = 0.01;
  f.burst_leave = 0.3;
  const auto same = [](const run& a, const run& b) {
    return std::equal(a.all.begin(), a.all.end(), b.all.begin(), [](const auto& x, const auto& y) {
      return x.dropped == y.dropped && x.at == y.at && x.duplicated == y.duplicated && x.late == y.late &&
             x.corrupted == y.corrupted;
    });
  };
  EXPECT_TRUE(same(through(f, 5), through(f, 5)));
  EXPECT_FALSE(same(through(f, 5), through(f, 6)));
}

TEST(Line, TurningOneChanceUpLeavesTheOthersDecisions) {
  line_faults f;
  f.loss = 0.1;
  const run before = through(f);
  f.burst_enter = 0.1;
  f.duplicate = 0.5;
  f.jitter = 3ms;
  const run after = through(f);
  for (size_t i = 0; i < before.all.size(); ++i)
    ASSERT_EQ(before.all[i].dropped == drop_reason::loss, after.all[i].dropped == drop_reason::loss) << i;
}
