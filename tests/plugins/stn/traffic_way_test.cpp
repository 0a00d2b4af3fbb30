#include "plugins/stn/core/traffic_way.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::traffic_way;
using stn::way_watch;

namespace {

way_watch dialled(traffic_way by) {
  way_watch w;
  w.on_network(std::move(by));
  w.on_dialled();
  return w;
}

}  // namespace

TEST(TrafficWay, AnotherInterfaceIsAnotherWayAndANetworkWithoutANameMayBeTheSame) {
  const traffic_way home{1, "wlan0", "home"};
  EXPECT_TRUE((traffic_way{2, "eth0", "home"}.is_another(home)));
  EXPECT_TRUE((traffic_way{2, "wlan0", "office"}.is_another(home)));
  EXPECT_FALSE((traffic_way{2, "wlan0", ""}.is_another(home)));
  EXPECT_FALSE((traffic_way{2, "wlan0", "home"}.is_another(home)));
}

TEST(TrafficWay, AConnectionIsOverOnAnotherWayWithTheSentenceThatSaysWhich) {
  way_watch w = dialled({1, "wlan0", "home"});
  w.on_network({2, "eth0", "office"});
  EXPECT_EQ(w.follow(), way_watch::verdict::over);
  EXPECT_EQ(w.sentence(), "the network changed from wlan0 to eth0");
}

TEST(TrafficWay, ANetworkBehindTheSameInterfaceChangesWithoutItsName) {
  way_watch w = dialled({1, "wlan0", "home"});
  w.on_network({2, "wlan0", "office"});
  EXPECT_EQ(w.follow(), way_watch::verdict::over);
  EXPECT_EQ(w.sentence(), "the network changed");
}

TEST(TrafficWay, AChangeThatMayHaveLeftTheConnectionAloneIsAskedAboutOnce) {
  way_watch w = dialled({1, "wlan0", "home"});
  w.on_network({2, "wlan0", "home"});
  EXPECT_EQ(w.follow(), way_watch::verdict::asked);
  EXPECT_EQ(w.follow(), way_watch::verdict::stays);
}

TEST(TrafficWay, WithoutAnInterfaceThereIsNothingToFollow) {
  way_watch w = dialled({1, "wlan0", "home"});
  w.on_network({2, "", ""});
  EXPECT_EQ(w.follow(), way_watch::verdict::stays);
  w.on_network({3, "wlan0", "home"});
  EXPECT_EQ(w.follow(), way_watch::verdict::asked);
}
