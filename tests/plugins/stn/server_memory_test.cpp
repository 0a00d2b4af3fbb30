#include "plugins/stn/core/server_memory.h"

#include <gtest/gtest.h>

#include <set>

using namespace tharsis;
using stn::own_keys;
using stn::server_memory;

TEST(ServerMemory, WhatMakesNoSenseSaysNothing) {
  const std::vector<uint8_t> name = {1, 2, 3, 4, 5, 6, 7, 8}, nothing(8, 0), small = {1, 2, 3}, large(9, 1);
  EXPECT_EQ(server_memory::told(1000, name).name, 0x0102030405060708u);
  EXPECT_EQ(server_memory::told(1000, name).kept, 1s);
  EXPECT_EQ(server_memory::told(0, name).name, 0u);
  EXPECT_EQ(server_memory::told(-5, name).name, 0u);
  EXPECT_EQ(server_memory::told(1000, nothing).name, 0u);
  EXPECT_EQ(server_memory::told(1000, small).name, 0u);
  EXPECT_EQ(server_memory::told(1000, large).name, 0u);
  EXPECT_EQ(server_memory::told(1000, {}).kept, duration::zero());
}

TEST(ServerMemory, ATaskThatMayLastLongerThanItRemembersGetsNoKey) {
  const server_memory m{1, 10s};
  EXPECT_TRUE(m.outlasts(10s));
  EXPECT_FALSE(m.outlasts(10s + 1ns));
  EXPECT_FALSE(server_memory().outlasts(duration::zero()));
}

TEST(ServerMemory, KeysDifferByTaskAndByProcess) {
  const own_keys one(0x1122334455667788), other(0x1122334455667789);
  std::set<std::vector<uint8_t>> all;
  for (uint64_t task : {uint64_t{1}, uint64_t{2}, uint64_t{255}, uint64_t{256}, uint64_t{65536}, UINT64_MAX}) {
    all.insert(one.of(task));
    all.insert(other.of(task));
    EXPECT_LE(one.of(task).size(), 16u);
  }
  EXPECT_EQ(all.size(), 12u);
  EXPECT_EQ(one.of(7), one.of(7));
}
