#include "plugins/sdt/core/healing.h"

#include <gtest/gtest.h>

#include "plugins/sdt/core/judge.h"
#include "tests/plugins/sdt/truth_cases.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

constexpr instant t0{};

settings::heal_settings quick() {
  settings::heal_settings s;
  s.policy = heal_policy::act;
  s.recheck = 10s;
  s.life = 60s;
  return s;
}

verdict hole(const std::string& mss, double confidence = 0.97) {
  verdict v;
  v.code = verdict_code::pmtu_black_hole_up;
  v.confidence = confidence;
  v.sentence = "packets over 1400 bytes vanish";
  v.act = {"clamp_mss", {mss}};
  return v;
}

verdict well() {
  verdict v;
  v.code = verdict_code::healthy;
  v.confidence = 0.97;
  return v;
}

report about(std::vector<verdict> verdicts, depth how_deep = depth::medium, const std::string& target = "tcps://im.test:443") {
  report r;
  r.verdicts = std::move(verdicts);
  r.seen.about.target = target;
  r.seen.about.host = "im.test";
  r.seen.about.how_deep = how_deep;
  return r;
}

}  // namespace

TEST(SdtHealing, ARemedyBeginsWithItsCauseAndEndsWhenItIsGone) {
  healing h(quick());
  h.on_report(about({hole("1360")}), t0);
  auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_TRUE(steps[0].begins);
  EXPECT_EQ(steps[0].of.what.text(), "clamp_mss(1360)");
  h.on_report(about({well()}, depth::light), t0 + 1s);
  EXPECT_TRUE(h.take_steps().empty()) << "a light look measures no sizes";
  h.on_report(about({well()}, depth::medium, "tcps://other.test:443"), t0 + 1s);
  EXPECT_TRUE(h.take_steps().empty()) << "another target";
  h.on_report(about({well()}), t0 + 2s);
  steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins);
  EXPECT_EQ(steps[0].why, "its cause is gone");
  EXPECT_EQ(h.deadline(), never);
}

TEST(SdtHealing, ItIsLookedAtAgainAndEndsWhenNobodyHasSeenItsCause) {
  healing h(quick());
  h.on_report(about({hole("1360")}), t0);
  h.take_steps();
  EXPECT_EQ(h.deadline(), t0 + 10s);
  h.on_deadline(t0 + 10s);
  const auto look = h.take_look();
  ASSERT_TRUE(look);
  EXPECT_EQ(look->target, "tcps://im.test:443");
  EXPECT_EQ(look->how_deep, depth::medium);
  h.on_report(about({hole("1360")}), t0 + 11s);
  EXPECT_EQ(h.take_steps().size(), 1u) << "it lasts longer";
  h.on_deadline(t0 + 70s);
  EXPECT_TRUE(h.take_steps().empty()) << "until 60 s after it was seen last";
  h.on_deadline(t0 + 71s);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins);
}

// 20 MB each two minutes, and nobody asked.
TEST(SdtHealing, WhatWasFoundUnderLoadIsLookedAtAgainWithoutIt) {
  healing h(quick());
  h.on_report(about({hole("1360")}, depth::heavy), t0);
  h.take_steps();
  h.on_deadline(t0 + 10s);
  const auto look = h.take_look();
  ASSERT_TRUE(look);
  EXPECT_EQ(look->how_deep, depth::medium);
  h.on_report(about({well()}, look->how_deep), t0 + 11s);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins) << "and that look can end it";
}

TEST(SdtHealing, AnotherNetworkEndsAllAndAnotherNumberTakesThePlace) {
  healing h(quick());
  h.on_report(about({hole("1360")}), t0);
  h.take_steps();
  h.on_report(about({hole("1300")}), t0 + 1s);
  auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_FALSE(steps[0].begins);
  EXPECT_EQ(steps[1].of.what.text(), "clamp_mss(1300)");
  h.on_network();
  steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins);
}

