#include "sdk/pure/time.h"

#include <gtest/gtest.h>

using namespace tharsis;

TEST(Time, LaterIsAnInstantBeforeWhenTheWaitIsNegative) {
  EXPECT_EQ(later(instant_from(10), duration(-3)), instant_from(7));
}

TEST(Time, LaterStaysNeverInsteadOfWrapping) {
  EXPECT_EQ(later(instant_from(1), duration::max()), never);
  EXPECT_EQ(later(never, 1s), never);
  EXPECT_EQ(later(never, duration::zero()), never);
  EXPECT_EQ(later(instant_from(5), duration::zero()), instant_from(5));
}
