#include "runtime/handle_table.h"

#include <gtest/gtest.h>

using namespace tharsis::runtime;

TEST(HandleTable, AnEndedHandleFindsNothingThoughItsPlaceIsUsedAgain) {
  handle_table<int> table(handle_kind::timer, 0);
  const auto [first, object] = table.add(1);
  EXPECT_EQ(table.find(first), object);
  EXPECT_TRUE(table.remove(first));
  EXPECT_FALSE(table.remove(first));
  const auto [second, again] = table.add(2);
  EXPECT_EQ(again, object) << "the place is used again, else this test proves nothing";
  EXPECT_NE(first, second);
  EXPECT_EQ(table.find(first), nullptr);
  EXPECT_EQ(*table.find(second), 2);
  EXPECT_EQ(table.size(), 1u);
}

TEST(HandleTable, TablesDoNotKnowEachOthersHandles) {
  handle_table<int> timers(handle_kind::timer, 7), sockets(handle_kind::socket, 7),
      others(handle_kind::timer, 8);
  const tharsis_handle id = timers.add(1).first;
  sockets.add(1);
  others.add(1);
  EXPECT_NE(timers.find(id), nullptr);
  EXPECT_EQ(sockets.find(id), nullptr);
  EXPECT_EQ(others.find(id), nullptr);
  EXPECT_EQ(kind_of(id), handle_kind::timer);
}

TEST(HandleTable, NothingAndNonsenseFindNothing) {
  handle_table<int> table(handle_kind::job, 0);
  EXPECT_EQ(table.find(0), nullptr);
  table.add(1);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.find(~tharsis_handle{0}), nullptr);
}

TEST(HandleTable, AGenerationThatComesRoundIsNeverZero) {
  handle_table<int> table(handle_kind::job, handle_generations - 2);
  for (int i = 0; i < 4; ++i) {
    const tharsis_handle id = table.add(i).first;
    EXPECT_NE(id, 0u) << "0 names nothing";
    EXPECT_EQ(*table.find(id), i);
    table.remove(id);
  }
}

TEST(HandleTable, ObjectsStayWhereTheyAre) {
  handle_table<int> table(handle_kind::socket, 0);
  const auto [id, first] = table.add(5);
  for (int i = 0; i < 1000; ++i) table.add(i);
  EXPECT_EQ(table.find(id), first);
  EXPECT_EQ(*first, 5);
}
