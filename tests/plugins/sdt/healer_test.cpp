#include "plugins/sdt/healer.h"

#include <gtest/gtest.h>

#include "plugins/sdt/core/judge.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/stn_heal.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"
#include "tests/plugins/sdt/truth_cases.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

// stn and dns, as far as remedies need them.
struct helpers {
  helpers() : box(world.add_machine("client", {"10.0.0.1"}).platform(), "sdt") {
    stn.size = sizeof stn;
    stn.self = this;
    stn.apply = [](void* self, const tharsis_stn_remedy* r, tharsis_handle* id, tharsis_error* error) {
      auto& h = *static_cast<helpers*>(self);
      if (h.refuses) return fail(error, THARSIS_E_INVALID, "stn says no");
      h.applied.push_back({r->what, r->number, to_text(r->address), std::string(view(r->host))});
      return *id = h.applied.size(), tharsis_status{THARSIS_OK};
    };
    stn.undo = [](void* self, tharsis_handle id) { static_cast<helpers*>(self)->undone.push_back(id); };
    dns.size = sizeof dns;
    dns.self = this;
    dns.advise = [](void* self, uint32_t code, tharsis_text about, int64_t life, tharsis_error*) {
      static_cast<helpers*>(self)->advice.push_back(std::to_string(code) + " " + std::string(view(about)) + (life == 0 ? " over" : ""));
      return tharsis_status{THARSIS_OK};
    };
    box.services = {{THARSIS_STN_HEAL_ID, &stn}, {THARSIS_DNS_ID, &dns}};
    box.on_publish = [this](const void* payload) { told.push_back(static_cast<const tharsis_sdt_healing*>(payload)->state); };
  }
  struct remedy_of_stn {
    uint32_t what, number;
    std::string address, host;
  };
  sim::world world{1};
  tharsis::test::host_on_strand box;
  tharsis_stn_heal stn{};
  tharsis_dns dns{};
  bool refuses = false;
  std::vector<remedy_of_stn> applied;
  std::vector<tharsis_handle> undone;
  std::vector<std::string> advice;
  std::vector<uint32_t> told;
};

settings::heal_settings acting(heal_policy p = heal_policy::act) {
  settings::heal_settings s;
  s.policy = p;
  return s;
}

healing::step begin(const std::string& name, std::vector<std::string> args = {}) {
  healing::step s;
  s.begins = true;
  s.of.what = {name, std::move(args)};
  s.of.cause = verdict_code::degraded;
  s.of.target = "tcps://im.test:443";
  s.of.host = "im.test";
  s.of.sentence = "something is wrong";
  return s;
}

}  // namespace

TEST(SdtHealer, EachActionGoesToWhoCanCarryItOut) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.open(1);
  for (const auto& s : {begin("clamp_mss", {"1360"}), begin("prefer_v4"), begin("prefer_v6"), begin("ban_address", {"203.0.113.66"}), begin("avoid_udp"),
                        begin("change_port", {"443"}), begin("open_portal", {"http://10.77.0.1/login"}), begin("use_doh")})
    doctor.carry_out(s);
  ASSERT_EQ(h.applied.size(), 7u);
  EXPECT_EQ(h.applied[0].what, uint32_t{THARSIS_STN_HEAL_SEGMENTS});
  EXPECT_EQ(h.applied[0].number, 1360u);
  EXPECT_EQ(h.applied[1].number, 4u);
  EXPECT_EQ(h.applied[2].number, 6u);
  EXPECT_EQ(h.applied[3].address, "203.0.113.66:0");
  EXPECT_EQ(h.applied[4].what, uint32_t{THARSIS_STN_HEAL_DATAGRAMS});
  EXPECT_EQ(h.applied[5].host, "im.test");
  EXPECT_EQ(h.applied[6].what, uint32_t{THARSIS_STN_HEAL_PORTAL});
  EXPECT_EQ(h.advice, (std::vector<std::string>{"3 10.77.0.1", "1 "}));
  EXPECT_EQ(h.told, std::vector<uint32_t>(8, THARSIS_SDT_HEAL_BEGUN));
  doctor.close();
  EXPECT_EQ(h.undone.size(), 7u) << "sdt takes back what it began";
  EXPECT_EQ(h.advice.size(), 4u);
}