TEST(SdtHealing, WhatIsUnsureGivenUpOrNoRemedyDoesNothing) {
  healing h(quick());
  h.on_report(about({hole("1360", 0.6)}), t0);
  auto cancelled = about({hole("1360")});
  cancelled.seen.about.cancelled = true;
  h.on_report(cancelled, t0);
  auto mixed = about({hole("1360")});
  mixed.seen.about.network_changed = true;
  h.on_report(mixed, t0);
  verdict closed = well();
  closed.code = verdict_code::port_closed;
  closed.act = {"backoff", {}};
  h.on_report(about({closed}), t0);
  EXPECT_TRUE(h.take_steps().empty());
  auto off = quick();
  off.policy = heal_policy::off;
  healing none(off);
  none.on_report(about({hole("1360")}), t0);
  EXPECT_TRUE(none.take_steps().empty());
}

TEST(SdtHealing, AReportThatWasGivenUpEndsNothing) {
  healing h(quick());
  h.on_report(about({hole("1360")}), t0);
  h.take_steps();
  auto cancelled = about({well()});
  cancelled.seen.about.cancelled = true;
  h.on_report(cancelled, t0 + 1s);
  EXPECT_TRUE(h.take_steps().empty());
}

// Whose network is away for a moment has sizes, names and families as before when it is back.
TEST(SdtHealing, WhatWasHiddenBehindSomethingElseIsNotGone) {
  healing h(quick());
  h.on_report(about({hole("1360")}), t0);
  h.take_steps();
  size_t hidden = 0;
  for (const truth_case& c : truth_cases()) {
    report r = judge(c.make(1));
    const verdict_code first = r.headline().code;
    const bool ends_there = first == verdict_code::internet_unreachable || first == verdict_code::captive_portal || first == verdict_code::proxy_required ||
                            (first >= verdict_code::no_interface && first <= verdict_code::airplane_or_radio_off);
    if (!ends_there) continue;
    r.seen.about.how_deep = depth::medium;
    for (verdict& v : r.verdicts) v.act = {};  // It is about what is in force, not about what may begin.
    h.on_report(r, t0 + 1s);
    EXPECT_TRUE(h.take_steps().empty()) << c.name;
    ++hidden;
  }
  EXPECT_GT(hidden, 5u);
  report poor = about({well()});
  poor.seen.about.budget_spent = true;
  h.on_report(poor, t0 + 2s);
  EXPECT_TRUE(h.take_steps().empty()) << "no byte was left for sizes";
  h.on_report(about({well()}), t0 + 3s);
  EXPECT_EQ(h.take_steps().size(), 1u);
}

namespace {

report portal() {
  verdict v;
  v.code = verdict_code::captive_portal;
  v.confidence = 0.9;
  v.act = {"open_portal", {"http://10.0.0.1/login"}};
  return about({v, hole("1360")});
}

}  // namespace

TEST(SdtHealing, InAPortalAKnownPageIsAskedForAndRarerAsItLasts) {
  auto s = quick();
  s.recheck = s.life = 1h;
  healing h(s);
  h.on_report(portal(), t0);
  std::vector<instant> knocks;
  while (h.deadline() < t0 + 10min) {
    const instant now = h.deadline();
    h.on_deadline(now);
    if (h.take_knock()) knocks.push_back(now);
    EXPECT_FALSE(h.take_knock()) << "once";
  }
  ASSERT_GT(knocks.size(), 30u);
  EXPECT_EQ(knocks.front(), t0 + 1s);
  for (size_t i = 1; i < knocks.size(); ++i) {
    const duration pause = knocks[i] - knocks[i - 1];
    EXPECT_GE(pause, 1s);
    EXPECT_LE(pause, std::max<duration>(1s, (knocks[i] - t0) / 30)) << "a thirtieth of what it has lasted";
    EXPECT_LE(pause, 5s);
  }
  EXPECT_LT(knocks.size(), 200u);
}

TEST(SdtHealing, AKnownPageEndsThePortalAndNothingElse) {
  healing h(quick());
  h.on_report(portal(), t0);
  h.take_steps();
  h.on_known_page();
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins);
  EXPECT_EQ(steps[0].of.what.name, "open_portal");
  h.on_deadline(t0 + 5s);
  EXPECT_FALSE(h.take_knock()) << "nobody waits at a door that is open";
  h.on_known_page();
  EXPECT_TRUE(h.take_steps().empty());
}

