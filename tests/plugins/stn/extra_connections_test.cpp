#include "plugins/stn/core/extra_connections.h"

#include <gtest/gtest.h>

#include <list>

#include "sdk/pure/dice.h"

using namespace tharsis;
using stn::extra_connections;

TEST(StnExtraConnections, ASentenceSaysWhichLimitHoldsALaneBack) {
  extra_connections b({.in_all = 3, .per_server = 2, .metered = 1});
  EXPECT_EQ(b.refusal("a"), "");
  const extra_connections::place first(b, "a");
  b.on_metered(true);
  EXPECT_NE(b.refusal("c").find("allows 1 where the network is metered"), std::string::npos) << b.refusal("c");
  b.on_metered(false);
  const extra_connections::place second(b, "a");
  EXPECT_NE(b.refusal("a").find("2 connections beside the links' own lead to a, and extra_connections.per_server allows 2"), std::string::npos) << b.refusal("a");
  EXPECT_EQ(b.refusal("b"), "");
  {
    const extra_connections::place third(b, "b");
    EXPECT_NE(b.refusal("c").find("all links together have 3"), std::string::npos) << b.refusal("c");
  }
  EXPECT_EQ(b.refusal("c"), "");
}

TEST(StnExtraConnections, OfNothingNothingIsAllowedAndWhatIsNeededCountsAllTheSame) {
  extra_connections b({.in_all = 0});
  EXPECT_NE(b.refusal("a"), "");
  const extra_connections::place needed(b, "a");
  EXPECT_EQ(b.in_all(), 1);
}

TEST(StnExtraConnections, AfterAnyComingAndGoingTheSumsAreRight) {
  constexpr uint64_t seed = 4;
  dice chance(seed);
  extra_connections b({});
  std::list<std::pair<std::string, extra_connections::place>> open;
  for (int i = 0; i < 2000; ++i) {
    if (open.empty() || chance.below(2) == 0) {
      const std::string to(1, static_cast<char>('a' + chance.below(3)));
      open.emplace_back(std::piecewise_construct, std::forward_as_tuple(to), std::forward_as_tuple(b, to));
    } else {
      open.erase(std::next(open.begin(), static_cast<std::ptrdiff_t>(chance.below(open.size()))));
    }
    ASSERT_EQ(b.in_all(), static_cast<int64_t>(open.size())) << "seed " << seed;
    for (const char* s : {"a", "b", "c"})
      ASSERT_EQ(b.to(s), std::count_if(open.begin(), open.end(), [&](const auto& o) { return o.first == s; })) << "seed " << seed;
  }
}