TEST(SdtHealer, WhatIsRenewedIsNotToldAgainAndWhatEndsIsTakenBack) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.open(1);
  healing::step s = begin("clamp_mss", {"1360"});
  doctor.carry_out(s);
  doctor.carry_out(s);
  EXPECT_EQ(h.applied.size(), 2u) << "so that it lasts longer there, too";
  EXPECT_EQ(h.told.size(), 1u);
  s.begins = false;
  s.why = "its cause is gone";
  doctor.carry_out(s);
  EXPECT_EQ(h.undone.size(), 1u);
  EXPECT_EQ(h.told.back(), uint32_t{THARSIS_SDT_HEAL_ENDED});
}

TEST(SdtHealer, WhatAnotherCauseStillNeedsIsNotTakenBack) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  healing::step first = begin("clamp_mss", {"1360"}), second = first, port = begin("change_port", {"443"}), elsewhere = port;
  second.of.cause = verdict_code::throttled;
  elsewhere.of.host = elsewhere.of.target = "other.test";
  for (const auto& s : {first, second, port, elsewhere}) doctor.carry_out(s);
  first.begins = second.begins = port.begins = false;
  doctor.carry_out(second);
  EXPECT_TRUE(h.undone.empty());
  doctor.carry_out(first);
  EXPECT_EQ(h.undone, std::vector<tharsis_handle>{2}) << "the newest is in force";
  doctor.carry_out(port);
  EXPECT_EQ(h.undone, (std::vector<tharsis_handle>{2, 3})) << "a port of another host is another thing";
}

// A log goes further than the machine, and a login's page may know who logs in.
TEST(SdtHealer, ALineOfLogHasNoSessionOfALogin) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.open(1);
  auto s = begin("open_portal", {"http://10.77.0.1/login?sid=k9x&user=ann"});
  s.of.sentence = "pages are sent to http://10.77.0.1/login?sid=k9x&user=ann";
  doctor.carry_out(s);
  ASSERT_FALSE(h.box.lines.empty());
  for (const std::string& line : h.box.lines) EXPECT_EQ(line.find("k9x"), std::string::npos) << line;
  EXPECT_NE(h.box.lines.back().find("remedy open_portal(http://10.77.0.1/...) begun cause="), std::string::npos) << h.box.lines.back();
  EXPECT_NE(h.box.lines.back().find("target=tcps://im.test:443: pages are sent to http://10.77.0.1/..."), std::string::npos) << h.box.lines.back();
}

TEST(SdtHealer, DnsIsNotToldThatTheVeryTargetIsTheLogin) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.carry_out(begin("open_portal", {"http://im.test/login"}));
  doctor.close();
  EXPECT_EQ(h.advice, (std::vector<std::string>{"3 ", "3  over"}));
}

TEST(SdtHealer, NobodyOrSomebodyWhoSaysNoIsTold) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.open(1);
  h.refuses = true;
  doctor.carry_out(begin("clamp_mss", {"1360"}));
  EXPECT_EQ(h.told.back(), uint32_t{THARSIS_SDT_HEAL_REFUSED});
  h.box.services.clear();
  doctor.carry_out(begin("prefer_v4"));
  EXPECT_EQ(h.told.back(), uint32_t{THARSIS_SDT_HEAL_REFUSED});
  healer advisor(h.box.tables(), acting(heal_policy::advise));
  advisor.open(1);
  advisor.carry_out(begin("prefer_v4"));
  EXPECT_EQ(h.told.back(), uint32_t{THARSIS_SDT_HEAL_ADVISED});
  EXPECT_TRUE(h.applied.empty());
}

TEST(SdtHealer, WhatAResolverLiedIsKeptOffUntilTheLyingEnds) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.open(1);
  auto step = begin("use_doh");
  step.of.lies = {"203.0.113.66:443", "nonsense", "[2001:db8::66]:443"};
  doctor.avoid_lies(step.of);
  EXPECT_TRUE(h.applied.empty()) << "nothing has begun";
  doctor.carry_out(step);
  doctor.avoid_lies(step.of);
  ASSERT_EQ(h.applied.size(), 2u);
  EXPECT_EQ(h.applied[0].what, uint32_t{THARSIS_STN_HEAL_ADDRESS});
  EXPECT_EQ(h.applied[0].address, "203.0.113.66:443");
  EXPECT_EQ(h.applied[1].address, "[2001:db8::66]:443");
  step.begins = false;
  doctor.carry_out(step);
  EXPECT_EQ(h.undone, (std::vector<tharsis_handle>{1, 2}));
}

