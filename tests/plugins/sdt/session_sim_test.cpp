// Sessions in simulated worlds: what they find, that they end in time, and that giving one up leaves nothing.
#include "plugins/sdt/session.h"

#include <gtest/gtest.h>

#include "plugins/sdt/core/judge.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

struct diagnosed {
  std::unique_ptr<session> work;
  std::optional<task<void>> running;
  std::optional<report> made;
  instant ended{};
};

// One server and one other host that take connections, and a client that looks.
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

  void listen(test::host_on_strand& at, const std::string& ip, uint16_t port) {
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
  test::host_on_strand serving, controlling, box;
  std::optional<resolver> names;
  const trust nobody;
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

}  // namespace

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
