#include "plugins/stn/core/reconnect.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::activity;
using stn::reconnect;
using stn::usage;

namespace {

stn::reconnect_settings quick() {
  stn::reconnect_settings s;
  s.pause_min = 1s;
  s.pauses = {10s, 20s, 40s, 80s, 160s};
  s.pauses_wanted = {3s, 3s, 3s, 6s, 12s};
  s.pause_no_network = s.pause_no_account = 100s;
  s.pause_no_account_inactive = 1000s;
  s.lived = 5s;
  s.outage_share = 0;
  return s;
}

// As configs/mars-compat.yaml, but for the chance.
stn::reconnect_settings as_mars() {
  stn::reconnect_settings s;
  s.grows = stn::reconnect_settings::growth::at_once;
  s.jitter = 0;
  s.pauses = {15s, 30s, 120s, 300s, 600s};
  s.pauses_wanted = {5s, 10s, 20s, 30s, 300s};
  s.ladder = {0s, 60s, 120s, 240s, 360s, 480s, 600s};
  s.pause_no_network = 960s;
  s.pause_no_account = 540s;
  s.pause_no_account_inactive = 24h * 7;
  s.account_expected = true;
  return s;
}

constexpr instant t0 = instant(24h);
constexpr uint64_t longest = ~0ULL;  // Draws (almost) the whole range.

// An application that is used so at t0.
activity used_as(usage u) {
  activity a({});
  constexpr duration ago[] = {30s, 300s, 1h, 300s, 1h};
  const instant since = t0 - ago[static_cast<size_t>(u)];
  const bool behind = u == usage::left || u == usage::inactive;
  (void)a.on_foreground(true, behind ? since - 1h : since);
  if (behind) (void)a.on_foreground(false, since);
  EXPECT_EQ(a.state(t0), u);
  return a;
}

struct lost {
  activity use;
  reconnect r;
  explicit lost(const stn::reconnect_settings& s = quick(), usage u = usage::fresh) : use(used_as(u)), r(s, use) {}
  // After one more loss.
  duration pause(uint64_t random = longest, bool wanted = false) {
    r.on_down(t0, random);
    return told(wanted);
  }
  duration told(bool wanted = false) const { return std::chrono::round<std::chrono::milliseconds>(r.due(wanted, t0) - t0); }
  void lose(int times) {
    for (int i = 0; i < times; ++i) pause();
  }
};

constexpr usage all[] = {usage::fresh, usage::used, usage::long_used, usage::left, usage::inactive};

}  // namespace

TEST(Reconnect, TheFirstAttemptIsDueAtOnce) { EXPECT_LE(lost().r.due(false, t0), t0); }

TEST(Reconnect, AfterTheFirstLossAtOnceThenAfterGrowingPauses) {
  lost l;
  for (const duration expected : {0s, 1s, 2s, 4s, 8s, 10s, 10s}) EXPECT_EQ(l.pause(), expected);
}

TEST(Reconnect, ThePauseIsAnyPartOfItsRange) {
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    std::mt19937_64 random(seed);
    lost l;
    for (const duration range : {0s, 1s, 2s, 4s, 8s, 10s}) {
      const duration pause = l.pause(random());
      EXPECT_GE(pause, 0s);
      EXPECT_LE(pause, range);
    }
  }
  lost l;
  l.pause(0);
  EXPECT_EQ(l.pause(0), 0s);
  EXPECT_EQ(l.pause(1ULL << 63), 1s) << "half of two seconds";
}

TEST(Reconnect, JitterSaysHowMuchOfThePauseIsChance) {
  stn::reconnect_settings s = quick();
  s.jitter = 25;
  lost l(s);
  l.lose(9);
  EXPECT_EQ(l.pause(0), 7500ms);
  EXPECT_EQ(l.pause(1ULL << 63), 8750ms);
  EXPECT_EQ(l.pause(longest), 10s);
}

TEST(Reconnect, WhileTasksWaitThePauseIsShorter) {
  lost l;
  l.lose(6);
  EXPECT_EQ(l.pause(longest, true), 3s);
  EXPECT_EQ(l.pause(longest, false), 10s);
}

