#include "runtime/interface_wish.h"

#include <gtest/gtest.h>

using namespace tharsis::runtime;

TEST(InterfaceWish, AStarStandsForOnePart) {
  EXPECT_EQ(star_of("x.codec.*/1", "x.codec.acme/1"), "acme");
  for (const char* id : {"x.codec./1", "x.codec.a.b/1", "x.codec.acme/2", "x.codec/1", "y.codec.acme/1", "x.codec.*/1", ""})
    EXPECT_EQ(star_of("x.codec.*/1", id), "") << id;
  EXPECT_EQ(star_of("x.codec.acme/1", "x.codec.acme/1"), "");
}

TEST(InterfaceWish, WithoutAStarAnIdMeetsOnlyItself) {
  EXPECT_TRUE(meets("x.codec/1", "x.codec/1"));
  EXPECT_FALSE(meets("x.codec/1", "x.codec/2"));
  EXPECT_TRUE(meets("x.codec.*/1", "x.codec.acme/1"));
  EXPECT_TRUE(is_pattern("x.*/1"));
  EXPECT_FALSE(is_pattern("x.y/1"));
}