TEST(SdtHealing, APortalIsHiddenByALostLinkAndNotByWhatIsJudgedAfterIt) {
  const auto found = [](verdict_code code) {
    verdict v;
    v.code = code;
    v.confidence = 0.97;
    return about({v});
  };
  healing h(quick());
  h.on_report(portal(), t0);
  h.take_steps();
  h.on_report(found(verdict_code::no_address), t0 + 1s);
  EXPECT_TRUE(h.take_steps().empty());
  h.on_report(found(verdict_code::internet_unreachable), t0 + 2s);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u) << "pages were asked for, and none was the portal's; sizes could not be looked at";
  EXPECT_EQ(steps[0].of.what.name, "open_portal");
}

// Nothing is in force, and each look costs as much as a diagnosis.
TEST(SdtHealing, WhoOnlyAdvisesDoesNotLookAgain) {
  auto s = quick();
  s.policy = heal_policy::advise;
  healing h(s);
  h.on_report(about({hole("1360")}), t0);
  EXPECT_EQ(h.take_steps().size(), 1u);
  EXPECT_EQ(h.deadline(), t0 + 60s);
  h.on_report(about({hole("1360")}), t0 + 20s);
  EXPECT_EQ(h.take_steps().size(), 1u) << "somebody else had it looked at: it lasts longer";
  for (instant now = t0; now < t0 + 80s; now += 1s) h.on_deadline(now);
  EXPECT_FALSE(h.take_look());
  EXPECT_TRUE(h.take_steps().empty());
  h.on_deadline(t0 + 80s);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins);
  EXPECT_EQ(steps[0].why, "nobody has seen its cause for a while");
}

TEST(SdtHealing, WhoOnlyAdvisesDoesNotKnock) {
  auto s = quick();
  s.policy = heal_policy::advise;
  healing h(s);
  h.on_report(portal(), t0);
  for (instant now = t0; now < t0 + 9s; now += 500ms) {
    h.on_deadline(now);
    EXPECT_FALSE(h.take_knock());
  }
}

TEST(SdtHealing, WhatAResolverLiedGoesWithTheRemedyForIt) {
  healing h(quick());
  verdict v;
  v.code = verdict_code::dns_hijack_resolver;
  v.confidence = 0.97;
  v.act = {"use_doh", {}};
  report r = about({v, hole("1360")});
  connect_probe lie;
  lie.role = probe_role::answered;
  lie.to = "203.0.113.66:443";
  connect_probe truth = lie;
  truth.role = probe_role::target;
  truth.to = "192.0.2.1:443";
  r.seen.connects = {lie, truth, lie};
  h.on_report(r, t0);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].of.lies, std::vector<std::string>{"203.0.113.66:443"});
  EXPECT_TRUE(steps[1].of.lies.empty());
}

namespace {

report of_names(verdict_code code, bool proves_himself) {
  verdict v;
  v.code = code;
  v.confidence = 0.97;
  v.act = {"use_doh", {}};
  report r = about({v}, depth::light);
  r.seen.about.has_truth = true;
  name_probe plain, proved;
  plain.over = name_transport::udp, plain.rcode = 0;
  proved.role = probe_role::truth, proved.over = name_transport::tls, proved.rcode = proves_himself ? 0 : -1;
  r.seen.names = {plain, proved};
  connect_probe elsewhere;
  elsewhere.role = probe_role::answered, elsewhere.to = "203.0.113.66:443";
  r.seen.connects = {elsewhere};
  return r;
}

}  // namespace

// Many a network answers for port 53, and shuts the ports of encrypted DNS: who believed nobody else would know no name.
TEST(SdtHealing, WhereEncryptedDnsIsBlockedTheOthersAreBelieved) {
  healing h(quick());
  h.on_report(of_names(verdict_code::dns_intercepted_port53, false), t0);
  EXPECT_TRUE(h.take_steps().empty());
  h.on_report(of_names(verdict_code::dns_intercepted_port53, true), t0 + 1s);
  ASSERT_EQ(h.take_steps().size(), 1u);
  h.on_report(of_names(verdict_code::dns_intercepted_port53, false), t0 + 2s);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_FALSE(steps[0].begins);
  EXPECT_EQ(h.deadline(), never);
}

TEST(SdtHealing, AnAddressThatASlowResolverGaveIsNoLie) {
  healing h(quick());
  h.on_report(of_names(verdict_code::dns_slow, true), t0);
  const auto steps = h.take_steps();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_TRUE(steps[0].of.lies.empty());
}