// Goal: whoever waits is served soon after the server is back, however long it was away.
TEST(Reconnect, WhileTasksWaitThePauseIsAPartOfTheOutage) {
  const activity use = used_as(usage::fresh);
  const stn::reconnect_settings s;
  reconnect r(s, use);
  r.on_task(t0);
  r.on_up(t0 - 1h);
  r.on_down(t0, longest, reconnect::end::by_server);
  EXPECT_EQ(r.due(true, t0), t0);
  const auto most = [&](duration outage) {
    r.on_down(t0 + outage, longest);
    return std::chrono::round<std::chrono::milliseconds>(r.due(true, t0 + outage) - (t0 + outage));
  };
  EXPECT_EQ(most(100ms), s.pause_min);
  EXPECT_EQ(most(2500ms), s.pause_min);
  EXPECT_EQ(most(5s), 1s);
  EXPECT_EQ(most(15s), 3s);
  EXPECT_EQ(most(10s * 60), s.pauses_wanted.fresh);
  r.on_network();
  r.on_down(t0 + 1h, longest);
  EXPECT_EQ(r.due(true, t0 + 1h), t0 + 1h);
  EXPECT_EQ(most(1h + 1s), s.pause_min) << "another network is another outage";
}

TEST(Reconnect, ALivelyLinkThatIsCutAgainAndAgainComesBackAtOnceEachTime) {
  const activity use = used_as(usage::used);
  const stn::reconnect_settings s;
  reconnect r(s, use);
  instant now = t0;
  for (int i = 0; i < 20; ++i) {
    r.on_up(now);
    now += 3s;
    r.on_task(now - 100ms);
    r.on_down(now, longest, reconnect::end::by_server);
    EXPECT_EQ(r.due(true, now), now);
    EXPECT_EQ(r.due(false, now), now);
  }
}

TEST(Reconnect, ACutLinkThatNobodyWantsOrThatHardlyLivedWaits) {
  const activity use = used_as(usage::used);
  const stn::reconnect_settings s;
  for (const bool wanted : {true, false}) {
    reconnect r(s, use);
    instant now = t0;
    for (int i = 0; i < 20; ++i) {
      r.on_up(now);
      now += wanted ? s.lived_lively - 1ms : 3s;
      if (wanted) r.on_task(now);
      r.on_down(now, longest, reconnect::end::by_server);
    }
    EXPECT_GE(r.due(wanted, now), now + (wanted ? 4s : 20s)) << wanted;
  }
}

TEST(Reconnect, OnlyAConnectionThatLivedTakesThePausesBack) {
  lost l;
  l.lose(6);
  l.r.on_up(t0 - 4s);
  EXPECT_EQ(l.pause(), 10s);
  l.r.on_up(t0 - 5s);
  EXPECT_EQ(l.pause(), 0s);
  EXPECT_EQ(l.pause(), 1s);
}

TEST(Reconnect, AnotherServerIsTriedAtOnce) {
  lost l;
  l.lose(6);
  l.r.on_alternative();
  EXPECT_EQ(l.told(), 0s);
  EXPECT_EQ(l.pause(), 10s);
}

TEST(Reconnect, TheLongestPauseIsThatOfTheUse) {
  constexpr duration kept[] = {10s, 20s, 40s, 80s, 160s}, wanted[] = {3s, 3s, 3s, 6s, 12s};
  for (size_t i = 0; i < std::size(all); ++i) {
    lost l(quick(), all[i]);
    l.lose(20);
    EXPECT_EQ(l.pause(longest, false), kept[i]) << i;
    EXPECT_EQ(l.pause(longest, true), wanted[i]) << i;
  }
}

TEST(Reconnect, WithTimeTheUseChangesAndThePauseWithIt) {
  lost l;
  l.lose(20);
  EXPECT_EQ(std::chrono::round<std::chrono::milliseconds>(l.r.due(false, t0 + 30s) - t0), 20s);
  EXPECT_EQ(std::chrono::round<std::chrono::milliseconds>(l.r.due(false, t0 + 600s) - t0), 40s);
}

// Every pair of network and account, by use: what is longest.
TEST(Reconnect, WithoutANetworkOrAnAccountNobodyIsInAHurryUnlessSomebodyLooks) {
  for (const usage u : all)
    for (const bool network : {false, true})
      for (const bool account : {false, true})
        for (const bool wanted : {false, true}) {
          lost l(quick(), u);
          l.r.on_account(true);
          l.r.on_account(account);
          l.r.on_network_there(network);
          l.lose(20);
          duration most = wanted ? quick().pauses_wanted.of(u) : quick().pauses.of(u);
          if (!wanted && u >= usage::long_used && !network) most = std::max<duration>(most, 100s);
          if (!wanted && u >= usage::long_used && !account) most = std::max<duration>(most, u == usage::inactive ? 1000s : 100s);
          EXPECT_EQ(l.pause(longest, wanted), most) << "use " << static_cast<int>(u) << " network " << network << " account " << account << " wanted " << wanted;
        }
}

