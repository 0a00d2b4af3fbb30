// Goal: a burst of signalling keeps the radio awake, to where the link is, for as long as it was asked for.
#include "tests/plugins/stn/dial_world.h"

using namespace tharsis;
using test::dial_world;
using test::link_world;
using way = stn::signalling_settings::way;

namespace {

// Who hears the datagrams that come to one machine.
class listener {
 public:
  listener(sim::world& w, sim::machine& m, const std::string& ip) : here_(w, m, "listener") {
    here_.on_strand([&] {
      const tharsis_net& net = *here_.home->net;
      const tharsis_address on = dial_world::at(ip);
      tharsis_error why = no_error();
      ASSERT_EQ(net.datagram(net.self, &on, on_event, this, &socket_, &why), THARSIS_OK) << why.text;
      drain();
    });
  }
  ~listener() {
    here_.on_strand([&] { here_.home->close(here_.home->self); });
  }
  std::vector<std::vector<uint8_t>> heard;
  std::vector<instant> at;

 private:
  static void on_event(void* self, tharsis_handle, uint32_t, tharsis_status) { static_cast<listener*>(self)->drain(); }
  void drain() {
    const tharsis_net& net = *here_.home->net;
    uint8_t bytes[2000];
    size_t count = 0;
    tharsis_address from{};
    while (net.receive(net.self, socket_, bytes, sizeof bytes, &count, &from) == THARSIS_OK) {
      heard.emplace_back(bytes, bytes + count);
      at.push_back(here_.place->now());
    }
  }
  test::site here_;
  tharsis_handle socket_ = 0;
};

}  // namespace

TEST(SignallingSim, DatagramsAreEmptyFramesOfMarsToTheLinksAddress) {
  dial_world w(1);
  sim::machine& m = w.server_machine;
  w.world.add_name(w.name, {"10.0.0.2"});
  w.serve();
  listener ear(w.world, m, "10.0.0.2");
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  w.world.run_for(1min);
  EXPECT_TRUE(ear.heard.empty()) << "nobody asked for it";
  const instant asked = w.world.now();
  w.client.on_strand([&] { w.dispatcher->links().named("main")->keep_signalling(); });
  w.world.run_for(1h);
  ASSERT_EQ(ear.heard.size(), 4u);
  EXPECT_EQ(ear.heard[0], (std::vector<uint8_t>{0, 0, 0, 20, 0, 0, 0, 200, 0, 0, 0, 243, 0, 0, 0, 0, 0, 0, 0, 0}));
  for (size_t i = 0; i < 4; ++i) EXPECT_LT(ear.at[i] - (asked + i * 5s), 100ms);
  EXPECT_EQ(w.server.connections, 1);
}

// Defect 11 of Mars: its target changed only when address and port had both changed, so the packets went to where the
// link had been.
TEST(SignallingSim, Defect11TheDatagramsFollowTheLink) {
  dial_world w(2);
  w.link().signalling.keep = 10min;
  sim::machine& first = w.add_machine("10.0.0.5");
  sim::machine& second = w.add_machine("10.0.0.6");
  listener at_first(w.world, first, "10.0.0.5"), at_second(w.world, second, "10.0.0.6");
  test::site one(w.world, first, "one"), two(w.world, second, "two");
  test::scripted_server before(*one.place, *one.home->net), after(*two.place, *two.home->net);
  one.on_strand([&] { EXPECT_EQ(before.listen(w.at("10.0.0.5"), {}), THARSIS_OK); });
  two.on_strand([&] { EXPECT_EQ(after.listen(w.at("10.0.0.6"), {}), THARSIS_OK); });
  w.world.add_name(w.name, {"10.0.0.5"});
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  w.client.on_strand([&] { w.dispatcher->links().named("main")->keep_signalling(); });
  w.world.run_for(12s);
  EXPECT_EQ(at_first.heard.size(), 3u);
  w.world.add_name(w.name, {"10.0.0.6"});
  one.on_strand([&] { before.close(); });
  ASSERT_TRUE(w.world.run_until([&] { return w.where() == "10.0.0.6:443"; }, w.world.now() + 1min)) << w.reason();
  const size_t then = at_first.heard.size();
  w.world.run_for(1min);
  EXPECT_EQ(at_first.heard.size(), then) << "nothing goes to where the link was";
  EXPECT_GE(at_second.heard.size(), 11u) << "the port is the same, and the address another";
  w.stop();
  two.on_strand([&] { after.close(); });
  one.on_strand([&] { one.home->close(one.home->self); });
  two.on_strand([&] { two.home->close(two.home->self); });
}

TEST(SignallingSim, OverTheLinkItIsAFrameThatNobodyAnswers) {
  for (const bool off : {false, true}) {
    link_world w(3);
    w.link().signalling.by = off ? way::off : way::link;
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up()) << w.reason();
    const uint64_t before = w.dispatcher->totals().bytes_sent;
    w.client.on_strand([&] { w.dispatcher->links().named("main")->keep_signalling(); });
    w.world.run_for(1min);
    EXPECT_EQ(w.dispatcher->totals().bytes_sent - before, off ? 0u : 4u * 20u);
    EXPECT_EQ(w.server.kept_awake, off ? 0 : 4);
    EXPECT_EQ(w.submit("task", ""), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(1));
    EXPECT_EQ(w.outcomes["task"].status, THARSIS_OK);
    EXPECT_EQ(w.server.connections, 1);
  }
}

TEST(SignallingSim, ALinkThatIsNotUpDoesNothing) {
  link_world w(4);
  w.link().on_demand = true;
  w.serve();
  w.start();
  w.client.on_strand([&] { w.dispatcher->links().named("main")->keep_signalling(); });
  w.world.run_for(1min);
  EXPECT_EQ(w.server.connections, 0);
}
