// Goal: a server that says that it carries each key out once has tasks without a key sent again to it, and to no other; one that
// says so and does something else gets each task answered once nevertheless.
#include "tests/plugins/stn/gated_world.h"

using namespace tharsis;
using test::link_world;

namespace {

struct told_world : link_world {
  explicit told_world(uint64_t seed, bool listens = true) : link_world(seed, "tcp") {
    link().deduplicated = listens;
    server.keys_kept_ms = 600'000;
    server.keys_memory = {1, 2, 3, 4, 5, 6, 7, 8};
    serve();
    start();
    EXPECT_TRUE(wait_up());
  }
  // It is carried out, and its answer is lost with the connection.
  void lose_answer(const std::string& text, const std::string& key = "") {
    server.thinks = 500ms;
    ASSERT_EQ(submit(text, key, 30'000), THARSIS_OK);
    ASSERT_TRUE(world.run_until([&] { return server.executions[text] > 0; }, world.now() + 5s));
    server.thinks = duration::zero();
    world.reset_connections(client_machine, server_machine);
  }
  const outcome& end_of(const std::string& text) {
    EXPECT_TRUE(world.run_until([&] { return outcomes[text].answers > 0; }, world.now() + 40s)) << text;
    world.run_for(1s);
    EXPECT_EQ(outcomes[text].answers, 1) << text;
    return outcomes[text];
  }
  int64_t keyed() { return host.metrics.counted("tasks_keyed"); }
};

}  // namespace

TEST(ServerMemorySim, ATaskWithoutAKeyIsSentAgainAndCarriedOutOnce) {
  told_world w(1);
  w.lose_answer("task");
  EXPECT_EQ(w.end_of("task").status, THARSIS_OK) << w.outcomes["task"].reason;
  EXPECT_EQ(w.outcomes["task"].sends, 2u);
  EXPECT_EQ(w.server.executions["task"], 1);
  EXPECT_GE(w.keyed(), 1);
  EXPECT_EQ(w.host.metrics.counted("keyed_repeated"), 1);
  ASSERT_EQ(w.host.count_measures(THARSIS_STN_MEASURE_DEDUPLICATED), 1u);
  const auto& told = w.host.measures.back();
  EXPECT_EQ(told.bytes, 4u) << "what was sent once more";
  EXPECT_NE(told.reason.find("was sent 2 times, though it has no key"), std::string::npos) << told.reason;
  w.client.on_strand([&] { EXPECT_EQ(w.dispatcher->links().named("main")->snapshot().remembers, 10min); });
}

// Goal: what went twice counts, whichever way the second one went. Method: the real gateway, tasks without a key, a path that loses
// some of what goes over it; with datagrams, and with lanes alone.
TEST(ServerMemorySim, CopiesCountByWhicheverWayTheyLeave) {
  for (const bool datagrams : {true, false}) {
    SCOPED_TRACE(datagrams ? "datagrams" : "lanes");
    test::gated_world w(11, 50ms, {}, true);
    w.link().udp = datagrams;
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.world.run_for(2s);
    w.path().loss = 0.1;
    w.load(100, 200ms, "task ", false);
    w.path().loss = 0;
    w.world.run_for(30s);
    EXPECT_EQ(w.statistics().executions, 100u) << "each once";
    EXPECT_GT(w.metric("keyed_repeated"), 10);
    EXPECT_LE(w.metric("keyed_repeated"), 100);
    EXPECT_EQ(static_cast<size_t>(w.metric("keyed_repeated")), w.host.count_measures(THARSIS_STN_MEASURE_DEDUPLICATED));
    EXPECT_GE(w.metric("keyed_copies"), w.metric("udp_copies"));
    EXPECT_GT(w.metric("keyed_copies"), 10);
    if (!datagrams) {
      EXPECT_LE(w.metric("keyed_copies"), w.metric("hedge_copies"));
      EXPECT_GT(2 * w.metric("keyed_copies"), w.metric("hedge_copies")) << "all but those that were answered before they left";
    }
  }
}

TEST(ServerMemorySim, WhoDoesNotWantItSendsOnce) {
  told_world w(2, false);
  w.lose_answer("task");
  EXPECT_EQ(w.end_of("task").why, uint32_t{THARSIS_STN_LOST});
  EXPECT_EQ(w.outcomes["task"].sends, 1u);
  EXPECT_EQ(w.keyed(), 0);
  EXPECT_EQ(w.host.count_measures(THARSIS_STN_MEASURE_DEDUPLICATED), 0u);
}

TEST(ServerMemorySim, AnotherServerThatSaysTheSameIsNotAskedAgain) {
  told_world w(3);
  w.server.thinks = 500ms;
  ASSERT_EQ(w.submit("task", "", 30'000), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.server.executions["task"] > 0; }, w.world.now() + 5s));
  w.server.keys_memory[0] = 9;
  w.world.reset_connections(w.client_machine, w.server_machine);
  const auto& end = w.end_of("task");
  EXPECT_EQ(end.why, uint32_t{THARSIS_STN_LOST});
  EXPECT_NE(end.reason.find("does not know what the other one has done"), std::string::npos) << end.reason;
  EXPECT_EQ(w.server.executions["task"], 1);
}

TEST(ServerMemorySim, OneThatForgetsSoonerThanATaskMayLastIsSentItOnce) {
  told_world w(4);
  w.server.keys_kept_ms = 20'000;
  w.world.reset_connections(w.client_machine, w.server_machine);
  ASSERT_TRUE(w.world.run_until([&] { return w.server.connections > 1 && w.up(); }, w.world.now() + 20s));
  w.lose_answer("task");
  EXPECT_EQ(w.end_of("task").why, uint32_t{THARSIS_STN_LOST}) << "it may last for 30 s";
}

TEST(ServerMemorySim, WhoRetriesNothingSendsOnce) {
  told_world w(5);
  tharsis_stn_task t{};
  t.command = mars::command_send_message;
  const std::string text = "task";
  t.body = bytes_of(as_bytes(text));
  t.retries = -1;
  w.server.thinks = 500ms;
  ASSERT_EQ(w.start_task("task", t), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.server.executions["task"] > 0; }, w.world.now() + 5s));
  w.world.reset_connections(w.client_machine, w.server_machine);
  EXPECT_EQ(w.end_of("task").why, uint32_t{THARSIS_STN_LOST});
  EXPECT_EQ(w.keyed(), 0);
}

// It executes both, answers twice, and differently: that is its own affair, and the application hears of one answer.
TEST(ServerMemorySim, AServerThatLiesAboutItHarmsNobodyElse) {
  told_world w(6);
  w.server.forgets_keys = w.server.answers_twice = true;
  w.lose_answer("task");
  EXPECT_EQ(w.end_of("task").status, THARSIS_OK);
  EXPECT_EQ(w.server.executions["task"], 2);
  for (int i = 0; i < 20; ++i) {
    const std::string text = "more " + std::to_string(i);
    ASSERT_EQ(w.submit(text, ""), THARSIS_OK);
    EXPECT_EQ(w.end_of(text).status, THARSIS_OK);
    EXPECT_EQ(w.outcomes[text].body, text) << "the first answer";
  }
  EXPECT_TRUE(w.up());
  EXPECT_EQ(w.server.connections, 2);
}

TEST(ServerMemorySim, AWordThatMakesNoSenseIsNone) {
  told_world w(7);
  for (const auto& [kept, name] : {std::pair(-1, 8), std::pair(600'000, 7), std::pair(600'000, 0), std::pair(0, 8)}) {
    w.server.keys_kept_ms = kept;
    w.server.keys_memory.assign(static_cast<size_t>(name), 7);
    const int before = w.server.connections;
    w.world.reset_connections(w.client_machine, w.server_machine);
    ASSERT_TRUE(w.world.run_until([&] { return w.server.connections > before && w.up(); }, w.world.now() + 20s));
    const std::string text = "task " + std::to_string(kept) + " " + std::to_string(name);
    w.lose_answer(text);
    EXPECT_EQ(w.end_of(text).why, uint32_t{THARSIS_STN_LOST}) << text;
  }
}
