// Sessions in simulated worlds: what they find, that they end in time, and that giving one up leaves nothing.
#include <algorithm>

#include "tests/plugins/sdt/session_scene.h"

using namespace tharsis;
using namespace tharsis::sdt;
using namespace tharsis::sdt::test;

TEST(SdtSession, AServerThatTakesConnectionsIsWell) {
  in_many(30, [](scene_of_session& s) {
    s.listen(s.serving, "10.0.0.2", 443);
    diagnosed d;
    const instant began = s.world.now();
    s.begin(d, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    EXPECT_EQ(name_of(d.made->headline().code), "healthy") << d.made->headline().detail;
    EXPECT_LE(d.ended, began + 1500ms);
    EXPECT_FALSE(d.made->seen.about.network_changed);
  });
}

TEST(SdtSession, AClosedPortAndADeadHostAreToldApartInTime) {
  in_many(30, [](scene_of_session& s) {
    diagnosed refused, dead;
    const instant began = s.world.now();
    s.begin(refused, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(refused.made);
    EXPECT_EQ(name_of(refused.made->headline().code), "port_closed");
    EXPECT_LE(refused.ended, began + 1500ms);
    s.world.between(s.client, s.server).black_hole = true;
    s.begin(dead, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(dead.made);
    EXPECT_EQ(name_of(dead.made->headline().code), "host_down") << dead.made->headline().detail;
  });
}

TEST(SdtSession, EndsByItsDeadlineWhateverDoesNotAnswer) {
  in_many(30, [](scene_of_session& s) {
    s.world.between(s.client, s.server).black_hole = true;
    s.world.between(s.client, s.other).black_hole = true;
    s.world.add_name("slow.test", {"10.0.0.2"}, 1min);
    wish w = s.about("tcp://slow.test:443", depth::medium);
    w.deadline = 700ms;
    diagnosed d;
    const instant began = s.world.now();
    s.begin(d, w);
    s.world.run_for(2s);
    ASSERT_TRUE(d.made);
    EXPECT_LE(d.ended, began + 720ms);
  });
}

// No link, no way out: the system says so at once, and nobody waits for answers that cannot come.
TEST(SdtSession, AMachineWithoutAnyNetworkIsToldSoSoonAndAccusesNoServer) {
  in_many(30, [](scene_of_session& s) {
    s.client.lose_network();
    diagnosed d;
    const instant began = s.world.now();
    s.begin(d, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    const verdict& first = d.made->headline();
    EXPECT_NE(first.code, verdict_code::healthy);
    EXPECT_NE(first.who, blame::server) << name_of(first.code) << ": " << first.sentence;
    EXPECT_LE(d.ended, began + 5050ms);
  });
}

TEST(SdtSession, ARadioThatIsSwitchedOffIsToldSo) {
  in_many(10, [](scene_of_session& s) {
    s.box.network.eyes = s.client.platform()->observer;
    sim::attachment off;
    off.interface = "wlan0";
    off.type = THARSIS_NETWORK_WIFI;
    off.radio_off = true;
    s.client.switch_network(off);
    diagnosed d;
    s.begin(d, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    const verdict& first = d.made->headline();
    EXPECT_EQ(name_of(first.code), "airplane_or_radio_off") << first.sentence;
    EXPECT_EQ(first.how, certainty::proven);
    EXPECT_EQ(first.act.name, "wait_for_network");
  });
}

// Only where there is time for it, and the port is told; whoever refuses it is as he should be.
TEST(SdtSession, APortOnWhichNobodyListensIsTriedAndMayNotBeOpen) {
  in_many(10, [](scene_of_session& s) {
    s.listen(s.serving, "10.0.0.2", 443);
    const bool taken = s.world.random() % 2 == 0;
    if (taken) s.listen(s.controlling, "10.0.0.3", 8080);
    for (const depth how_deep : {depth::light, depth::medium}) {
      wish w = s.about("tcp://im.test:443", how_deep);
      w.closed = *parse_place("10.0.0.3:8080");
      diagnosed d;
      s.begin(d, w);
      s.world.run_for(10s);
      ASSERT_TRUE(d.made);
      const auto& proxies = d.made->seen.proxies;
      ASSERT_EQ(proxies.size(), how_deep == depth::medium ? 1u : 0u);
      if (proxies.empty()) continue;
      EXPECT_EQ(proxies[0].accepted_closed_port, taken);
      EXPECT_EQ(proxies[0].failed, failure::none);
      const auto& said = d.made->verdicts;
      EXPECT_EQ(std::any_of(said.begin(), said.end(), [](const verdict& v) { return v.code == verdict_code::transparent_http_proxy; }), taken);
    }
  });
}

TEST(SdtSession, WhereEverythingIsFilteredNothingIsProven) {
  in_many(30, [](scene_of_session& s) {
    s.world.between(s.client, s.server).black_hole = true;
    s.world.between(s.client, s.other).black_hole = true;
    diagnosed d;
    const instant began = s.world.now();
    s.begin(d, s.about("10.0.0.2:443", depth::medium));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    for (const verdict& v : d.made->verdicts) EXPECT_NE(v.how, certainty::proven) << name_of(v.code);
    EXPECT_NE(d.made->headline().code, verdict_code::host_down) << "the control is silent too";
    EXPECT_LE(d.ended, began + 5050ms);
  });
}

// What was asked of a network that is gone says nothing about the one that is here.
TEST(SdtSession, AChangeOfTheNetworkBeginsAnewWithoutWhatWasSeenBefore) {
  in_many(30, [](scene_of_session& s) {
    s.listen(s.serving, "10.0.0.2", 443);
    s.world.between(s.client, s.server).black_hole = true;
    diagnosed d;
    s.begin(d, s.about("tcp://im.test:443"));
    s.world.run_for(std::chrono::milliseconds(1 + s.world.random() % 900));
    ASSERT_FALSE(d.made);
    s.world.between(s.client, s.server).black_hole = false;
    s.box.send([&s] { s.box.network.move("another"); });
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    EXPECT_EQ(name_of(d.made->headline().code), "healthy") << "the silence was the other network's: " << d.made->headline().detail;
    for (const connect_probe& c : d.made->seen.connects) EXPECT_EQ(c.failed, failure::none) << c.id << " " << c.to;
  });
}

TEST(SdtSession, AfterAChangeItHasOnlyTheTimeAndTheBytesThatAreLeft) {
  in_many(30, [](scene_of_session& s) {
    s.world.between(s.client, s.server).black_hole = true;
    s.world.between(s.client, s.other).black_hole = true;
    s.world.add_name("slow.test", {"10.0.0.2"}, 1min);
    wish w = s.about("tcp://slow.test:443", depth::medium);
    w.deadline = 2s;
    diagnosed undisturbed, d;
    s.begin(undisturbed, w);
    s.world.run_for(3s);
    ASSERT_TRUE(undisturbed.made);
    const instant began = s.world.now();
    s.begin(d, w);
    s.world.run_for(1200ms);
    s.box.send([&s] { s.box.network.move("another"); });
    s.world.run_for(3s);
    ASSERT_TRUE(d.made);
    EXPECT_LE(d.ended, began + 2020ms);
    EXPECT_GT(d.made->seen.about.sent, undisturbed.made->seen.about.sent) << "what was spent before counts";
  });
}

TEST(SdtSession, AThousandAreGivenUpAtAnyMomentAndLeaveNothing) {
  scene_of_session s(4711);
  s.listen(s.serving, "10.0.0.2", 443);
  for (int i = 0; i < 1000 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("number " + std::to_string(i));
    s.world.between(s.client, s.server).black_hole = s.world.random() % 3 == 0;
    diagnosed d;
    s.begin(d, s.about(i % 2 == 0 ? "tcp://im.test:443" : "10.0.0.2:443", i % 3 == 0 ? depth::medium : depth::light));
    s.world.run_for(std::chrono::microseconds(s.world.random() % 1'500'000));
    s.give_up(d);
    s.world.run_for(50ms);
    EXPECT_EQ(s.left(), "") << "within 50 ms";
  }
  s.world.between(s.client, s.server).black_hole = false;
  diagnosed last;
  s.begin(last, s.about("tcp://im.test:443"));
  s.world.run_for(6s);
  ASSERT_TRUE(last.made) << "and the next one runs";
  EXPECT_EQ(name_of(last.made->headline().code), "healthy");
}

TEST(SdtSession, TwoAtOnceDoNotDisturbEachOtherAndClocksMayJump) {
  in_many(30, [](scene_of_session& s) {
    s.listen(s.serving, "10.0.0.2", 443);
    diagnosed good, bad;
    s.begin(good, s.about("tcp://im.test:443"));
    s.begin(bad, s.about("tcp://im.test:444"));
    s.world.run_for(10ms);
    s.client.like().clock_ahead += 17520h;
    s.world.run_for(6s);
    ASSERT_TRUE(good.made && bad.made);
    EXPECT_EQ(name_of(good.made->headline().code), "healthy");
    EXPECT_EQ(name_of(bad.made->headline().code), "port_closed");
    EXPECT_LT(good.made->seen.about.ms, 5000);
  });
}

TEST(SdtSession, APassiveOneSendsNothingWhateverItIsAbout) {
  for (const std::string target : {"tcps://im.test:443", "10.0.0.2:443", "127.0.0.1:443", "http://localhost:8080/", "[::1]:443"}) {
    SCOPED_TRACE(target);
    scene_of_session s(1);
    diagnosed d;
    s.begin(d, s.about(target, depth::passive));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    EXPECT_EQ(d.made->seen.about.sent + d.made->seen.about.received, 0u);
    EXPECT_TRUE(d.made->seen.connects.empty());
    s.give_up(d);
    s.world.run_for(1ms);
    EXPECT_EQ(s.left(), "");
  }
}

// What the way to the target is held against: the way to a control that arrives.
TEST(SdtSession, WhereTheTargetIsSilentTheWayToAControlIsTracedToo) {
  in_many(5, [](scene_of_session& s) {
    s.world.between(s.client, s.server).black_hole = true;
    diagnosed d;
    s.begin(d, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    size_t of_control = 0;
    for (const trace_probe& t : d.made->seen.traces) of_control += t.role == probe_role::control && t.to == "10.0.0.3";
    EXPECT_EQ(of_control, 1u);
    EXPECT_EQ(name_of(d.made->headline().code), "host_down");
  });
}

// Hosts tell of few closed ports in a second, so what need not be asked is not waited for.
TEST(SdtSession, WhereTheTargetAnswersTheWayToAControlIsNotTraced) {
  in_many(5, [](scene_of_session& s) {
    diagnosed d;
    s.begin(d, s.about("tcp://im.test:443"));
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    EXPECT_EQ(name_of(d.made->headline().code), "port_closed");
    for (const trace_probe& t : d.made->seen.traces) EXPECT_EQ(t.role, probe_role::target) << t.to;
  });
}
