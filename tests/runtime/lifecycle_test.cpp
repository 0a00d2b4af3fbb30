// The lifecycle's decisions, by a few stories and by many random ones.
#include "runtime/lifecycle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

using namespace tharsis;
using runtime::lifecycle;
using runtime::plugin_state;
using step = lifecycle::step;

namespace {

constexpr instant t0{};

// "b:create a:start": what is to be done now, by the plugins' letters.
std::string actions(lifecycle& l) {
  static constexpr const char* names[] = {"create", "start", "withdraw", "stop", "destroy"};
  std::string text;
  for (const auto& a : l.take_actions())
    text += (text.empty() ? "" : " ") + std::string(1, static_cast<char>('a' + a.plugin)) + ":" + names[static_cast<int>(a.step)];
  return text;
}

lifecycle::plan plan(const std::string& id, const std::vector<size_t>& needs = {}) {
  lifecycle::plan p;
  p.id = id;
  for (const size_t provider : needs) p.requires_.push_back({provider});
  return p;
}

void run_up(lifecycle& l, size_t plugin, instant now = t0) {
  l.on_done(plugin, step::create, "", now);
  l.on_done(plugin, step::start, "", now);
}

void run_down(lifecycle& l, size_t plugin, instant now = t0) {
  l.on_done(plugin, step::withdraw, "", now);
  l.on_done(plugin, step::stop, "", now);
  l.on_done(plugin, step::destroy, "", now);
}

// One that runs fails, is taken down, and has come up again when its time came.
void fail_and_return(lifecycle& l, size_t plugin, duration wait, instant& now) {
  l.on_failed(plugin, "bad luck", now);
  run_down(l, plugin, now);
  ASSERT_EQ(l.state(plugin), plugin_state::failed);
  ASSERT_EQ(l.retry(plugin), now + wait);
  now += wait;
  l.on_deadline(now);
  run_up(l, plugin, now);
  ASSERT_EQ(l.state(plugin), plugin_state::running);
}

}  // namespace

TEST(Lifecycle, WhatAPluginWantsIsAwaitedWhileItComesUp) {
  lifecycle::plan b = plan("b");
  b.awaits = {0};
  lifecycle l({plan("a"), b});
  l.start(t0);
  EXPECT_EQ(actions(l), "a:create");
  EXPECT_FALSE(l.settled());
  run_up(l, 0);
  EXPECT_EQ(actions(l), "a:start b:create");
}

TEST(Lifecycle, WithoutWhatItWantsAPluginStartsAllTheSame) {
  lifecycle::plan b = plan("b"), left_out = plan("c"), d = plan("d");
  b.awaits = {0};
  left_out.disabled = "not here";
  d.awaits = {2};
  lifecycle l({plan("a"), b, left_out, d});
  l.start(t0);
  EXPECT_EQ(actions(l), "a:create d:create");
  l.on_done(0, step::create, "no disk", t0);
  EXPECT_EQ(l.state(0), plugin_state::failed);
  EXPECT_EQ(actions(l), "b:create");
  run_up(l, 1);
  l.take_actions();
  l.on_failed(1, "bad luck", t0);
  EXPECT_EQ(actions(l), "b:withdraw") << "nobody waits for wishes to go";
}

TEST(Lifecycle, ProvidersStartFirstAndStopLast) {
  lifecycle l({plan("a"), plan("b", {0}), plan("c", {1}), plan("d")});
  l.start(t0);
  EXPECT_EQ(actions(l), "a:create d:create");
  l.on_done(0, step::create, "", t0);
  EXPECT_EQ(actions(l), "a:start");
  l.on_done(0, step::start, "", t0);
  EXPECT_EQ(actions(l), "b:create");
  EXPECT_FALSE(l.settled());
  run_up(l, 1), run_up(l, 2), run_up(l, 3);
  l.take_actions();
  EXPECT_TRUE(l.settled());
  l.stop(t0);
  EXPECT_EQ(actions(l), "c:withdraw d:withdraw");
  l.on_done(2, step::withdraw, "", t0);
  l.on_done(2, step::stop, "", t0);
  EXPECT_EQ(actions(l), "c:stop c:destroy");
  l.on_done(2, step::destroy, "", t0);
  EXPECT_EQ(actions(l), "b:withdraw");
  EXPECT_FALSE(l.ended());
}