TEST(SdtHealer, WhoOnlyAdvisesKeepsNothingOff) {
  helpers h;
  healer doctor(h.box.tables(), acting(heal_policy::advise));
  doctor.open(1);
  auto step = begin("use_doh");
  step.of.lies = {"203.0.113.66:443"};
  doctor.carry_out(step);
  doctor.avoid_lies(step.of);
  EXPECT_TRUE(h.applied.empty());
}

// stn's remedy has a time of its own, an hour at most; the lie may last longer.
TEST(SdtHealer, LiesAreKeptOffAsLongAsTheirCauseIsSeen) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  healing::step s = begin("use_doh");
  s.of.lies = {"203.0.113.66:443"};
  doctor.carry_out(s);
  doctor.avoid_lies(s.of);
  ASSERT_EQ(h.applied.size(), 1u);
  s.of.lies.push_back("203.0.113.67:443");
  doctor.carry_out(s);
  doctor.avoid_lies(s.of);
  ASSERT_EQ(h.applied.size(), 3u) << "the first lasts longer, the second is new";
  EXPECT_EQ(h.applied[1].address, "203.0.113.66:443");
  EXPECT_EQ(h.applied[2].address, "203.0.113.67:443");
  s.begins = false;
  doctor.carry_out(s);
  EXPECT_EQ(h.undone, (std::vector<tharsis_handle>{2, 3})) << "the newest of each is in force";
}

// It may be that stn starts later, or has no place left for a while.
TEST(SdtHealer, WhatWasRefusedAndIsCarriedOutLaterIsTold) {
  helpers h;
  healer doctor(h.box.tables(), acting());
  doctor.open(1);
  h.refuses = true;
  const auto s = begin("clamp_mss", {"1360"});
  for (int i = 0; i < 3; ++i) doctor.carry_out(s);
  EXPECT_EQ(h.told, std::vector<uint32_t>{THARSIS_SDT_HEAL_REFUSED}) << "once";
  h.refuses = false;
  for (int i = 0; i < 3; ++i) doctor.carry_out(s);
  EXPECT_EQ(h.told, (std::vector<uint32_t>{THARSIS_SDT_HEAL_REFUSED, THARSIS_SDT_HEAL_BEGUN}));
  h.refuses = true;
  doctor.carry_out(s);
  EXPECT_EQ(h.told.back(), uint32_t{THARSIS_SDT_HEAL_REFUSED});
}

// Goal: a dead address beside one that works is tried last. Method: from what probes see, through the judge and the healing, to stn.
TEST(SdtHealer, ADeadAddressIsKeptOffWhileAnotherWorksThoughNothingIsBroken) {
  for (const auto& [dead, asked] : {std::pair("198.51.100.13:443", "198.51.100.13:0"), std::pair("[2001:db8:11::3]:443", "[2001:db8:11::3]:0")}) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(std::string(dead) + ", seed " + std::to_string(seed));
      truth t = healthy(seed);
      t.silent(t.connect(probe_role::target, dead));
      const report r = judge(t.seen);
      EXPECT_EQ(r.headline().code, verdict_code::healthy);
      helpers h;
      const auto s = acting();
      healer doctor(h.box.tables(), s);
      doctor.open(1);
      healing course(s);
      course.on_report(r, {});
      for (const auto& step : course.take_steps()) doctor.carry_out(step);
      ASSERT_EQ(h.applied.size(), 1u);
      EXPECT_EQ(h.applied[0].what, uint32_t{THARSIS_STN_HEAL_ADDRESS});
      EXPECT_EQ(h.applied[0].address, asked);
      course.on_deadline(instant{} + s.recheck);
      const auto look = course.take_look();
      ASSERT_TRUE(look);
      EXPECT_EQ(look->how_deep, depth::light) << "a name may have a dead address for ever";
      observations later = healthy(seed).seen;
      later.about.how_deep = look->how_deep;
      course.on_report(judge(later), {});
      for (const auto& step : course.take_steps()) doctor.carry_out(step);
      EXPECT_EQ(h.undone.size(), 1u) << "it answers again";
    }
  }
}
