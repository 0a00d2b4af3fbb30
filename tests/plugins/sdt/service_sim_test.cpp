// tharsis.sdt/1 in simulated worlds, as another plugin uses it.
#include "sdk/abi/stn_heal.h"
#include "tests/plugins/sdt/service_scene.h"

using namespace tharsis;
using namespace tharsis::sdt;
using namespace tharsis::sdt::test;

TEST(SdtService, EachDiagnosisIsAnsweredOnceAndToldOnTheBus) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_service s(seed);
    tharsis_handle first = 0, second = 0;
    ASSERT_EQ(s.ask("tcp://im.test:443", &first), THARSIS_OK);
    ASSERT_EQ(s.ask("10.0.0.2:444", &second), THARSIS_OK);
    EXPECT_NE(first, second);
    s.world.run_for(10s);
    ASSERT_EQ(s.told.size(), 2u);
    for (const told_report& t : s.told) {
      EXPECT_EQ(t.status, THARSIS_OK);
      EXPECT_EQ(t.code, "port_closed") << t.target;
    }
    EXPECT_EQ(s.published.size(), 2u);
    EXPECT_EQ(s.stop(), "");
  }
}

TEST(SdtService, OneThatIsGivenUpIsToldSoWithin50Milliseconds) {
  for (uint64_t seed = 1; seed <= 100 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_service s(seed);
    s.world.between(s.client, s.server).black_hole = true;
    tharsis_handle id = 0;
    ASSERT_EQ(s.ask("tcp://im.test:443", &id), THARSIS_OK);
    s.world.run_for(std::chrono::microseconds(s.world.random() % 1'000'000));
    const instant wished = s.world.now();
    s.box.send([&] { s.table->cancel(s.table->self, id); });
    s.world.run_for(50ms);
    ASSERT_EQ(s.told.size(), 1u);
    EXPECT_EQ(s.told[0].status, THARSIS_E_CANCELLED);
    EXPECT_LE(s.told[0].at, wished + 50ms);
    s.box.send([&] { s.table->cancel(s.table->self, id); });
    s.world.run_for(10s);
    EXPECT_EQ(s.told.size(), 1u) << "once";
    EXPECT_EQ(s.stop(), "");
  }
}

TEST(SdtService, WhatMeansNothingOrIsTooMuchIsRefusedWithASentence) {
  scene_of_service s(1);
  EXPECT_EQ(s.ask("foo bar"), THARSIS_E_INVALID);
  EXPECT_NE(s.sentence.find("is no target"), std::string::npos) << s.sentence;
  EXPECT_EQ(s.ask("tcp://im.test:443", nullptr, 9), THARSIS_E_INVALID);
  s.world.between(s.client, s.server).black_hole = true;
  for (int i = 0; i < 8; ++i) EXPECT_EQ(s.ask("tcp://im.test:443"), THARSIS_OK);
  EXPECT_EQ(s.ask("tcp://im.test:443"), THARSIS_E_BUSY);
  EXPECT_EQ(s.stop(), "");
  EXPECT_EQ(s.told.size(), 8u) << "stopping answers all";
  for (const told_report& t : s.told) EXPECT_EQ(t.status, THARSIS_E_CANCELLED);
}

