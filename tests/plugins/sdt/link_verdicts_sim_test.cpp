// What sdt.verdict tells of a link of stn, in simulated worlds; the test plays stn.
#include "sdk/abi/stn_links.h"
#include "tests/plugins/sdt/service_scene.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

struct heard_verdict {
  uint32_t code;
  std::string verdict, headline, evidence;
  instant at;
};

struct scene_of_link : sdt::test::scene_of_service {
  explicit scene_of_link(uint64_t seed, const settings& how = {}) : scene_of_service(seed, how, {0, 0, 1}) {
    sim::path& path = world.between(client, server);
    path.delay = std::chrono::milliseconds(1 + world.random() % 80);
    path.jitter = std::chrono::milliseconds(world.random() % 20);
    box.on_publish = [this](const void* payload) {
      const auto& v = *static_cast<const tharsis_sdt_verdict*>(payload);
      heard.push_back({v.code, std::string(view(v.verdict)), std::string(view(v.headline)), std::string(view(v.evidence)), box.place->now()});
    };
  }
  void link(uint32_t state, tharsis_status status = THARSIS_OK, std::string endpoint = "tcp://im.test:443", uint32_t why = 0, std::string met = "stn met this") {
    box.send([this, state, status, endpoint, why, met] {
      const std::string reason = status == THARSIS_OK ? "" : met;
      const tharsis_stn_link l{text_of("main"), state, status, text_of(endpoint), text_of("10.0.0.2:443"), text_of(reason), 1, 0, 0, why, 0, {}};
      box.deliver(THARSIS_STN_LINK_TOPIC, &l);
    });
    world.run_for(1ms);
  }
  void pong() {
    box.send([this] {
      const tharsis_stn_pong told{text_of("main"), text_of("10.0.0.2:443"), 20'000'000};
      box.deliver(THARSIS_STN_PONG_TOPIC, &told);
    });
    world.run_for(1ms);
  }

  std::vector<heard_verdict> heard;
};

// The same scene under many seeds: its own delays, its own order of what is ready.
template <class F>
void in_every_world(F play) {
  for (uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_link s(seed);
    play(s);
    EXPECT_EQ(s.stop(), "");
  }
}

}  // namespace

TEST(LinkVerdicts, AClosedPortIsToldWithinASecondAndItsEndToo) {
  in_every_world([](scene_of_link& s) {
    s.link(THARSIS_STN_UP);
    const instant failed = s.world.now();
    s.link(THARSIS_STN_DOWN, THARSIS_E_RESET);
    s.world.run_for(5s);
    ASSERT_EQ(s.heard.size(), 1u);
    EXPECT_EQ(s.heard[0].verdict, "port_closed");
    EXPECT_EQ(s.heard[0].code, uint32_t{THARSIS_SDT_REFUSED});
    EXPECT_NE(s.heard[0].headline.find("nothing listens on port 443"), std::string::npos) << s.heard[0].headline;
    EXPECT_NE(s.heard[0].evidence.find("stn: stn met this; "), std::string::npos) << s.heard[0].evidence;
    EXPECT_LE(s.heard[0].at, failed + 1s);
    s.link(THARSIS_STN_CONNECTING);
    s.link(THARSIS_STN_UP);
    s.link(THARSIS_STN_UP);
    s.world.run_for(5s);
    ASSERT_EQ(s.heard.size(), 2u);
    EXPECT_EQ(s.heard[1].code, uint32_t{THARSIS_SDT_FINE});
    EXPECT_NE(s.heard[1].headline.find("im.test:443 answers again after 5."), std::string::npos) << s.heard[1].headline;
  });
}

TEST(LinkVerdicts, AnOutageThatIsOverBeforeItsDiagnosisIsToldWithItsEnd) {
  in_every_world([](scene_of_link& s) {
    s.link(THARSIS_STN_UP);
    s.link(THARSIS_STN_DOWN, THARSIS_E_RESET);
    s.link(THARSIS_STN_UP);
    s.world.run_for(5s);
    ASSERT_EQ(s.heard.size(), 2u);
    EXPECT_EQ(s.heard[0].verdict, "port_closed");
    EXPECT_EQ(s.heard[1].verdict, "healthy");
  });
}

TEST(LinkVerdicts, ALinkThatConnectsForEverIsLookedAt) {
  in_every_world([](scene_of_link& s) {
    s.world.between(s.client, s.server).black_hole = true;
    s.link(THARSIS_STN_CONNECTING);
    s.world.run_for(20s);
    ASSERT_EQ(s.heard.size(), 1u);
    EXPECT_NE(s.heard[0].code, uint32_t{THARSIS_SDT_FINE});
    EXPECT_NE(s.heard[0].headline.find("im.test"), std::string::npos) << s.heard[0].headline;
  });
}

TEST(LinkVerdicts, ALinkThatWasToldToStopIsNoFault) {
  in_every_world([](scene_of_link& s) {
    s.link(THARSIS_STN_UP);
    s.link(THARSIS_STN_DOWN, THARSIS_E_CANCELLED);
    s.world.run_for(20s);
    EXPECT_TRUE(s.heard.empty());
  });
}

