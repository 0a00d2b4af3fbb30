// What a simulated reload makes of a profile: valid, one plugin's matter, the same for the same chance.
#include "runtime/simulation/edited_profile.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "runtime/profile_difference.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

plugin_entry entry(const std::string& id, std::vector<placed_name> provided, std::vector<placed_name> required) {
  auto manifest = std::make_shared<plugin_manifest>();
  manifest->id = id;
  manifest->provided = std::move(provided);
  manifest->required = std::move(required);
  setting wait;
  wait.name = "wait";
  wait.type = setting_type::duration;
  wait.max = bound{2'000'000'000, 0, "2s"};
  manifest->settings.type = setting_type::group;
  manifest->settings.members = {wait};
  plugin_entry made;
  made.id = id;
  made.manifest = manifest;
  setting_value value;
  value.key = "wait";
  value.type = setting_type::duration;
  value.scalar = int64_t{1'000'000'000};
  made.settings.children = {value};
  for (const char* key : {"restart_wait", "stop_deadline", "loop"}) {
    setting_value host;
    host.key = key;
    host.type = key == std::string("loop") ? setting_type::choice : setting_type::duration;
    made.host.children.push_back(host);
  }
  return made;
}

placed_name called(const std::string& name) {
  placed_name made;
  made.name = name;
  return made;
}

std::string ids(const profile& plan) {
  std::string all;
  for (const plugin_entry& p : plan.plugins) all += p.id;
  return all;
}

}  // namespace

TEST(EditedProfile, ChangesOnePluginOrTakesItOutWithWhoNeedsIt) {
  profile plan;
  plan.plugins = {entry("a", {called("a/1")}, {}), entry("b", {called("b/1")}, {called("a/1")}), entry("c", {}, {called("b/1")})};
  std::set<std::string> seen, left;
  for (uint64_t chance = 0; chance < 500; ++chance) {
    const profile made = edited(plan, chance);
    left.insert(ids(made));
    const profile_difference d = difference(plan, made);
    EXPECT_EQ(words_of(d), words_of(difference(plan, edited(plan, chance)))) << chance;
    size_t changed = 0;
    for (const plugin_difference& p : d.plugins)
      for (const setting_change& c : p.changes) seen.insert(c.path), ++changed;
    EXPECT_LE(changed, 1u) << chance;
    if (d.empty()) seen.insert("nothing");
    for (const plugin_entry& p : made.plugins) EXPECT_LE(std::get<int64_t>(p.settings.children[0].scalar), 2'000'000'000) << chance;
  }
  EXPECT_EQ(seen, (std::set<std::string>{"nothing", "restart_wait", "stop_deadline", "loop", "wait"}));
  EXPECT_EQ(left, (std::set<std::string>{"abc", "ab", "a", ""})) << "who goes takes along who requires it";
}

TEST(EditedProfile, AnEmptyOneStaysEmpty) { EXPECT_TRUE(edited(profile{}, 1).plugins.empty()); }
