// tharsis.sdt/1 in a simulated world, as another plugin uses it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/sdt/service.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

namespace tharsis::sdt::test {

struct told_report {
  tharsis_handle id;
  tharsis_status status;
  std::string code, target, json;
  instant at;
};

struct scene_of_service {
  explicit scene_of_service(uint64_t seed, const settings& s = quick(), service::topics told_on = {1, 0, 0})
      : world(seed),
        client(world.add_machine("client", {"10.0.0.1"})),
        server(world.add_machine("server", {"10.0.0.2"})),
        serving(server.platform(), "server"),
        box(client.platform(), "sdt"),
        names(std::in_place, *box.place, *box.own->net, box.tables().registry),
        work(std::in_place, box.tables(), *box.place, *names, s) {
    world.add_name("im.test", {"10.0.0.2"});
    if (told_on.report != 0) box.on_publish = [this](const void* payload) { published.emplace_back(view(static_cast<const tharsis_sdt_report*>(payload)->code)); };
    box.send([this, told_on] {
      EXPECT_EQ(work->open(told_on, nullptr), THARSIS_OK);
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
    s.told.push_back({id, r->status, std::string(view(r->code)), std::string(view(r->target)), std::string(view(r->json)), s.box.place->now()});
  }
  // The server takes connections, and lets them be.
  void listen(uint16_t port) {
    serving.send([this, port] {
      const auto nothing = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
      auto on = *parse_ip("10.0.0.2");
      on.port = port;
      tharsis_handle listener = 0;
      const tharsis_net& net = *serving.own->net;
      EXPECT_EQ(net.listen(net.self, &on, nothing, nullptr, &listener, nullptr), THARSIS_OK);
    });
    world.run_for(1ms);
  }
  // What the call answered; `id` of the diagnosis.
  tharsis_status ask(const std::string& target, tharsis_handle* id = nullptr, uint32_t how = THARSIS_SDT_LIGHT, uint64_t budget = 0) {
    tharsis_status status = THARSIS_E_INTERNAL;
    box.send([&, target, budget] {
      tharsis_sdt_wish w{};
      w.size = sizeof w;
      w.depth = how;
      w.budget = budget;
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
  tharsis::test::host_on_strand serving, box;
  std::optional<resolver> names;
  std::optional<service> work;
  const tharsis_sdt* table = nullptr;
  std::vector<told_report> told;
  std::vector<std::string> published;
  std::string sentence;
};

}  // namespace tharsis::sdt::test
