// tharsis.sdt/1 in simulated worlds, as another plugin uses it.
#include "plugins/sdt/service.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

struct told_report {
  tharsis_handle id;
  tharsis_status status;
  std::string code, target;
  instant at;
};

struct scene_of_service {
  explicit scene_of_service(uint64_t seed)
      : world(seed),
        client(world.add_machine("client", {"10.0.0.1"})),
        server(world.add_machine("server", {"10.0.0.2"})),
        box(client.platform(), "sdt"),
        names(std::in_place, *box.place, *box.own->net, box.tables().registry),
        work(std::in_place, box.tables(), *box.place, *names, quick()) {
    world.add_name("im.test", {"10.0.0.2"});
    box.on_publish = [this](const void* payload) { published.emplace_back(view(static_cast<const tharsis_sdt_report*>(payload)->code)); };
    box.send([this] {
      EXPECT_EQ(work->open(1, 0, nullptr), THARSIS_OK);
      table = work->table();
    });
    world.run_for(1ms);
  }
  static settings quick() {
    settings s;
    s.automatic.on = false;
    return s;
  }
  static void on_done(void* context, tharsis_handle id, const tharsis_sdt_report* r) {
    auto& s = *static_cast<scene_of_service*>(context);
    s.told.push_back({id, r->status, std::string(view(r->code)), std::string(view(r->target)), s.box.place->now()});
  }
  // What the call answered; `id` of the diagnosis.
  tharsis_status ask(const std::string& target, tharsis_handle* id = nullptr, uint32_t how = THARSIS_SDT_LIGHT) {
    tharsis_status status = THARSIS_E_INTERNAL;
    box.send([&, target] {
      tharsis_sdt_wish w{};
      w.size = sizeof w;
      w.depth = how;
      w.target = text_of(target);
      tharsis_handle own = 0;
      tharsis_error why = no_error();
      status = table->diagnose(table->self, &w, &on_done, this, &own, &why);
      if (status != THARSIS_OK) sentence = why.text;
      if (id != nullptr) *id = own;
    });
    world.run_for(1ms);
    return status;
  }
  std::string stop() {
    std::string left;
    box.send([&] {
      work->close();
      work.reset();
      names.reset();
    });
    world.run_for(100ms);
    box.send([&] { left = box.left_open(); });
    world.run_for(1ms);
    return left;
  }

  sim::world world;
  sim::machine& client;
  sim::machine& server;
  test::host_on_strand box;
  std::optional<resolver> names;
  std::optional<service> work;
  const tharsis_sdt* table = nullptr;
  std::vector<told_report> told;
  std::vector<std::string> published;
  std::string sentence;
};

}  // namespace

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
