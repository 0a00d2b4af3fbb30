// Goal: of all sources the right addresses are tried, in the right order, and never none where there is one.
#include "plugins/stn/core/address_choice.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "plugins/stn/core/return_pace.h"
#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::stn;

namespace {

constexpr instant t0 = instant(1h);

std::vector<known_address> at(std::initializer_list<const char*> ips) {
  std::vector<known_address> all;
  for (const char* ip : ips) all.push_back({*parse_place(ip)});
  return all;
}
std::vector<std::string> texts(const std::vector<candidate>& list) {
  std::vector<std::string> all;
  for (const candidate& c : list) all.push_back(ip_text(c.address));
  return all;
}
using names = std::vector<std::string>;

names chosen(const address_lists& lists, const dial_settings& s = {}, const choice_terms& t = {}) {
  return texts(choose_addresses(lists, s, t));
}

}  // namespace

TEST(AddressChoice, DebugAddressesAreTheOnlySource) {
  EXPECT_EQ(chosen({.debug = at({"10.0.0.1"}), .application = at({"10.0.0.2"}), .resolved = at({"10.0.0.3"}), .backup = at({"10.0.0.4"})}),
            names{"10.0.0.1"});
}

TEST(AddressChoice, TheApplicationsAddressesStandInsteadOfTheResolversAndBackupsBehind) {
  EXPECT_EQ(chosen({.debug = {}, .application = at({"10.0.0.2"}), .resolved = at({"10.0.0.3"}), .backup = at({"10.0.0.4", "10.0.0.2"})}),
            (names{"10.0.0.2", "10.0.0.4"}));
  EXPECT_EQ(chosen({.debug = {}, .application = {}, .resolved = at({"10.0.0.3", "10.0.0.3"}), .backup = {}}), names{"10.0.0.3"});
  EXPECT_EQ(chosen({.debug = {}, .application = {}, .resolved = {}, .backup = at({"10.0.0.4"})}), names{"10.0.0.4"});
  EXPECT_TRUE(chosen({}).empty());
}

// Mars' filling rule: five, and a sixth so that there is a backup.
TEST(AddressChoice, AFullListStillHasItsBackup) {
  const dial_settings mars{.addresses = 5, .addresses_background = 4, .backups = 1};
  const address_lists lists{.debug = {}, .application = {}, .resolved = at({"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}),
                            .backup = at({"10.1.0.1", "10.1.0.2"})};
  EXPECT_EQ(chosen(lists, mars), (names{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.1.0.1"}));
  EXPECT_EQ(chosen(lists, mars, {.foreground = false}), (names{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.1.0.1"}));
  EXPECT_EQ(chosen(lists, {.addresses = 7, .backups = 0}), (names{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.1.0.1"}));
  EXPECT_EQ(chosen(lists, {.addresses = 2, .backups = 0}), (names{"10.0.0.1", "10.0.0.2"}));
}

TEST(AddressChoice, BackupsTakeTurnsInBeingTheFirst) {
  const address_lists lists{.debug = {}, .application = {}, .resolved = {}, .backup = at({"10.1.0.1", "10.1.0.2", "10.1.0.3"})};
  EXPECT_EQ(chosen(lists, {}, {.random = 4}), (names{"10.1.0.2", "10.1.0.3", "10.1.0.1"}));
}

// Else all clients of a server that fails would go to the one behind it.
TEST(AddressChoice, EachClientHasItsOwnOrderAndKeepsIt) {
  std::vector<tharsis_address> list;
  for (const known_address& a : at({"10.0.0.1", "2001:db8::1", "10.0.0.2", "2001:db8::2", "10.0.0.3"})) list.push_back(a.at);
  std::map<std::string, int> first, behind_first;
  for (uint64_t client = 1; client <= 3000; ++client) {
    const auto own = own_order(list, client);
    const auto again = own_order(list, client);
    EXPECT_TRUE(std::equal(own.begin(), own.end(), again.begin(), again.end(), [](const auto& a, const auto& b) { return a == b; }));
    ++first[ip_text(own[0])];
    if (ip_text(own[0]) == "10.0.0.1") ++behind_first[ip_text(own[2])];
  }
  ASSERT_EQ(first.size(), 3u) << "the family that comes first was not kept";
  for (const auto& [ip, times] : first) EXPECT_NEAR(times, 1000, 150) << ip;
  EXPECT_NEAR(behind_first["10.0.0.2"], behind_first["10.0.0.3"], 150);
}

TEST(AddressChoice, WhatIsKnownOfAnAddressGoesWithIt) {
  address_lists lists{.debug = {}, .application = {}, .resolved = at({"10.0.0.1", "10.0.0.2"}), .backup = at({"10.1.0.1"})};
  lists.resolved[1].connect = 30ms;
  lists.backup[0].avoided = true;
  const auto all = choose_addresses(lists, {}, {});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].connect, 0ms);
  EXPECT_EQ(all[1].connect, 30ms);
  EXPECT_FALSE(all[1].avoided);
  EXPECT_TRUE(all[2].avoided) << "it is the dialler that puts it last";
}

TEST(AddressChoice, FamiliesTakeTurns) {
  const address_lists lists{.debug = {}, .application = {}, .resolved = at({"10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1", "2001:db8::2"}), .backup = {}};
  EXPECT_EQ(chosen(lists), (names{"10.0.0.1", "2001:db8::1", "10.0.0.2", "2001:db8::2", "10.0.0.3"}));
  EXPECT_EQ(chosen(lists, {.first = dial_settings::family::v6}), (names{"2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2", "10.0.0.3"}));
  EXPECT_EQ(interleave({}, dial_settings::family::v4).size(), 0u);
}

TEST(ReturnPace, EveryTwoAndAHalfMinutesAndAtMostThirtyTimesAnHour) {
  return_pace p(backup_settings{});
  EXPECT_EQ(p.due(), never);
  for (const uint64_t random : {uint64_t{0}, uint64_t{123456789012345}, UINT64_MAX}) {
    p.on_backup(t0, random);
    EXPECT_GE(p.due(), t0 + 2min);
    EXPECT_LE(p.due(), t0 + 3min);
  }
  p.on_foreground(false);
  EXPECT_EQ(p.due(), never) << "only while somebody uses the application";
  p.on_foreground(true);
  p.on_tried(t0 + 3min, 0);
  EXPECT_EQ(p.turn(), 1u);
  EXPECT_EQ(p.due(), t0 + 5min);
  p.on_own();
  EXPECT_EQ(p.due(), never);
  return_pace off(backup_settings{.addresses = {}, .return_every = 0s});
  off.on_backup(t0, 7);
  EXPECT_EQ(off.due(), never);
}
