#include "plugins/xlog/core/key_tree.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/plugins/xlog/sealing.h"

using namespace tharsis::xlog;

namespace {

std::string key_of(key_tree tree, uint64_t number) {
  const auto key = tree.take(number);
  return key ? to_hex(key->open()) : "";
}

}  // namespace

TEST(XlogKeyTree, EveryWayToABlockGivesItsOneKey) {
  const key_tree root(test_key(1).scalar);
  std::set<std::string> seen;
  key_tree in_order = root;
  for (uint64_t n = 0; n < 300; ++n) {
    const auto key = in_order.take(n);
    ASSERT_TRUE(key);
    ASSERT_EQ(key_of(root, n), to_hex(key->open())) << n;
    ASSERT_TRUE(seen.insert(to_hex(key->open())).second) << n;
  }
  for (uint64_t seed = 0; seed < 50; ++seed) {  // Strides of any length.
    seeded_random random(seed);
    key_tree tree = root;
    for (uint64_t n = 0; n < key_tree::keys_count; n += 1 + random.below(size_t{1} << random.below(32))) {
      const auto key = tree.take(n);
      ASSERT_TRUE(key) << seed << " " << n;
      ASSERT_EQ(to_hex(key->open()), key_of(root, n)) << seed << " " << n;
      ASSERT_EQ(tree.next(), n + 1);
    }
  }
}

// What a thief finds after block n opens all that comes, and nothing that was.
TEST(XlogKeyTree, WhatWasTakenCannotBeMadeAgain) {
  const key_tree root(test_key(2).scalar);
  key_tree tree = root;
  for (uint64_t n = 0; n < 200; n += n % 7 + 1) {
    ASSERT_TRUE(tree.take(n));
    for (uint64_t before = 0; before <= n; ++before) ASSERT_EQ(key_of(tree, before), "") << n << " " << before;
    for (uint64_t after = n + 1; after < n + 20; ++after) ASSERT_EQ(key_of(tree, after), key_of(root, after));
  }
}

TEST(XlogKeyTree, EndsWithItsLastKey) {
  key_tree tree(test_key(3).scalar);
  EXPECT_FALSE(tree.take(key_tree::keys_count));
  EXPECT_FALSE(tree.take(~uint64_t{0}));
  EXPECT_EQ(tree.next(), 0u);
  EXPECT_TRUE(tree.take(key_tree::keys_count - 1));
  EXPECT_FALSE(tree.take(key_tree::keys_count - 1));
  EXPECT_FALSE(tree.take(0));
  EXPECT_EQ(tree.next(), key_tree::keys_count);
}
