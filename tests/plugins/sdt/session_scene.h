// One server and one other host that take connections, and a client that looks, in a simulated world.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/session.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

namespace tharsis::sdt::test {

struct diagnosed {
  std::unique_ptr<session> work;
  std::optional<task<void>> running;
  std::optional<report> made;
  instant ended{};
};

struct scene_of_session {
  explicit scene_of_session(uint64_t seed)
      : world(seed),
        client(world.add_machine("client", {"10.0.0.1"})),
        server(world.add_machine("server", {"10.0.0.2"})),
        other(world.add_machine("other", {"10.0.0.3"})),
        serving(server.platform(), "server"),
        controlling(other.platform(), "other"),
        box(client.platform(), "sdt"),
        names(std::in_place, *box.place, *box.own->net, box.tables().registry) {
    world.add_name("im.test", {"10.0.0.2"});
    world.between(client, server).delay = std::chrono::milliseconds(1 + world.random() % 60);
    world.between(client, other).delay = std::chrono::milliseconds(1 + world.random() % 60);
    listen(controlling, "10.0.0.3", 443);
  }

  void listen(tharsis::test::host_on_strand& at, const std::string& ip, uint16_t port) {
    at.send([&at, ip, port] {
      // Takes whoever comes, and lets them be.
      const auto take = [](void* context, tharsis_handle waiting, uint32_t, tharsis_status) {
        const tharsis_net& net = *static_cast<const tharsis_net*>(context);
        const auto nothing = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
        for (tharsis_handle taken = 0; net.accept(net.self, waiting, nothing, nullptr, &taken, nullptr) == THARSIS_OK;) continue;
      };
      auto on = *parse_ip(ip);
      on.port = port;
      tharsis_handle listener = 0;
      const tharsis_net& net = *at.own->net;
      EXPECT_EQ(net.listen(net.self, &on, take, const_cast<tharsis_net*>(&net), &listener, nullptr), THARSIS_OK);
      tharsis_handle none = 0;
      EXPECT_EQ(net.accept(net.self, listener, take, nullptr, &none, nullptr), THARSIS_PENDING);
    });
    world.run_for(1ms);
  }
  wish about(const std::string& target, depth how_deep = depth::light) {
    wish w;
    w.at = *parse_aim(target);
    w.how_deep = how_deep;
    auto control = *parse_ip("10.0.0.3");
    control.port = 443;
    w.controls.push_back(control);
    return w;
  }
  static task<void> wait_for(diagnosed* d, strand* place) {
    observations seen = co_await d->work->run();
    d->made.emplace(judge(std::move(seen)));
    d->ended = place->now();
  }
  void begin(diagnosed& d, wish w) {
    box.send([this, &d, w = std::move(w)] {
      d.work = std::make_unique<session>(box.tables(), *box.place, *names, nobody, w);
      d.running.emplace(wait_for(&d, &*box.place)).start(*box.place);
    });
  }
  void give_up(diagnosed& d) {
    box.send([&d] {
      d.running.reset();
      d.work.reset();
    });
  }
  std::string left() {
    std::string text;
    box.send([&] { text = box.left_open(); });
    world.run_for(1ms);
    return text;
  }

  sim::world world;
  sim::machine& client;
  sim::machine& server;
  sim::machine& other;
  tharsis::test::host_on_strand serving, controlling, box;
  std::optional<resolver> names;
  const trust nobody;  // No certificate is trusted, so that no TLS is spoken.
};

template <class F>
void in_many(uint64_t seeds, F play) {
  for (uint64_t seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene_of_session s(seed);
    play(s);
    EXPECT_EQ(s.left(), "");
  }
}

}  // namespace tharsis::sdt::test
