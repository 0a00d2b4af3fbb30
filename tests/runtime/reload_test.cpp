// A reload's decisions: by stories, and by random answers in any order.
#include "runtime/reload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

using namespace tharsis;
using runtime::reload;
using how = reload::treatment;

namespace {

constexpr instant t0{};
constexpr duration patience = 10s;

std::string actions(reload& r) {
  static constexpr const char* names[] = {"prepare", "commit", "abort"};
  std::string text;
  for (const auto& a : r.take_actions())
    text += (text.empty() ? "" : " ") + std::string(1, static_cast<char>('a' + a.plugin)) + ":" +
            names[static_cast<int>(a.step)] + (a.back ? "-back" : "");
  return text;
}

std::vector<size_t> renewed(reload& r, bool back) {
  const auto change = r.take_change();
  EXPECT_TRUE(change.has_value());
  if (!change) return {};
  EXPECT_EQ(change->back, back);
  return change->renewed;
}

using plugins = std::vector<size_t>;

}  // namespace

TEST(Reload, WhenAllAgreeTheyTakeItAndTheOthersAreRenewed) {
  reload r({{0, "a", how::asked}, {1, "b", how::asked}, {2, "c", how::renewed}}, patience);
  r.start(t0);
  EXPECT_EQ(actions(r), "a:prepare b:prepare");
  r.on_answer(0, THARSIS_OK, "", t0);
  EXPECT_FALSE(r.take_change());
  r.on_answer(1, THARSIS_E_UNSUPPORTED, "the port cannot change", t0);
  EXPECT_EQ(actions(r), "a:commit");
  EXPECT_EQ(renewed(r, false), (plugins{1, 2}));
  r.on_settled({}, t0);
  EXPECT_TRUE(r.over());
  EXPECT_FALSE(r.failure());
}

TEST(Reload, OneRefusalChangesNothing) {
  reload r({{0, "a", how::asked}, {1, "b", how::asked}, {2, "c", how::renewed}}, patience);
  r.start(t0);
  actions(r);
  r.on_answer(0, THARSIS_OK, "", t0);
  r.on_answer(1, THARSIS_E_INVALID, "no such level", t0);
  EXPECT_EQ(actions(r), "a:abort") << "who refuses has prepared nothing";
  EXPECT_FALSE(r.take_change());
  ASSERT_TRUE(r.over() && r.failure());
  EXPECT_EQ(r.failure()->text, "plugin 'b' refuses its new settings: no such level; nothing was changed");
  r.on_answer(1, THARSIS_OK, "", t0);
  EXPECT_EQ(actions(r), "");
}

TEST(Reload, WhoDoesNotAnswerRefuses) {
  reload r({{0, "a", how::asked}}, patience);
  r.start(t0);
  actions(r);
  EXPECT_EQ(r.deadline(), t0 + patience);
  r.on_deadline(t0 + patience);
  EXPECT_EQ(actions(r), "a:abort");
  EXPECT_EQ(r.failure()->text,
            "plugin 'a' has not said within 10000 ms whether it takes its new settings; nothing was changed");
}

TEST(Reload, WhatDoesNotRunAfterwardsIsTakenBack) {
  reload r({{0, "a", how::asked}, {1, "b", how::renewed}, {2, "c", how::retried}}, patience);
  r.start(t0);
  r.on_answer(0, THARSIS_OK, "", t0);
  EXPECT_EQ(actions(r), "a:prepare a:commit");
  EXPECT_EQ(renewed(r, false), (plugins{1, 2}));
  r.on_settled("plugin 'b' failed: no disk", t0);
  EXPECT_FALSE(r.over());
  EXPECT_EQ(actions(r), "a:prepare-back");
  r.on_answer(0, THARSIS_OK, "", t0);
  EXPECT_EQ(actions(r), "a:commit-back");
  EXPECT_EQ(renewed(r, true), (plugins{1})) << "what was only tried again need not be tried a third time";
  r.on_settled({}, t0);
  ASSERT_TRUE(r.over() && r.failure());
  EXPECT_EQ(r.failure()->text, "plugin 'b' failed: no disk; everything is as it was before");
}

TEST(Reload, WhoRefusesItsOldSettingsIsRestartedWithThem) {
  reload r({{0, "a", how::asked}, {1, "b", how::renewed}}, patience);
  r.start(t0);
  r.on_answer(0, THARSIS_OK, "", t0);
  actions(r), renewed(r, false);
  r.on_settled("plugin 'b' failed: no disk", t0);
  actions(r);
  r.on_answer(0, THARSIS_E_INVALID, "not this way round", t0);
  EXPECT_EQ(actions(r), "");
  EXPECT_EQ(renewed(r, true), (plugins{0, 1}));
  r.on_settled("plugin 'a' failed: no luck", t0);
  EXPECT_EQ(r.failure()->text,
            "plugin 'b' failed: no disk; everything is as it was before; it could not be taken back: plugin 'a' failed: no luck");
}