TEST(Lifecycle, WhoRequiresAFailedOneWaitsAndSaysWhy) {
  lifecycle l({plan("a"), plan("b", {0}), plan("c", {1})});
  l.start(t0);
  l.on_done(0, step::create, "no disk", t0);
  EXPECT_EQ(l.state(0), plugin_state::failed);
  EXPECT_EQ(l.reason(1), "it requires plugin 'a', which has failed: no disk");
  EXPECT_EQ(l.reason(2), "it requires plugin 'b', which waits itself: it requires plugin 'a', which has failed: no disk");
  EXPECT_TRUE(l.settled());
  l.stop(t0);
  EXPECT_TRUE(l.ended());
}

TEST(Lifecycle, AStartThatIsLateIsDestroyedAndItsLateAnswerIgnored) {
  lifecycle l({plan("a")});
  l.start(t0);
  l.on_done(0, step::create, "", t0);
  l.take_actions();
  EXPECT_EQ(l.deadline(), t0 + 10s);
  l.on_deadline(t0 + 10s);
  EXPECT_EQ(actions(l), "a:destroy");
  l.on_done(0, step::start, "", t0 + 11s);
  EXPECT_EQ(l.state(0), plugin_state::destroying);
  l.on_done(0, step::destroy, "", t0 + 12s);
  EXPECT_EQ(l.state(0), plugin_state::failed);
  EXPECT_EQ(l.reason(0), "start has not finished within 10000 ms");
  EXPECT_FALSE(l.stuck(0));
}

TEST(Lifecycle, AProviderWhoseConsumersDoNotLetGoIsStoppedButNotDestroyed) {
  lifecycle l({plan("a")});
  l.start(t0);
  run_up(l, 0);
  l.stop(t0);
  l.take_actions();
  l.on_deadline(l.deadline());
  EXPECT_EQ(actions(l), "a:stop");
  l.on_done(0, step::stop, "", t0 + 6s);
  EXPECT_EQ(actions(l), "");
  EXPECT_TRUE(l.stuck(0));
  EXPECT_TRUE(l.ended());
}

TEST(Lifecycle, WhatHasRunAndFailsIsRestartedAndTheWaitDoubles) {
  lifecycle l({plan("a")});
  l.start(t0);
  run_up(l, 0);
  instant now = t0;
  for (const duration wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s, 60s}) fail_and_return(l, 0, wait, now);
  l.on_failed(0, "bad luck", now);
  run_down(l, 0, now);
  EXPECT_EQ(l.retry(0), never);
  EXPECT_EQ(l.reason(0), "bad luck; it has failed 11 times in a row and is not restarted again");
}

TEST(Lifecycle, AfterAMinuteOfRunningTheNextFailureIsTheFirst) {
  lifecycle l({plan("a")});
  l.start(t0);
  run_up(l, 0);
  instant now = t0;
  fail_and_return(l, 0, 1s, now);
  fail_and_return(l, 0, 2s, now);
  now += 1min;
  fail_and_return(l, 0, 1s, now);
}

TEST(Lifecycle, WhatCannotEvenStartIsRestartedOnlyIfThePolicyIsAlways) {
  for (const auto on : {runtime::restart_policy::when::never, runtime::restart_policy::when::on_failure, runtime::restart_policy::when::always}) {
    lifecycle::plan p = plan("a");
    p.restart.on = on;
    lifecycle l({p});
    l.start(t0);
    l.on_done(0, step::create, "no disk", t0);
    EXPECT_EQ(l.retry(0) != never, on == runtime::restart_policy::when::always);
    EXPECT_TRUE(l.settled());
    l.stop(t0);
    EXPECT_EQ(l.deadline(), never) << "nothing is restarted while all stops";
  }
}

TEST(Lifecycle, WhoRequiresAFailedOneGoesFirstWaitsAndComesBackWithIt) {
  lifecycle l({plan("a"), plan("b", {0}), plan("c", {1})});
  l.start(t0);
  run_up(l, 0), run_up(l, 1), run_up(l, 2);
  l.take_actions();
  l.on_failed(0, "no disk", t0);
  EXPECT_EQ(actions(l), "c:withdraw");
  run_down(l, 2);
  run_down(l, 1);
  EXPECT_EQ(l.state(1), plugin_state::waiting);
  run_down(l, 0);
  EXPECT_EQ(l.reason(1), "it requires plugin 'a', which has failed: no disk; it will be tried again");
  l.take_actions();
  l.on_deadline(t0 + 1s);
  EXPECT_EQ(actions(l), "a:create");
  run_up(l, 0), run_up(l, 1), run_up(l, 2);
  EXPECT_TRUE(l.settled());
  EXPECT_EQ(l.reason(1), "");
  EXPECT_EQ(l.state(2), plugin_state::running);
}