// Goal: a flapping link costs little, and stopping at any moment leaves nothing open. Method: a link
// that fails every few milliseconds against a black hole, so that a diagnosis is always under way.
TEST(LinkVerdicts, AFlappingLinkCostsFewDiagnosesAndStoppingInTheMiddleLeavesNothing) {
  in_every_world([](scene_of_link& s) {
    s.world.between(s.client, s.server).black_hole = true;
    const int flaps = 1 + static_cast<int>(s.world.random() % 300);
    for (int i = 0; i < flaps; ++i) {
      s.link(THARSIS_STN_CONNECTING);
      s.link(i % 7 == 0 ? THARSIS_STN_UP : THARSIS_STN_DOWN, i % 7 == 0 ? THARSIS_OK : THARSIS_E_RESET);
      s.world.run_for(std::chrono::milliseconds(s.world.random() % 300));
    }
    EXPECT_LE(s.heard.size(), 2u * 3) << "a burst of 3, and the end of each";
  });
}

// A portal's address tells who asks it for a login, and everybody on the bus hears the evidence.
TEST(SdtLinkVerdicts, EvidenceKeepsPrivateWordsToItself) {
  scene_of_link s(1);
  s.box.send([&s] {
    link_verdicts told(s.box.tables());
    told.open(1);
    const tharsis_stn_link down{text_of("main"), THARSIS_STN_DOWN, THARSIS_E_TIMEOUT, text_of("tcp://im.test:443"), text_of(""), text_of("no answer"), 1, 0, 0, 0, 0, {}};
    told.on_link(down, s.box.place->now());
    report r;
    r.seen.about.target = "tcp://im.test:443";
    r.seen.about.host = "im.test";
    verdict v;
    v.code = verdict_code::captive_portal;
    v.sentence = "im.test: a login is asked for";
    v.detail = "http://canary.test/ -> 302 http://login.test/smith?mac=00:1b:44:11:3a:b7";
    r.verdicts = {v};
    told.on_report(r, THARSIS_SDT_LINK_FAILED, 1s);
  });
  s.world.run_for(1ms);
  ASSERT_EQ(s.heard.size(), 1u);
  EXPECT_EQ(s.heard[0].evidence, "stn: no answer; http://canary.test/ -> 302 http://login.test/...");
  EXPECT_EQ(s.stop(), "");
}

// Goal: what no probe can try, for it is stn's own (pins, authorities, codec, hello), is told with stn's word for it. Method: the server takes
// connections, and the test plays a stn that fails nevertheless.
TEST(LinkVerdicts, WhatStnAloneHasMetIsToldWithItsWord) {
  struct met {
    uint32_t why;
    tharsis_status status;
    const char *said, *verdict;
    uint32_t code;
  };
  constexpr met all[] = {
      {THARSIS_STN_WHY_TLS_CERTIFICATE, THARSIS_E_UNTRUSTED, "the certificate of im.test is trusted, but neither its key nor one of its issuers' is pinned (tls.pins); if", "tls_pin_mismatch", THARSIS_SDT_UNTRUSTED},
      {THARSIS_STN_WHY_TLS_CERTIFICATE, THARSIS_E_UNTRUSTED, "the certificate of im.test was issued by 'CN=x', which is not trusted", "tls_unknown_ca", THARSIS_SDT_UNTRUSTED},
      {THARSIS_STN_WHY_HELLO_REFUSED, THARSIS_E_DENIED, "the server refused the hello of user 'a' with code 7", "link_refused", THARSIS_SDT_REFUSED},
      {THARSIS_STN_WHY_UNPROVED, THARSIS_E_DENIED, "the server refused a request that came right behind the hello", "link_refused", THARSIS_SDT_REFUSED},
      {THARSIS_STN_WHY_AUTH_REFUSED, THARSIS_E_DENIED, "the sign-in was refused", "link_refused", THARSIS_SDT_REFUSED},
      {THARSIS_STN_WHY_DECODE, THARSIS_E_PROTOCOL, "the server's answer to the hello means nothing", "wrong_reply", THARSIS_SDT_PROTOCOL},
      {THARSIS_STN_WHY_CODEC, THARSIS_E_GONE, "the codec was taken back", "link_misconfigured", THARSIS_SDT_UNCLEAR}};
  for (const met& m : all) {
    SCOPED_TRACE(m.said);
    in_every_world([&](scene_of_link& s) {
      s.listen(443);
      s.link(THARSIS_STN_DOWN, m.status, "tcp://im.test:443", m.why, m.said);
      s.link(THARSIS_STN_CONNECTING);
      s.world.run_for(5s);
      ASSERT_EQ(s.heard.size(), 1u);
      EXPECT_EQ(s.heard[0].verdict, m.verdict) << s.heard[0].headline;
      EXPECT_EQ(s.heard[0].code, m.code);
      EXPECT_NE(s.heard[0].evidence.find("stn, link main: "), std::string::npos) << s.heard[0].evidence;
    });
  }
}

