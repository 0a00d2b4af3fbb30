// Goal: the lines of several rings come in the order of their clocks, each once, and damage in one ring costs the
// others nothing.
#include "plugins/xlog/core/row_merge.h"

#include <cstring>
#include <random>
#include <string>

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

// Bytes as they stand in a ring that never wraps.
struct paper_ring {
  void add(uint32_t site, uint64_t tick, uint32_t size = 24) {
    std::vector<uint8_t> record(size);
    std::memcpy(record.data(), &size, 4);
    std::memcpy(record.data() + 4, &site, 4);
    std::memcpy(record.data() + 8, &tick, 8);
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  ring_bytes view() const { return {bytes.data(), nullptr, ~uint64_t{0}, 0}; }

  std::vector<uint8_t> bytes;
};

constexpr uint32_t record_max = 1 << 10;
using list = std::vector<std::pair<uint32_t, uint64_t>>;  // Ring, tick.

list all_of(row_merge& m, uint32_t sites = 2) {
  list found;
  for (row r; m.next(r, sites); m.take()) found.emplace_back(r.thread, r.tick);
  return found;
}

}  // namespace

TEST(XlogRowMerge, LinesComeByTickAndOfEqualOnesTheFirstRings) {
  paper_ring a, b;
  a.add(1, 10), a.add(1, 30), a.add(1, 30);
  b.add(1, 20), b.add(1, 30), b.add(1, 40);
  row_merge m;
  m.add_ring(2, a.view(), 0, record_max);
  m.add_ring(5, b.view(), 0, record_max);
  EXPECT_FALSE(m.has(0));
  EXPECT_TRUE(m.has(5));
  EXPECT_EQ(all_of(m), list{}) << "nothing is seen before a look";
  m.look_up_to(2, a.bytes.size());
  m.look_up_to(5, b.bytes.size());
  EXPECT_EQ(all_of(m), (list{{2, 10}, {5, 20}, {2, 30}, {2, 30}, {5, 30}, {5, 40}}));
  EXPECT_EQ(m.position(2), a.bytes.size());
  EXPECT_EQ(m.take_damage(), 0u);
}

TEST(XlogRowMerge, WhatIsNotTakenComesAgainAndIsNotPassed) {
  paper_ring a;
  a.add(1, 10), a.add(1, 11);
  row_merge m;
  m.add_ring(0, a.view(), 0, record_max);
  m.look_up_to(0, 24);
  row r;
  EXPECT_TRUE(m.next(r, 2));
  EXPECT_TRUE(m.next(r, 2));
  EXPECT_EQ(r.tick, 10u);
  EXPECT_EQ(m.position(0), 0u);
  m.take();
  EXPECT_EQ(m.position(0), 24u);
  EXPECT_FALSE(m.next(r, 2)) << "the second was not there yet";
  m.look_up_to(0, 48);
  EXPECT_TRUE(m.next(r, 2));
  EXPECT_EQ(r.tick, 11u);
}

TEST(XlogRowMerge, ADamagedRingIsPassedOverAndTheOthersGoOn) {
  for (const uint32_t wrong_size : {0u, 8u, 12u, 23u, record_max + 8, ~uint32_t{0}}) {
    paper_ring a, b;
    a.add(1, 10), a.add(1, 20), a.add(1, 30);
    std::memcpy(a.bytes.data() + 24, &wrong_size, 4);
    b.add(1, 15), b.add(1, 25);
    row_merge m;
    m.add_ring(0, a.view(), 0, record_max);
    m.add_ring(1, b.view(), 0, record_max);
    m.look_up_to(0, a.bytes.size());
    m.look_up_to(1, b.bytes.size());
    EXPECT_EQ(all_of(m), (list{{0, 10}, {1, 15}, {1, 25}})) << wrong_size;
    EXPECT_EQ(m.take_damage(), 48u);
    EXPECT_EQ(m.take_damage(), 0u) << "told once";
    EXPECT_EQ(m.position(0), a.bytes.size());
  }
}

TEST(XlogRowMerge, ASiteThatNobodyKnowsIsDamage) {
  paper_ring a;
  a.add(1, 10), a.add(2, 20);
  row_merge m;
  m.add_ring(0, a.view(), 0, record_max);
  m.look_up_to(0, a.bytes.size());
  EXPECT_EQ(all_of(m, 2), (list{{0, 10}}));
  EXPECT_EQ(m.take_damage(), 24u);
}

TEST(XlogRowMerge, AnyNumberOfRingsGivesEachLineOnceAndInOrder) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 dice(seed);
    std::vector<paper_ring> rings(1 + dice() % 20);
    size_t count = 0;
    for (auto& ring : rings) {
      uint64_t tick = dice() % 100;
      for (uint64_t n = dice() % 100; n > 0; --n, ++count) ring.add(1, tick += dice() % 10, static_cast<uint32_t>(16 + 8 * (dice() % 5)));
    }
    row_merge m;
    for (uint32_t i = 0; i < rings.size(); ++i) m.add_ring(i, rings[i].view(), 0, record_max);
    for (uint32_t i = 0; i < rings.size(); ++i) m.look_up_to(i, rings[i].bytes.size());
    const list found = all_of(m);
    EXPECT_EQ(found.size(), count);
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
}

// What a look shows may be earlier than what has been taken, and than what comes next.
TEST(XlogRowMerge, BetweenLooksTheEarliestOfAllThatIsSeenComesNext) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 dice(seed);
    std::vector<paper_ring> rings(1 + dice() % 4);
    std::vector<std::vector<uint64_t>> ticks(rings.size());
    std::vector<size_t> seen(rings.size()), taken(rings.size());
    row_merge m;
    for (uint32_t i = 0; i < rings.size(); ++i) {
      for (uint64_t n = 0, tick = dice() % 8; n < 40; ++n, tick += dice() % 4) rings[i].add(1, tick), ticks[i].push_back(tick);
      m.add_ring(i, rings[i].view(), 0, record_max);
    }
    const size_t record = rings[0].bytes.size() / ticks[0].size();
    for (int step = 0; step < 300; ++step) {
      const auto ring = static_cast<uint32_t>(dice() % rings.size());
      if (dice() % 4 == 0) m.look_up_to(ring, record * (seen[ring] = std::min<size_t>(40, seen[ring] + dice() % 6)));
      row r;
      const bool found = m.next(r, 2);
      std::optional<std::pair<uint64_t, uint32_t>> expected;  // Tick, ring.
      for (uint32_t i = 0; i < rings.size(); ++i)
        if (taken[i] < seen[i]) expected = std::min(expected.value_or(std::pair(~uint64_t{0}, ~0u)), std::pair(ticks[i][taken[i]], i));
      ASSERT_EQ(found, expected.has_value()) << seed;
      if (!found) continue;
      ASSERT_EQ(std::pair(r.tick, r.thread), *expected) << seed;
      m.take();
      ++taken[r.thread];
    }
  }
}
