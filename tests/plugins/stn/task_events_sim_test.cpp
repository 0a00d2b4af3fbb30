// Goal: who listens to stn.task hears of the end of each task once, with what it was made of; stn.weak tells of a
// network that is weak and of its end; and every byte on a link is counted by what it was for.
#include <random>

#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;

namespace {

struct told_world : link_world {
  explicit told_world(uint64_t seed) : link_world(seed) {}
  void up() {
    serve();
    start();
    ASSERT_TRUE(wait_up()) << reason();
  }
  const test::plugin_host::task_end* end_of(const std::string& body) const {
    const test::plugin_host::task_end* found = nullptr;
    for (const auto& t : host.tasks)
      if (t.task == id_of(body)) {
        EXPECT_EQ(std::exchange(found, &t), nullptr) << "told twice: " << body;
      }
    return found;
  }
  stn::links_report report() {
    stn::links_report r;
    client.on_strand([&] { r = dispatcher->report(); });
    return r;
  }
};

}  // namespace

TEST(StnTaskEvents, EachTaskThatWasTakenEndsInOneEvent) {
  told_world w(1);
  w.up();
  ASSERT_EQ(w.submit("one", "k1"), THARSIS_OK);
  ASSERT_EQ(w.submit("seven", "k7", 0, "", 2), THARSIS_OK);
  ASSERT_NE(w.submit("nowhere", "k", 0, "no such link"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  ASSERT_EQ(w.host.tasks.size(), 2u) << "what start() refuses was never a task";
  const auto* one = w.end_of("one");
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->link, "main");
  EXPECT_EQ(one->status, THARSIS_OK);
  EXPECT_EQ(one->why, uint32_t{THARSIS_STN_ANSWERED});
  EXPECT_EQ(one->command, uint32_t{mars::command_send_message});
  EXPECT_EQ(one->channel, uint32_t{THARSIS_STN_LONG});
  EXPECT_EQ(one->sends, 1u);
  EXPECT_EQ(one->connection, 1u);
  EXPECT_EQ(one->request_size, 3u);
  EXPECT_EQ(one->answer_size, 3u);
  EXPECT_EQ(one->told, one->took) << "its parts are its whole";
  EXPECT_EQ(w.end_of("seven")->priority, 2);
}

TEST(StnTaskEvents, AFailureHasItsReason) {
  told_world w(2);
  w.up();
  w.server.unanswered = 1000;
  ASSERT_EQ(w.submit("late", "k", 2000), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  const auto* late = w.end_of("late");
  ASSERT_NE(late, nullptr);
  EXPECT_EQ(late->status, THARSIS_E_TIMEOUT);
  EXPECT_EQ(late->why, w.outcomes["late"].why);
  EXPECT_EQ(late->reason, w.outcomes["late"].reason);
  EXPECT_EQ(late->answer_size, 0u);
}

TEST(StnTaskEvents, AnAnswerThatItsCallerJudgesEndsWhenItIsJudged) {
  told_world w(3);
  w.up();
  w.on_decode = [](const std::string&, std::string, int32_t* code) { return *code = 42, uint32_t{THARSIS_STN_END}; };
  tharsis_stn_task t{};
  ASSERT_EQ(w.start_task("judged", t, false, true), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  w.world.run_for(1s);
  const auto* judged = w.end_of("judged");
  ASSERT_NE(judged, nullptr);
  EXPECT_EQ(judged->status, THARSIS_E_REFUSED);
  EXPECT_EQ(judged->code, 42);
  EXPECT_EQ(judged->answer_size, 6u);
}

TEST(StnTaskEvents, OverSeedsAsManyEventsAsAnswers) {
  for (uint64_t seed = 100; seed < 130; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    told_world w(seed);
    w.up();
    for (int i = 0; i < 20; ++i) {
      if (random() % 4 == 0) w.world.forget_connections(w.client_machine, w.server_machine);
      const std::string body = "t" + std::to_string(i);
      EXPECT_EQ(w.submit(body, random() % 2 == 0 ? body : "", 5000), THARSIS_OK);
      if (random() % 8 == 0) w.cancel(body);
      w.world.run_for(std::chrono::milliseconds(random() % 500));
    }
    ASSERT_TRUE(w.wait_answers(20));
    w.world.run_for(1s);
    EXPECT_EQ(w.host.tasks.size(), 20u);
    for (const auto& [body, outcome] : w.outcomes) {
      const auto* t = w.end_of(body);
      ASSERT_NE(t, nullptr) << body;
      EXPECT_EQ(t->status, outcome.status);
      EXPECT_EQ(t->sends, outcome.sends);
    }
  }
}

TEST(StnWeak, ALinkThatFallsSilentMakesTheNetworkWeakForAMinute) {
  told_world w(4);
  w.link().second_way.when = stn::second_way_settings::use::never;
  w.up();
  ASSERT_EQ(w.host.weak.size(), 1u) << "how it is is told at the start";
  EXPECT_FALSE(w.host.weak[0].weak);
  w.world.forget_connections(w.client_machine, w.server_machine);
  ASSERT_EQ(w.submit("into the void", "k"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  ASSERT_EQ(w.host.weak.size(), 2u);
  EXPECT_TRUE(w.host.weak[1].weak);
  EXPECT_TRUE(w.report().weak);
  w.world.run_for(2min);
  ASSERT_EQ(w.host.weak.size(), 3u);
  EXPECT_FALSE(w.host.weak[2].weak);
  EXPECT_GT(w.host.weak[2].lasted, 0s);
  EXPECT_LE(w.host.weak[2].lasted, 65s);
  EXPECT_FALSE(w.report().weak);
}

TEST(StnWeak, NobodyIsToldOfIt) {
  told_world w(5);
  w.host.network.foreground = false;
  w.up();
  w.world.forget_connections(w.client_machine, w.server_machine);
  ASSERT_EQ(w.submit("into the void", "k"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.host.weak.size(), 1u) << "in the background";
}

TEST(StnTraffic, EveryByteIsCountedByWhatItWasFor) {
  told_world w(6);
  w.host.network.type = THARSIS_NETWORK_CELLULAR;
  w.up();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(w.submit("task" + std::to_string(i), "k" + std::to_string(i)), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(5));
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("again", "k"), THARSIS_OK);
  w.world.run_for(1s);
  w.client.on_strand([&] { w.dispatcher->redo(text_of("")); });
  ASSERT_TRUE(w.wait_answers(6));
  w.world.run_for(10min);
  const auto r = w.report();
  const auto& cellular = r.traffic[static_cast<size_t>(stn::network_kind::cellular)];
  const auto of = [&](stn::traffic_class c) { return cellular[static_cast<size_t>(c)]; };
  EXPECT_EQ(of(stn::traffic_class::tasks).sent, 6u);
  EXPECT_EQ(of(stn::traffic_class::tasks).received, 6u);
  EXPECT_EQ(of(stn::traffic_class::repeated).sent, 1u);
  EXPECT_EQ(of(stn::traffic_class::hello).sent, 2u);
  EXPECT_EQ(of(stn::traffic_class::hello).received, 2u);
  EXPECT_EQ(of(stn::traffic_class::pushes).received, 2u);
  EXPECT_EQ(of(stn::traffic_class::heartbeats).sent, static_cast<uint64_t>(w.server.pings));
  EXPECT_GT(w.server.pings, 0);
  uint64_t sent = 0, received = 0;
  for (const auto& kind : r.traffic)
    for (const auto& f : kind) {
      sent += f.bytes_sent;
      received += f.bytes_received;
    }
  EXPECT_EQ(sent, w.dispatcher->totals().bytes_sent);
  EXPECT_EQ(received, w.dispatcher->totals().bytes_received);
}