// Once may be an accident; again and again, at a server that takes connections, it is the server that does not answer.
TEST(LinkVerdicts, AHelloThatIsNotAnsweredIsToldAtItsRepeats) {
  in_every_world([](scene_of_link& s) {
    s.world.between(s.client, s.server).jitter = {};  // Delays that jump make TCP send segments again, which looks like loss.
    s.listen(443);
    const auto fail = [&s] {
      s.link(THARSIS_STN_CONNECTING);
      s.link(THARSIS_STN_DOWN, THARSIS_E_TIMEOUT, "tcp://im.test:443", THARSIS_STN_WHY_UNPROVED, "the hello was not answered within 10 s");
      s.world.run_for(5s);
    };
    fail();
    EXPECT_TRUE(s.heard.empty());
    fail(), fail();
    ASSERT_EQ(s.heard.size(), 1u);
    EXPECT_EQ(s.heard[0].verdict, "service_slow_accept") << s.heard[0].headline;
    EXPECT_NE(s.heard[0].evidence.find("the hello was not answered"), std::string::npos) << s.heard[0].evidence;
  });
}

// Without a hello a link is up as soon as somebody takes the connection, also one who says nothing any more.
TEST(LinkVerdicts, AServerThatFellSilentIsToldAtItsRepeatsUntilItAnswers) {
  in_every_world([](scene_of_link& s) {
    s.world.between(s.client, s.server).jitter = {};
    s.listen(443);
    const auto fall_silent = [&s] {
      s.link(THARSIS_STN_DOWN, THARSIS_E_TIMEOUT, "tcp://im.test:443", THARSIS_STN_WHY_SILENCE, "nothing came for 8 s");
      s.link(THARSIS_STN_CONNECTING);
      s.link(THARSIS_STN_UP);
      s.world.run_for(25s);
    };
    s.link(THARSIS_STN_UP);
    fall_silent();
    EXPECT_TRUE(s.heard.empty()) << "once may be a NAT that forgot";
    fall_silent(), fall_silent();
    ASSERT_EQ(s.heard.size(), 1u);
    EXPECT_EQ(s.heard[0].verdict, "service_slow_accept") << s.heard[0].headline;
    EXPECT_NE(s.heard[0].evidence.find("nothing came"), std::string::npos) << s.heard[0].evidence;
    s.pong();
    ASSERT_EQ(s.heard.size(), 2u);
    EXPECT_EQ(s.heard[1].code, uint32_t{THARSIS_SDT_FINE});
    fall_silent();
    EXPECT_EQ(s.heard.size(), 2u) << "it is counted anew";
  });
}

TEST(LinkVerdicts, WhatStnMetBeforeItCameUpIsOver) {
  in_every_world([](scene_of_link& s) {
    s.listen(443);
    s.link(THARSIS_STN_DOWN, THARSIS_E_DENIED, "tcp://im.test:443", THARSIS_STN_WHY_HELLO_REFUSED);
    s.world.run_for(5s);
    s.link(THARSIS_STN_UP);
    ASSERT_EQ(s.heard.size(), 2u);
    EXPECT_EQ(s.heard[1].code, uint32_t{THARSIS_SDT_FINE});
    ASSERT_EQ(s.ask("tcp://im.test:443"), THARSIS_OK);
    s.world.run_for(5s);
    ASSERT_EQ(s.told.size(), 1u);
    EXPECT_EQ(s.told[0].code, "healthy");
  });
}

// A reset in the handshake, a name without address: there the probes see more than stn does.
TEST(LinkVerdicts, WhatProbesMeetAsWellIsTheirsToJudge) {
  in_every_world([](scene_of_link& s) {
    s.link(THARSIS_STN_DOWN, THARSIS_E_REFUSED, "tcp://im.test:443", THARSIS_STN_WHY_REFUSED);
    s.world.run_for(5s);
    ASSERT_EQ(s.heard.size(), 1u);
    EXPECT_EQ(s.heard[0].verdict, "port_closed");
  });
}

TEST(LinkVerdicts, WhoWantsNoDiagnosesByThemselvesIsToldOfThoseHeAsksFor) {
  for (uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_link s(seed, sdt::test::scene_of_service::quick());
    s.link(THARSIS_STN_UP);
    s.link(THARSIS_STN_DOWN, THARSIS_E_RESET);
    s.world.run_for(30s);
    EXPECT_TRUE(s.heard.empty()) << "none begins by itself";
    ASSERT_EQ(s.ask("tcp://im.test:443"), THARSIS_OK);
    s.world.run_for(10s);
    ASSERT_EQ(s.heard.size(), 1u);
    EXPECT_EQ(s.heard[0].verdict, "port_closed");
    EXPECT_NE(s.heard[0].evidence.find("stn: stn met this; "), std::string::npos) << s.heard[0].evidence;
    ASSERT_EQ(s.told.size(), 1u);
    EXPECT_NE(s.told[0].json.find("live:main"), std::string::npos) << "what the link tells is in the report";
    EXPECT_EQ(s.stop(), "");
  }
}