TEST(Lifecycle, OneProviderOfTwoIsEnough) {
  lifecycle::plan user = plan("c");
  user.requires_ = {{0, 1}};
  lifecycle l({plan("a"), plan("b"), user});
  l.start(t0);
  run_up(l, 0);
  EXPECT_EQ(actions(l), "a:create b:create a:start") << "the other may be the better one, so it is waited for";
  l.on_done(1, step::create, "no luck", t0);
  EXPECT_EQ(actions(l), "c:create");
  run_up(l, 2);
  EXPECT_EQ(l.state(2), plugin_state::running);
  l.on_failed(0, "gone", t0);
  EXPECT_EQ(l.reason(2), "it requires plugin 'a', which has failed: gone") << "now nobody provides it";
}

TEST(Lifecycle, AProviderGoesWithoutItsConsumersWhenAnotherStays) {
  lifecycle::plan user = plan("c");
  user.requires_ = {{0, 1}};
  lifecycle l({plan("a"), plan("b"), user});
  l.start(t0);
  run_up(l, 0), run_up(l, 1), run_up(l, 2);
  l.take_actions();
  l.on_failed(0, "gone", t0);
  EXPECT_EQ(actions(l), "a:withdraw");
  EXPECT_EQ(l.state(2), plugin_state::running);
}

TEST(Lifecycle, ADisabledOneIsLeftOutAndSaysWhy) {
  lifecycle::plan left_out = plan("a");
  left_out.disabled = "the process died while it was starting";
  lifecycle l({left_out, plan("b", {0})});
  l.start(t0);
  EXPECT_EQ(actions(l), "");
  EXPECT_EQ(l.state(0), plugin_state::disabled);
  EXPECT_EQ(l.reason(1), "it requires plugin 'a', which is left out: the process died while it was starting");
  EXPECT_TRUE(l.settled());
  l.stop(t0);
  EXPECT_TRUE(l.ended());
}

TEST(Lifecycle, ARenewedOneGoesDownWithItsConsumersAndComesUpAgain) {
  const std::vector<lifecycle::plan> plans = {plan("a"), plan("b", {0})};
  lifecycle l(plans);
  l.start(t0);
  run_up(l, 0), run_up(l, 1);
  l.take_actions();
  l.change(plans, {0}, t0);
  EXPECT_FALSE(l.settled());
  EXPECT_EQ(actions(l), "b:withdraw");
  run_down(l, 1);
  EXPECT_EQ(l.reason(1), "") << "its provider comes, so its turn comes too";
  run_down(l, 0);
  run_up(l, 0), run_up(l, 1);
  EXPECT_TRUE(l.settled());
}

TEST(Lifecycle, AConsumerAndItsProviderThatBothGoWithAProfileGoInOrder) {
  std::vector<lifecycle::plan> plans = {plan("a"), plan("b", {0}), plan("c")};
  plans[1].stop_deadline = 3s;
  lifecycle l(plans);
  l.start(t0);
  run_up(l, 0), run_up(l, 1), run_up(l, 2);
  l.take_actions();
  std::vector<lifecycle::plan> fewer(3);  // Of what is not in the profile nothing is known any more.
  for (size_t i = 0; i < 3; ++i) fewer[i].id = plans[i].id;
  fewer[0].wanted = fewer[1].wanted = false;
  l.change(fewer, {}, t0);
  EXPECT_EQ(actions(l), "b:withdraw");
  EXPECT_EQ(l.deadline(), t0 + 3s) << "its own deadline, not a default";
  run_down(l, 1);
  EXPECT_EQ(actions(l), "b:stop b:destroy a:withdraw");
  run_down(l, 0);
  EXPECT_TRUE(l.settled());
}

TEST(Lifecycle, AStuckConsumerKeepsItsProviderAlsoWhenBothAreTakenOut) {
  std::vector<lifecycle::plan> plans = {plan("a"), plan("b", {0})};
  lifecycle l(plans);
  l.start(t0);
  run_up(l, 0);
  l.on_done(1, step::create, "", t0);
  l.on_deadline(t0 + 10s);  // b's start is late,
  l.on_deadline(t0 + 20s);  // and its destroy too.
  EXPECT_TRUE(l.stuck(1));
  plans[0].wanted = plans[1].wanted = false;
  plans[1].requires_.clear();
  l.change(plans, {}, t0 + 21s);
  l.take_actions();
  l.on_done(0, step::withdraw, "", t0 + 21s);
  l.on_done(0, step::stop, "", t0 + 21s);
  EXPECT_EQ(actions(l), "a:stop") << "b's code may still call it";
  EXPECT_TRUE(l.stuck(0));
}

