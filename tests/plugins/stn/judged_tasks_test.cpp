#include "plugins/stn/core/judged_tasks.h"

#include <gtest/gtest.h>

using tharsis::stn::judged_tasks;

TEST(StnJudgedTasks, WhatWasWithdrawnWhileItsCallerHadItIsKnownWhenItComesBackOnce) {
  judged_tasks j;
  j.add(1, {0, {}, "ann"});
  j.add(2, {0, {}, "ann"});
  EXPECT_TRUE(j.withdraw(1));
  EXPECT_FALSE(j.withdraw(3));
  EXPECT_TRUE(j.take(1));
  EXPECT_FALSE(j.take(1));
  EXPECT_FALSE(j.take(2));
  EXPECT_EQ(j.size(), 0u);
}

TEST(StnJudgedTasks, AUsersTasksAreWithdrawnWhereTheyAreMeantAndNobodyElses) {
  judged_tasks j;
  j.add(1, {0, {}, "ann"});
  j.add(2, {1, {}, "ann"});
  j.add(3, {0, {}, "ben"});
  j.withdraw_all("ann", [](const judged_tasks::entry& e) { return e.link == 0; });
  EXPECT_TRUE(j.take(1));
  EXPECT_FALSE(j.take(2));
  EXPECT_FALSE(j.take(3));
  j.add(4, {1, {}, "ben"});
  j.withdraw_all({}, [](const judged_tasks::entry&) { return true; });
  EXPECT_TRUE(j.take(4));
}