TEST(Reconnect, AHostThatNeverTellsOfAnAccountIsNotLoggedOut) {
  lost l(quick(), usage::inactive);
  l.r.on_account(false);
  l.lose(20);
  EXPECT_EQ(l.pause(), 160s);
  auto s = quick();
  s.account_expected = true;
  lost expected(s, usage::inactive);
  expected.lose(20);
  EXPECT_EQ(expected.pause(), 1000s);
}

TEST(Reconnect, AnAccountThatComesIsServedAtOnce) {
  lost l(quick(), usage::inactive);
  l.r.on_account(true);
  l.r.on_account(false);
  l.lose(20);
  l.r.on_account(true);
  EXPECT_EQ(l.told(), 0s);
  l.lose(20);
  l.r.on_account(true);
  EXPECT_EQ(l.told(), 160s) << "the same one is no news";
}

TEST(Reconnect, WhoComesBackIsServedAtOnceAndTheServerIsAskedOnceForEachTime) {
  lost l;
  for (int i = 0; i < 10; ++i) {
    l.lose(5);
    l.r.on_return();
    EXPECT_EQ(l.told(), 0s);
    EXPECT_EQ(l.pause(), 1s);
  }
}

TEST(Reconnect, AnotherNetworkIsTriedAtOnceEachTime) {
  for (const usage u : all) {
    lost l(as_mars(), u);
    l.lose(9);
    l.r.on_network();
    EXPECT_EQ(l.told(false), 0s);
    EXPECT_EQ(l.told(true), 0s);
  }
}

TEST(Reconnect, InCompanyAPauseEndsOfWhichMoreThanHalfIsOver) {
  lost l(quick(), usage::inactive);
  l.lose(20);
  EXPECT_EQ(l.told(), 160s);
  EXPECT_FALSE(l.r.on_company(t0 + 79s));
  EXPECT_TRUE(l.r.on_company(t0 + 81s));
  EXPECT_EQ(l.told(), 0s);
  EXPECT_FALSE(l.r.on_company(t0 + 82s)) << "it has ended";
  EXPECT_EQ(l.pause(), 160s) << "the next one is as long as ever";
  l.r.on_refused(t0, 1h);
  EXPECT_FALSE(l.r.on_company(t0 + 159s)) << "who was refused waits";
}

// Mars' own table, each cell: what was computed there is what is waited here.
TEST(Reconnect, MarsTable) {
  constexpr duration kept[] = {15s, 30s, 120s, 300s}, wanted[] = {5s, 10s, 20s, 30s, 300s};
  for (size_t i = 0; i < std::size(all); ++i) {
    lost l(as_mars(), all[i]);
    l.r.on_account(true);
    l.lose(1);
    if (i < std::size(kept)) {
      EXPECT_EQ(l.pause(longest, false), kept[i]) << i;
    }
    EXPECT_EQ(l.pause(longest, true), wanted[i]) << i;
  }
  lost away(as_mars(), usage::long_used);
  away.lose(1);
  EXPECT_EQ(away.pause(), 540s) << "120 s twice and 300 s, without an account";
  away.r.on_network_there(false);
  EXPECT_EQ(away.pause(), 960s) << "120 s three times and 600 s, without a network";
}

TEST(Reconnect, MarsLadder) {
  lost l(as_mars(), usage::inactive);
  l.r.on_account(true);
  instant now = t0;
  const auto attempt = [&] {
    l.r.on_attempt(now);
    l.r.on_down(now, longest);
    return std::chrono::round<std::chrono::milliseconds>(l.r.due(false, now) - now);
  };
  for (const duration expected : {0s, 60s, 120s, 240s, 360s, 480s, 600s, 480s}) {
    const duration pause = attempt();
    EXPECT_EQ(pause, expected);
    now += pause;
  }
  now += 1h;
  EXPECT_EQ(attempt(), 360s) << "an attempt that did not come soon takes one rung back";
  l.r.on_return();
  EXPECT_EQ(attempt(), 60s) << "and somebody who comes back takes all";
}

// Mars computes the inactive column, and what it waits without an account there, and uses neither.
TEST(MarsDefect17, TheInactiveColumnIsUsed) {
  auto s = as_mars();
  s.pauses.inactive = 200s;
  lost l(s, usage::inactive);
  l.r.on_account(true);
  for (int i = 0; i < 7; ++i) l.r.on_attempt(t0);
  l.lose(2);
  EXPECT_EQ(l.told(false), 200s) << "it bounds the ladder";
  EXPECT_EQ(l.told(true), 300s);
  s.ladder.clear();
  lost without(s, usage::inactive);
  without.r.on_account(true);
  without.lose(2);
  EXPECT_EQ(without.told(false), 200s);
  without.r.on_account(false);
  EXPECT_EQ(without.told(false), 24h * 7);
}

