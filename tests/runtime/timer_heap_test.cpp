#include "runtime/timer_heap.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

using namespace tharsis::runtime;

// Against an ordered map, with a seed that a failure prints.
TEST(TimerHeap, TakesTimersInTheOrderOfAMapUnderRandomArmingAndDisarming) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    timer_heap heap;
    std::vector<timer_node> nodes(64);
    std::map<std::pair<int64_t, uint64_t>, timer_node*> model;
    std::map<timer_node*, std::pair<int64_t, uint64_t>> keys;
    uint64_t order = 0;
    int64_t now = 0;
    for (int step = 0; step < 1000; ++step) {
      timer_node& node = nodes[random() % nodes.size()];
      ASSERT_EQ(node.armed(), keys.count(&node) == 1) << "seed " << seed;
      if (random() % 3 == 0) {
        now += random() % 20;
        while (timer_node* const due = heap.take_due(now)) {
          ASSERT_FALSE(model.empty()) << "seed " << seed;
          ASSERT_EQ(due, model.begin()->second) << "seed " << seed;
          ASSERT_FALSE(due->armed());
          keys.erase(due);
          model.erase(model.begin());
        }
        ASSERT_TRUE(model.empty() || model.begin()->first.first > now) << "seed " << seed;
      } else if (node.armed()) {
        heap.disarm(node);
        model.erase(keys[&node]);
        keys.erase(&node);
      } else {
        const int64_t at = now + static_cast<int64_t>(random() % 50);
        heap.arm(node, at);
        keys[&node] = {at, ++order};
        model[keys[&node]] = &node;
      }
      ASSERT_EQ(heap.empty(), model.empty());
      ASSERT_TRUE(model.empty() || heap.earliest() == model.begin()->first.first) << "seed " << seed;
    }
  }
}

TEST(TimerHeap, DisarmingTwiceIsHarmless) {
  timer_heap heap;
  timer_node node;
  heap.disarm(node);
  heap.arm(node, 5);
  heap.disarm(node);
  heap.disarm(node);
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.take_due(10), nullptr);
}
