// The lifecycle's decisions, by a few stories and by many random ones.
#include "runtime/lifecycle.h"

#include <gtest/gtest.h>

#include <algorithm>
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

lifecycle::plan plan(const std::string& id, std::vector<size_t> needs = {}) { return {id, std::move(needs)}; }

void run_up(lifecycle& l, size_t plugin) {
  l.on_done(plugin, step::create, "", t0);
  l.on_done(plugin, step::start, "", t0);
}

}  // namespace

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

// Random plugins that require earlier ones, random answers, failures and silences. Whatever happens:
// nobody is created before its providers run, no provider is stopped or destroyed under a consumer that may
// still use it, steps alternate as they must, and after stop() all comes to rest.
TEST(Lifecycle, RandomStoriesKeepTheOrderAndEnd) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const size_t count = 1 + random() % 6;
    std::vector<lifecycle::plan> plans;
    for (size_t i = 0; i < count; ++i) {
      plans.push_back(plan("p" + std::to_string(i)));
      for (size_t r = 0; r < i; ++r)
        if (random() % 3 == 0) plans[i].requires_.push_back(r);
    }
    lifecycle l(plans);
    instant now = t0;
    std::vector<lifecycle::action> open;           // Asked for, not answered.
    std::map<size_t, bool> alive;                  // Created, and not destroyed.
    const bool quiet = random() % 3 == 0;          // Some stories have no failures.
    l.start(now);
    bool stopping = false;
    for (int turn = 0; turn < 300 && !l.ended(); ++turn) {
      for (const auto& a : l.take_actions()) {
        if (a.step == step::create) {
          for (const size_t r : plans[a.plugin].requires_) ASSERT_EQ(l.state(r), plugin_state::running) << a.plugin;
        }
        if (a.step == step::stop || a.step == step::destroy) {
          for (size_t user = 0; user < count; ++user) {
            const auto& needs = plans[user].requires_;
            if (std::find(needs.begin(), needs.end(), a.plugin) == needs.end()) continue;
            ASSERT_TRUE(!alive[user] || (a.step == step::stop && l.stuck(user))) << user << " still uses " << a.plugin;
          }
        }
        if (a.step == step::create) alive[a.plugin] = true;
        open.push_back(a);
      }
      if (random() % 8 == 0 && !stopping) stopping = true, l.stop(now);
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
      } else if (open.empty() && !stopping) {
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