TEST(Reload, WhoAgreedAndThenFailedComesUpWithItsNewSettings) {
  reload r({{0, "a", how::asked}, {1, "b", how::asked}}, patience);
  r.start(t0);
  actions(r);
  r.on_answer(0, THARSIS_OK, "", t0);
  r.on_gone(0);
  r.on_gone(7);  // Nobody of ours.
  EXPECT_FALSE(r.take_change());
  r.on_answer(1, THARSIS_OK, "", t0);
  EXPECT_EQ(actions(r), "b:commit");
  EXPECT_EQ(renewed(r, false), (plugins{0}));
}

TEST(Reload, ItIsNotOverBeforeAllHaveTakenTheirSettingsOrTheTimeIs) {
  for (const bool hangs : {false, true}) {
    reload r({{0, "a", how::asked}, {1, "b", how::asked}}, patience);
    r.start(t0);
    r.on_answer(0, THARSIS_OK, "", t0);
    r.on_answer(1, THARSIS_OK, "", t0);
    EXPECT_EQ(actions(r), "a:prepare b:prepare a:commit b:commit");
    EXPECT_EQ(renewed(r, false), plugins{});
    r.on_committed(0);
    EXPECT_FALSE(r.settling());
    if (hangs) r.on_deadline(r.deadline());
    else r.on_gone(1);  // It has failed over them.
    EXPECT_TRUE(r.settling());
    r.on_settled("b failed", t0);
    EXPECT_EQ(actions(r), "a:prepare-back b:prepare-back");
  }
}

TEST(Reload, AStopWhileTheyAreAskedChangesNothing) {
  reload r({{0, "a", how::asked}}, patience);
  r.start(t0);
  actions(r);
  r.cancel();
  EXPECT_EQ(actions(r), "a:abort");
  EXPECT_EQ(r.failure()->text, "the runtime stops; nothing was changed");
}

// Whatever is answered in whatever order: it ends; each one that was asked hears exactly one end of each
// question; nothing is committed before all agreed; after a failure all that was changed is changed back.
TEST(Reload, RandomStoriesAreWholeOrNothing) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<reload::part> parts;
    for (size_t i = 0, count = random() % 5; i < count; ++i)
      parts.push_back({i, "p" + std::to_string(i), static_cast<how>(random() % 3)});
    reload r(parts, patience);
    instant now = t0;
    std::vector<reload::action> open;
    std::set<size_t> committing;
    std::map<size_t, bool> new_settings;  // Who has taken them, asked or renewed.
    std::set<std::pair<size_t, bool>> questions;
    r.start(now);
    for (int turn = 0; turn < 200 && !r.over(); ++turn) {
      for (const auto& a : r.take_actions()) {
        if (a.step == reload::step::prepare) {
          ASSERT_TRUE(questions.insert({a.plugin, a.back}).second);
          open.push_back(a);
        } else {
          ASSERT_TRUE(questions.erase({a.plugin, a.back})) << "an end without a question, or a second one";
          if (a.step == reload::step::commit) new_settings[a.plugin] = !a.back, committing.insert(a.plugin);
        }
      }
      if (const auto change = r.take_change()) {
        for (const size_t p : change->renewed) new_settings[p] = !change->back;
      } else if (r.settling()) {
        EXPECT_TRUE(committing.empty() || now > t0) << "it did not wait, and no time was over";
        committing.clear();
        r.on_settled(random() % 3 == 0 ? std::optional<std::string>("bad luck") : std::nullopt, now);
      } else if (!committing.empty() && random() % 4 != 0) {
        r.on_committed(*committing.begin());
        committing.erase(committing.begin());
      } else if (!open.empty() && random() % 4 != 0) {
        const size_t at = random() % open.size();
        const auto a = open[at];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        const tharsis_status said = std::array<tharsis_status, 5>{0, 0, 0, THARSIS_E_UNSUPPORTED, THARSIS_E_INVALID}[random() % 5];
        if (said < 0) questions.erase({a.plugin, a.back});
        r.on_answer(a.plugin, said, "", now);
      } else if (r.deadline() != never && random() % 4 == 0) {
        now = r.deadline();
        r.on_deadline(now);
      }
    }
    for (const auto& a : r.take_actions()) questions.erase({a.plugin, a.back});
    ASSERT_TRUE(r.over());
    EXPECT_EQ(r.deadline(), never);
    for (const auto& p : parts)
      if (p.how != how::retried) {
        EXPECT_EQ(new_settings[p.plugin], !r.failure().has_value()) << p.id;
      }
    for (const auto& [plugin, back] : questions) EXPECT_TRUE(back) << plugin << " was asked and never told";
  }
}