// Whatever happens in whatever order: no pause is longer than the table's, the first after good news is none, and
// whoever is refused waits.
TEST(Reconnect, OverSeedsNoPauseIsLongerThanItsTableSays) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    auto s = random() % 2 == 0 ? quick() : as_mars();
    s.jitter = static_cast<int64_t>(random() % 101);
    activity use({});
    reconnect r(s, use);
    instant now = t0, refused_until{};
    for (int i = 0; i < 200; ++i, now += std::chrono::milliseconds(random() % 100'000)) {
      switch (random() % 8) {
        case 0: (void)use.on_foreground(random() % 2 == 0, now); break;
        case 1: r.on_account(random() % 2 == 0); break;
        case 2: r.on_network_there(random() % 2 == 0); break;
        case 3: r.on_up(now); break;
        case 4:
          r.on_network();
          EXPECT_LE(r.due(false, now), std::max(now, refused_until));
          break;
        case 5:
          r.on_refused(now, 0s);
          refused_until = later(now, r.refused_pause());
          break;
        default: r.on_attempt(now), r.on_down(now, random());
      }
      const usage u = use.state(now);
      const duration most = std::max({s.pauses.of(u), s.pauses_wanted.of(u), s.pause_no_network, s.pause_no_account_inactive});
      for (const bool wanted : {false, true}) {
        EXPECT_LE(r.due(wanted, now), std::max(refused_until, now + most));
        EXPECT_GE(r.due(wanted, now), refused_until);
      }
    }
  }
}

// The server has ended them all, perhaps: nobody waits, so they come one by one.
TEST(Reconnect, WhoseServerEndedTheConnectionComesBackWhenChanceSays) {
  for (const usage u : {usage::fresh, usage::used, usage::long_used, usage::left, usage::inactive}) {
    stn::reconnect_settings s;
    const bool behind = u == usage::left || u == usage::inactive;
    const activity use = used_as(u);
    reconnect r(s, use);
    r.on_up(t0 - 1h);
    r.on_down(t0, longest, reconnect::end::by_server);
    EXPECT_GT(r.due(false, t0), t0 + (behind ? s.spread : s.spread_foreground) - 1ms);
    EXPECT_LE(r.due(false, t0), t0 + (behind ? s.spread : s.spread_foreground));
    EXPECT_EQ(r.due(true, t0), t0) << "a task waits";
    r.on_down(t0 + 1s, longest);
    EXPECT_LE(r.due(false, t0 + 1s), t0 + 1s + s.pause_min) << "only the first pause is spread";
  }
}

TEST(Reconnect, ASpreadEndsWithWhateverMakesATryUseful) {
  const activity use = used_as(usage::inactive);
  stn::reconnect_settings s;
  const auto lost = [&] {
    reconnect r(s, use);
    r.on_up(t0 - 1h);
    r.on_down(t0, longest, reconnect::end::by_server);
    EXPECT_GT(r.due(false, t0), t0 + 1s);
    return r;
  };
  reconnect network = lost(), back = lost(), account = lost();
  network.on_network();
  back.on_return();
  account.on_account(true);
  for (const reconnect* r : {&network, &back, &account}) EXPECT_EQ(r->due(false, t0), t0);
}

TEST(Reconnect, NoSpreadForSilenceNorForWhoHasJustSentNorWhereItIsOff) {
  const activity use = used_as(usage::inactive);
  stn::reconnect_settings s;
  const auto due = [&](auto before, reconnect::end by) {
    reconnect r(s, use);
    r.on_up(t0 - 1h);
    before(r);
    r.on_down(t0, longest, by);
    return r.due(false, t0) - t0;
  };
  const auto nothing = [](reconnect&) {};
  EXPECT_EQ(due(nothing, reconnect::end::otherwise), 0s);
  EXPECT_EQ(due([&](reconnect& r) { r.on_task(t0 - s.spread_lively + 1ms); }, reconnect::end::by_server), 0s);
  EXPECT_GT(due([&](reconnect& r) { r.on_task(t0 - s.spread_lively); }, reconnect::end::by_server), 50s);
  s.spread = 0s;
  EXPECT_EQ(due(nothing, reconnect::end::by_server), 0s);
}

// A connection that did not live says nothing about a fleet; its pauses grow as before.
TEST(Reconnect, WhoWasThrownOutAgainAndAgainIsNotSpread) {
  const activity use = used_as(usage::inactive);
  stn::reconnect_settings s;
  reconnect r(s, use);
  r.on_down(t0, longest);
  r.on_up(t0 + 1s);
  r.on_down(t0 + 2s, longest, reconnect::end::by_server);
  EXPECT_LE(r.due(false, t0 + 2s), t0 + 2s + s.pause_min);
}
