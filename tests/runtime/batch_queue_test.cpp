// The bus's queue: first in, first out, from either end of its memory.
#include "runtime/batch_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

using tharsis::runtime::batch_queue;

// Method: random operations, against a deque.
TEST(BatchQueue, BehavesAsADequeDoes) {
  std::mt19937 dice(1);
  batch_queue<int> queue;
  batch_queue<int>::batch batch;
  std::deque<int> model;
  for (int i = 0; i < 20'000; ++i) {
    switch (dice() % 8) {
      case 0:
        if (model.empty()) break;
        ASSERT_EQ(queue.pop(), model.front());
        model.pop_front();
        break;
      case 1: {
        const int wanted = i - static_cast<int>(dice() % 8);
        const auto found = std::find(model.begin(), model.end(), wanted);
        ASSERT_EQ(queue.erase_first([&](int value) { return value == wanted; }), found != model.end());
        if (found != model.end()) model.erase(found);
        break;
      }
      case 2:
        if (dice() % 8 != 0) break;
        queue.take_all(batch);
        ASSERT_EQ(std::deque<int>(batch.begin(), batch.end()), model);
        batch.clear();
        model.clear();
        break;
      default:
        queue.push(i);
        model.push_back(i);
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.empty(), model.empty());
  }
}
