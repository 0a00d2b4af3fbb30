#include "plugins/sdt/core/resolver_memory.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

std::vector<tharsis_address> ips(std::initializer_list<const char*> texts) {
  std::vector<tharsis_address> all;
  for (const char* text : texts) all.push_back(*parse_ip(text));
  return all;
}

bool left_behind(const char* server, const std::vector<tharsis_address>& older, std::initializer_list<const char*> here) { return is_left_behind(*parse_ip(server), older, ips(here)); }

}  // namespace

TEST(SdtResolverMemory, WhatWasThereOnAnotherNetworkIsOlder) {
  resolver_memory m;
  m.on_seen("home", ips({"192.168.1.1"}));
  EXPECT_TRUE(m.older_than("home").empty());
  EXPECT_EQ(m.older_than("cafe").size(), 1u);
  // It was not written anew there, and yet it is home's.
  m.on_seen("cafe", ips({"192.168.1.1"}));
  EXPECT_EQ(m.older_than("cafe").size(), 1u);
  m.on_seen("home", ips({"192.168.1.2"}));
  ASSERT_EQ(m.older_than("cafe").size(), 1u);
  EXPECT_EQ(ip_text(m.older_than("cafe")[0]), "192.168.1.2") << "what a network said last";
  m.on_seen("", ips({"10.0.0.1"}));
  EXPECT_EQ(m.older_than("train").size(), 2u) << "a network that cannot be told from others is none";
  for (int i = 0; i < 100; ++i) m.on_seen("net " + std::to_string(i), ips({"10.0.0.1"}));
  EXPECT_EQ(m.older_than("train").size(), 8u);
}

TEST(SdtResolverMemory, OnlyWhatBelongsToNoNetworkHereIsLeftBehind) {
  const auto older = ips({"192.168.1.1", "8.8.8.8", "127.0.0.53", "fe80::1", "fd00::53"});
  EXPECT_TRUE(left_behind("192.168.1.1", older, {"10.77.0.2", "10.77.0.1"}));
  EXPECT_TRUE(left_behind("fd00::53", older, {"10.77.0.2", "2001:db8:77::2"}));
  EXPECT_FALSE(left_behind("192.168.1.1", older, {"192.168.1.77"})) << "many a network has this one";
  EXPECT_FALSE(left_behind("192.168.1.2", older, {"10.77.0.2"})) << "nobody has seen it elsewhere";
  EXPECT_FALSE(left_behind("8.8.8.8", older, {"10.77.0.2"})) << "a person's choice, perhaps";
  EXPECT_FALSE(left_behind("127.0.0.53", older, {"10.77.0.2"}));
  EXPECT_FALSE(left_behind("fe80::1", older, {"10.77.0.2"})) << "each link has its own";
}