// A third of one or two bytes is none, and a budget of none would be any number.
TEST(SdtService, AMeteredNetworkLeavesAThirdOfABudgetAndNeverMakesItEndless) {
  for (const auto& [budget, left] : {std::pair<uint64_t, uint64_t>{1, 1}, {2, 1}, {3, 1}, {299, 99}, {30'000, 10'000}}) {
    SCOPED_TRACE("budget " + std::to_string(budget));
    scene_of_service s(budget);
    s.box.send([&s] {
      s.box.network.metered = 1;
      s.box.network.tell();
    });
    ASSERT_EQ(s.ask("tcp://im.test:443", nullptr, THARSIS_SDT_LIGHT, budget), THARSIS_OK);
    s.world.run_for(10s);
    ASSERT_EQ(s.told.size(), 1u);
    EXPECT_NE(s.told[0].json.find("\"budget\":" + std::to_string(left) + "}"), std::string::npos) << s.told[0].json;
    EXPECT_EQ(s.told[0].code == "port_closed", left >= 10'000) << s.told[0].code;
    EXPECT_EQ(s.stop(), "");
  }
}

TEST(SdtService, UnderLoadItMayTakeWhatThatTakes) {
  for (const auto& [asked, left] : {std::pair<uint64_t, uint64_t>{0, 20'000'000}, {30'000, 30'000}}) {
    scene_of_service s(left);
    ASSERT_EQ(s.ask("tcp://im.test:443", nullptr, THARSIS_SDT_HEAVY, asked), THARSIS_OK);
    s.world.run_for(20s);
    ASSERT_EQ(s.told.size(), 1u);
    EXPECT_NE(s.told[0].json.find("\"budget\":" + std::to_string(left) + "}"), std::string::npos) << s.told[0].json;
    EXPECT_EQ(s.stop(), "");
  }
}

// While the host has no thread free to read them, nobody is trusted; that is no reason to trust nobody for ever.
TEST(SdtService, CertificatesThatCouldNotBeReadAreReadAgain) {
  scene_of_service s(1);
  s.listen(443);
  s.client.like().blocking_slow = 1s;
  s.box.send([&s] {
    const auto nothing = [](void*) {};
    const auto woken = [](void*, tharsis_handle) {};
    const tharsis_loop& loop = *s.box.own->loop;
    while (loop.run_blocking(loop.self, nothing, woken, nullptr, 0) == THARSIS_OK) continue;
  });
  std::string why[2];
  for (std::string& one : why) {
    s.told.clear();
    ASSERT_EQ(s.ask("tcps://im.test:443"), THARSIS_OK);
    s.world.run_for(10s);
    ASSERT_EQ(s.told.size(), 1u);
    one = s.told[0].json;
  }
  EXPECT_NE(why[0].find("too much blocking work waits"), std::string::npos) << why[0];
  EXPECT_NE(why[1].find("no machine is underneath"), std::string::npos) << why[1];
  EXPECT_EQ(s.stop(), "");
}

// Goal: who asks while sdt stops is answered once or refused, never forgotten. Method: another strand asks at moments around the stop;
// what it was promised is counted.
// The machine keeps its list where it should have been written anew.
TEST(SdtService, AResolverOfAnEarlierNetworkIsKnownAgain) {
  scene_of_service s(7);
  s.box.network.eyes = s.client.platform()->observer;
  sim::attachment at{.network = "home", .addresses = {"10.0.0.1"}, .name_servers = {"10.9.0.53"}};
  const auto join = [&](const std::string& network, const std::string& address) {
    at.network = network;
    at.addresses = {address};
    s.client.switch_network(at);
    s.box.send([&s, network] { s.box.network.move("sim0", network); });
  };
  const auto told_of_older = [&] {
    const size_t before = s.told.size();
    EXPECT_EQ(s.ask("tcp://im.test:443"), THARSIS_OK) << s.sentence;
    s.world.run_for(6s);
    if (s.told.size() == before) return std::string("no answer");
    return std::string(s.told.back().json.find("\"from_older_network\":true") != std::string::npos ? "older" : "of here");
  };
  join("home", "10.9.0.7");
  s.world.run_for(10s);
  EXPECT_EQ(told_of_older(), "of here");
  join("cafe", "10.8.0.7");
  s.world.run_for(10ms);
  EXPECT_EQ(told_of_older(), "older");
  join("home", "10.9.0.7");
  s.world.run_for(10ms);
  EXPECT_EQ(told_of_older(), "of here") << "back again";
  EXPECT_EQ(s.stop(), "");
}

TEST(SdtService, WhoAsksWhileItStopsIsAnsweredOnceOrRefused) {
  for (uint64_t seed = 1; seed <= 100 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_service s(seed);
    tharsis::test::host_on_strand asker(s.client.platform(), "asker");
    size_t accepted = 0, refused = 0, answered = 0;
    const auto done = [](void* context, tharsis_handle, const tharsis_sdt_report* r) {
      ++*static_cast<size_t*>(context);
      EXPECT_EQ(r->status, THARSIS_E_CANCELLED);
    };
    const auto wish_for_one = [&] {
      tharsis_sdt_wish w{};
      w.size = sizeof w;
      w.depth = THARSIS_SDT_LIGHT;
      w.target = text_of("10.0.0.2:443");
      tharsis_handle id = 0;
      tharsis_error why = no_error();
      const tharsis_status status = s.table->diagnose(s.table->self, &w, done, &answered, &id, &why);
      ++(status == THARSIS_OK ? accepted : refused);
      EXPECT_TRUE(status == THARSIS_OK || status == THARSIS_E_GONE) << why.text;
    };
    const uint64_t asked_first = s.world.random() % 4;
    for (uint64_t i = 0; i < asked_first; ++i) asker.send(wish_for_one);
    s.box.send([&s] { s.work->close(); });
    for (uint64_t i = asked_first; i < 4; ++i) asker.send(wish_for_one);
    s.world.run_for(100ms);
    EXPECT_EQ(accepted + refused, 4u);
    EXPECT_EQ(answered, accepted) << "each that was accepted is answered";
    EXPECT_EQ(s.stop(), "");
  }
}

namespace {

// stn, as far as it takes remedies.
struct healed_stn {
  healed_stn() {
    table.size = sizeof table;
    table.self = this;
    table.apply = [](void* self, const tharsis_stn_remedy* r, tharsis_handle* id, tharsis_error*) {
      auto& s = *static_cast<healed_stn*>(self);
      s.applied.push_back(std::to_string(r->what) + " " + ip_text(r->address));
      return *id = s.applied.size(), tharsis_status{THARSIS_OK};
    };
    table.undo = [](void* self, tharsis_handle id) { static_cast<healed_stn*>(self)->undone.push_back(id); };
  }
  tharsis_stn_heal table{};
  std::vector<std::string> applied;
  std::vector<tharsis_handle> undone;
};

}  // namespace

// Goal: one of a name's addresses that is dead is tried last while it is, though nothing is broken. Method: from the packets to stn's table,
// through a light diagnosis, a recheck and its end.
TEST(SdtService, ADeadAddressBesideOneThatWorksIsKeptOffUntilItAnswers) {
  for (uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    settings how = scene_of_service::quick();
    how.heal.policy = heal_policy::act;
    how.heal.recheck = 20s;
    scene_of_service s(seed, how);
    healed_stn stn;
    s.box.services[THARSIS_STN_HEAL_ID] = &stn.table;
    sim::machine& other = s.world.add_machine("other", {"10.0.0.3"});
    s.world.add_name("im.test", {"10.0.0.2", "10.0.0.3"});
    s.world.between(s.client, other).black_hole = true;
    s.listen(443);
    ASSERT_EQ(s.ask("tcp://im.test:443"), THARSIS_OK);
    s.world.run_for(10s);
    ASSERT_EQ(s.told.size(), 1u);
    EXPECT_EQ(s.told[0].code, "healthy");
    const std::string kept_off = std::to_string(THARSIS_STN_HEAL_ADDRESS) + " 10.0.0.3";
    EXPECT_EQ(stn.applied, std::vector<std::string>{kept_off}) << s.told[0].json;
    s.world.run_for(how.heal.recheck);
    EXPECT_EQ(stn.applied, (std::vector<std::string>{kept_off, kept_off})) << "its cause was seen again";
    EXPECT_TRUE(stn.undone.empty());
    s.world.between(s.client, other).black_hole = false;
    s.world.run_for(how.heal.recheck);
    EXPECT_EQ(stn.undone, std::vector<tharsis_handle>{2});
    EXPECT_EQ(s.stop(), "");
  }
}

namespace {

// stn's table, for touch() alone, with one link that is up.
struct scene_of_link {
  explicit scene_of_link(uint64_t seed) : scene(seed, settings()) {
    stn.size = sizeof stn;
    stn.self = this;
    stn.touch = [](void* self, tharsis_text link) { static_cast<scene_of_link*>(self)->touched.emplace_back(view(link)); };
    scene.box.services[THARSIS_STN_ID] = &stn;
    scene.listen(443);
    scene.box.send([this] {
      for (const char* name : {"main", "elsewhere"}) {
        const bool here = std::string_view(name) == "main";
        const tharsis_stn_link up{text_of(name), THARSIS_STN_UP, THARSIS_OK, text_of(here ? "tcp://im.test:443" : "tcp://other.test:443"), {}, {}, 1, 0, 0, 0, 0, {}};
        scene.box.deliver(THARSIS_STN_LINK_TOPIC, &up);
      }
    });
    scene.world.run_for(1ms);
  }
  void pong(const char* link) {
    scene.box.send([this, link] {
      const tharsis_stn_pong told{text_of(link), text_of("10.0.0.2:443"), 20'000'000};
      scene.box.deliver(THARSIS_STN_PONG_TOPIC, &told);
    });
    scene.world.run_for(1ms);
  }
  // The noop as the report tells it; empty: there is none.
  std::string noop() const {
    const std::string& json = scene.told.at(0).json;
    const size_t at = json.find("\"kind\":\"noop\"");
    return at == std::string::npos ? "" : json.substr(at, json.find('}', at) - at);
  }

  tharsis_stn stn{};
  std::vector<std::string> touched;
  scene_of_service scene;
};

}  // namespace

TEST(SdtNoop, ALinkThatAnswersProvesTheTargetWell) {
  for (uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_link s(seed);
    ASSERT_EQ(s.scene.ask("tcp://im.test:443"), THARSIS_OK);
    s.scene.world.run_for(std::chrono::milliseconds(20 + s.scene.world.random() % 200));
    EXPECT_EQ(s.touched, std::vector<std::string>{"main"}) << "the other leads elsewhere";
    s.pong("elsewhere");
    s.pong("main");
    s.pong("main");
    s.scene.world.run_for(10s);
    ASSERT_EQ(s.scene.told.size(), 1u);
    EXPECT_EQ(s.scene.told[0].code, "healthy");
    EXPECT_NE(s.noop().find("\"answered\":true"), std::string::npos) << s.scene.told[0].json;
    EXPECT_NE(s.scene.told[0].json.find("\"proven\""), std::string::npos);
    EXPECT_EQ(s.scene.stop(), "");
  }
}

TEST(SdtNoop, OneThatIsSilentAccusesNobodyAndIsNotWaitedForLong) {
  for (uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_link s(seed);
    const instant asked = s.scene.world.now();
    ASSERT_EQ(s.scene.ask("tcp://im.test:443"), THARSIS_OK);
    s.scene.world.run_for(10s);
    s.pong("main");  // Too late, and nobody waits for it.
    ASSERT_EQ(s.scene.told.size(), 1u);
    EXPECT_EQ(s.scene.told[0].code, "healthy");
    EXPECT_NE(s.noop().find("\"answered\":false"), std::string::npos) << s.scene.told[0].json;
    EXPECT_EQ(s.scene.told[0].json.find("\"proven\""), std::string::npos) << "the connection alone proves less";
    EXPECT_LE(s.scene.told[0].at - asked, 4s);
    EXPECT_EQ(s.scene.stop(), "");
  }
}

TEST(SdtNoop, APassiveLookAsksNoLink) {
  scene_of_link s(1);
  ASSERT_EQ(s.scene.ask("tcp://im.test:443", nullptr, THARSIS_SDT_PASSIVE), THARSIS_OK);
  s.scene.world.run_for(10s);
  EXPECT_TRUE(s.touched.empty());
  EXPECT_EQ(s.scene.stop(), "");
}