TEST(Lifecycle, OnesThatCameAndWentWithAProfileCanBeTakenBack) {
  std::vector<lifecycle::plan> plans = {plan("a"), plan("b")};
  lifecycle l(plans);
  l.start(t0);
  run_up(l, 0), run_up(l, 1);
  l.take_actions();
  plans[1].wanted = false;
  plans.push_back(plan("c"));
  l.change(plans, {}, t0);
  EXPECT_EQ(actions(l), "b:withdraw c:create");
  l.on_done(2, step::create, "no luck", t0);
  plans[1].wanted = true;
  plans[2].wanted = false;
  l.change(plans, {}, t0);
  run_down(l, 1);
  EXPECT_EQ(actions(l), "b:stop b:destroy b:create") << "it was still on its way down";
  run_up(l, 1);
  EXPECT_TRUE(l.settled());
  EXPECT_EQ(l.state(2), plugin_state::stopped);
}

// Random plugins that require earlier ones, random answers, failures, silences and new profiles. Whatever happens:
// nobody is created before its providers run, no provider is stopped or destroyed under a consumer that may
// still use it, steps alternate as they must, and after stop() all comes to rest.
TEST(Lifecycle, RandomStoriesKeepTheOrderAndEnd) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    using policy = runtime::restart_policy::when;
    const size_t count = 1 + random() % 6;
    std::vector<lifecycle::plan> plans;
    for (size_t i = 0; i < count; ++i) {
      plans.push_back(plan("p" + std::to_string(i)));
      for (size_t r = 0; r < i; ++r)
        if (random() % 3 == 0) plans[i].requires_.push_back({r});
      if (i > 2 && random() % 3 == 0) plans[i].requires_.push_back({0, 1, 2});
      plans[i].restart.on = std::array{policy::never, policy::on_failure, policy::always}[random() % 3];
    }
    lifecycle l(plans);
    instant now = t0;
    std::vector<lifecycle::action> open;           // Asked for, not answered.
    std::map<size_t, bool> alive;                  // Created, and not destroyed.
    const bool quiet = random() % 3 == 0;          // Some stories have no failures.
    l.start(now);
    bool stopping = false;
    for (int turn = 0; turn < 400 && !l.ended(); ++turn) {
      for (const auto& a : l.take_actions()) {
        if (a.step == step::create) {
          for (const auto& group : plans[a.plugin].requires_)
            ASSERT_TRUE(std::any_of(group.begin(), group.end(), [&](size_t p) { return l.state(p) == plugin_state::running; })) << a.plugin;
        }
        if (a.step == step::stop || a.step == step::destroy) {
          for (size_t user = 0; user < count; ++user) {
            const bool uses = std::any_of(plans[user].requires_.begin(), plans[user].requires_.end(), [&](const auto& group) {
              return std::find(group.begin(), group.end(), a.plugin) != group.end() &&
                     std::none_of(group.begin(), group.end(), [&](size_t p) { return p != a.plugin && l.state(p) == plugin_state::running; });
            });
            if (!uses) continue;
            ASSERT_TRUE(!alive[user] || (a.step == step::stop && l.stuck(user))) << user << " still uses " << a.plugin;
          }
        }
        if (a.step == step::create) alive[a.plugin] = true;
        open.push_back(a);
      }
      if (random() % 60 == 0 && !stopping) stopping = true, l.stop(now);
      const uint64_t what = random() % 10;
      if (!open.empty() && what < 7) {
        const size_t at = random() % open.size();
        const auto a = open[at];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        const bool fails = !quiet && random() % 5 == 0 && a.step != step::withdraw && a.step != step::stop;
        if ((a.step == step::create && fails) || (a.step == step::destroy && !fails)) alive[a.plugin] = false;
        l.on_done(a.plugin, a.step, fails ? "bad luck" : "", now);
      } else if (!quiet && what == 7) {
        l.on_failed(random() % count, "it gave up", now);
      } else if (!quiet && what == 8 && l.deadline() != never) {
        now = std::max(now, l.deadline());
        l.on_deadline(now);
      } else if (what == 9 && !stopping && random() % 3 == 0) {
        for (auto& p : plans) p.wanted = random() % 5 != 0;
        l.change(plans, {random() % count}, now);
      } else if (open.empty() && !stopping && random() % 4 == 0) {
        stopping = true;
        l.stop(now);
      }
    }
    if (!stopping) l.stop(now);
    for (int i = 0; i < 100 && !l.ended(); ++i) {  // Nobody answers any more.
      l.take_actions();
      now = std::max(now, l.deadline());
      l.on_deadline(now);
    }
    ASSERT_TRUE(l.ended());
    EXPECT_EQ(l.deadline(), never);
    for (size_t i = 0; i < count; ++i)
      EXPECT_TRUE(l.state(i) != plugin_state::failed || !l.reason(i).empty()) << "a failure has a reason";
  }
}
