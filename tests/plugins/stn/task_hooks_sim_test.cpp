// Tasks whose callers make the request when the link is ready, and judge the answer before the task ends.
#include <random>

#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;

namespace {

tharsis_stn_task keyed(std::string_view key) {
  tharsis_stn_task t{};
  t.key = bytes_of(as_bytes(key));
  return t;
}

// A link that is up, and an application on a strand of its own.
struct hooks_world : link_world {
  explicit hooks_world(uint64_t seed) : link_world(seed), app(world, client_machine, "app") {
    serve();
    start();
    EXPECT_TRUE(wait_up()) << reason();
  }
  ~hooks_world() {
    if (dispatcher) stop();
    dispatcher_gone();
    app.on_strand([&] { app.home->close(app.home->self); });
  }
  void dispatcher_gone() { world.run_for(1s); }
  const outcome& of(const std::string& title) { return outcomes.at(title); }

  test::site app;
};

}  // namespace

TEST(TaskHooksSim, ARequestIsMadeWhenItsLinkIsReadyOnTheStrandOfItsCaller) {
  link_world w(1);
  test::site app(w.world, w.client_machine, "app");
  w.start();
  tharsis_handle where = 0;
  uint32_t connection = 0;
  w.on_encode = [&](const std::string&, const tharsis_stn_turn& turn, uint8_t* into, size_t room) -> int64_t {
    where = app.home->loop->current(app.home->loop->self);
    connection = turn.connection;
    EXPECT_EQ(view(turn.link), "main");
    EXPECT_GE(room, 4u);
    std::memcpy(into, "made", 4);
    return 4;
  };
  EXPECT_EQ(w.start_task("made", keyed("k"), true, false, &app), THARSIS_OK);
  w.world.run_for(2s);
  EXPECT_EQ(w.outcomes["made"].encodes, 0) << "made before the link was ready";
  w.serve();
  ASSERT_TRUE(w.wait_answers(1)) << w.reason();
  EXPECT_EQ(w.outcomes["made"].status, THARSIS_OK);
  EXPECT_EQ(w.outcomes["made"].body, "made");
  EXPECT_EQ(w.outcomes["made"].connection, 1u);
  EXPECT_EQ(where, app.home->id);
  EXPECT_EQ(connection, 1u);
  w.stop();
  app.on_strand([&] { app.home->close(app.home->self); });
}

TEST(TaskHooksSim, ALargeRequestGetsTheRoomThatItAsksFor) {
  hooks_world w(2);
  const std::string large(100'000, 'l');
  w.on_encode = [&](const std::string&, const tharsis_stn_turn&, uint8_t* into, size_t room) {
    if (room >= large.size()) std::memcpy(into, large.data(), large.size());
    return static_cast<int64_t>(large.size());
  };
  EXPECT_EQ(w.start_task("large", keyed("k"), true, false, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("large").status, THARSIS_OK);
  EXPECT_EQ(w.of("large").body.size(), large.size());
  EXPECT_EQ(w.of("large").encodes, 2);
}

TEST(TaskHooksSim, ARequestThatIsNotMadeEndsItsTaskAndTooLargeOnesToo) {
  hooks_world w(3);
  w.on_encode = [&](const std::string& task, const tharsis_stn_turn&, uint8_t*, size_t) -> int64_t {
    return task == "denied" ? int64_t{THARSIS_E_DENIED} : int64_t{1} << 40;
  };
  for (test::site* from : {&w.app, &w.client}) {
    w.outcomes.clear();
    w.answers = 0;
    EXPECT_EQ(w.start_task("denied", keyed("k"), true, false, from), THARSIS_OK);
    EXPECT_EQ(w.start_task("huge", keyed("h"), true, false, from), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(2));
    EXPECT_EQ(w.of("denied").status, THARSIS_E_DENIED);
    EXPECT_EQ(w.of("denied").why, uint32_t{THARSIS_STN_NOT_ENCODED});
    EXPECT_EQ(w.of("huge").status, THARSIS_E_INVALID);
    EXPECT_NE(w.of("huge").reason.find("1099511627776"), std::string::npos) << w.of("huge").reason;
    EXPECT_EQ(w.server.requests.size(), 0u);
    w.ids.clear();
  }
}

TEST(TaskHooksSim, ARequestIsMadeAnewForAnotherConnection) {
  hooks_world w(4);
  w.server.unanswered = 1;
  std::vector<uint32_t> connections;
  w.on_encode = [&](const std::string&, const tharsis_stn_turn& turn, uint8_t* into, size_t) -> int64_t {
    connections.push_back(turn.connection);
    *into = static_cast<uint8_t>('0' + turn.connection);
    return 1;
  };
  EXPECT_EQ(w.start_task("again", keyed("k"), true, false, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return !w.server.requests.empty(); }, w.world.now() + 5s));
  w.client.on_strand([&] { w.dispatcher->redo(text_of("main")); });
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("again").status, THARSIS_OK) << w.of("again").reason;
  EXPECT_EQ(w.of("again").body, "2");
  EXPECT_EQ(w.of("again").sends, 2u);
  EXPECT_EQ(connections, (std::vector<uint32_t>{1, 2}));
}

// Mars' defect 21: hooks are called, and threads waited for, on the thread that does everything else.
TEST(TaskHooksSim, MarsDefect21AHookThatDoesNotComeBackHoldsUpNobodyElse) {
  hooks_world w(5);
  test::site stuck(w.world, w.client_machine, "stuck");
  // What a strand that hangs is to others: one on which nothing runs any more. In the simulation: one that was closed.
  EXPECT_EQ(w.start_task("stuck", keyed("s"), true, false, &stuck), THARSIS_OK);
  stuck.on_strand([&] { stuck.home->close(stuck.home->self); });
  EXPECT_EQ(w.start_task("fine", keyed("f"), true, false, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("fine").status, THARSIS_OK);
  w.world.run_for(60s);
  EXPECT_FALSE(w.dispatcher->has(w.id_of("stuck"))) << "its time is over, whether it hears of it or not";
}

TEST(TaskHooksSim, VerdictsOnAnswersDoWhatTheySay) {
  hooks_world w(6);
  const std::map<std::string, uint32_t> verdicts = {{"accept", THARSIS_STN_ACCEPT}, {"end", THARSIS_STN_END}, {"drop", THARSIS_STN_DROP}, {"odd", 99}};
  w.on_decode = [&](const std::string& task, const std::string& answer, int32_t* code) {
    EXPECT_EQ(answer, task);
    *code = 7;
    return verdicts.at(task);
  };
  for (const auto& [name, verdict] : verdicts) EXPECT_EQ(w.start_task(name, keyed(name), false, true, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(4));
  EXPECT_EQ(w.of("accept").status, THARSIS_OK);
  EXPECT_EQ(w.of("accept").code, 7);
  EXPECT_EQ(w.of("end").status, THARSIS_E_REFUSED);
  EXPECT_EQ(w.of("end").why, uint32_t{THARSIS_STN_ENDED});
  EXPECT_EQ(w.of("end").body, "end") << "who refuses an answer may still want to show it";
  EXPECT_EQ(w.of("drop").status, THARSIS_E_CANCELLED);
  EXPECT_EQ(w.of("drop").why, uint32_t{THARSIS_STN_DROPPED});
  EXPECT_EQ(w.of("odd").status, THARSIS_E_REFUSED);
  EXPECT_NE(w.of("odd").reason.find("99"), std::string::npos);
}

TEST(TaskHooksSim, AnAnswerThatIsToComeAnewIsAskedForWithAnotherKeyAsOftenAsRetriesAllow) {
  for (const bool own : {false, true}) {
    hooks_world w(7);
    int judged = 0;
    w.on_decode = [&](const std::string&, const std::string&, int32_t*) { return ++judged == 3 ? uint32_t{THARSIS_STN_ACCEPT} : uint32_t{THARSIS_STN_RETRY}; };
    EXPECT_EQ(w.start_task("again", keyed("k"), false, true, own ? &w.client : &w.app), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(1));
    EXPECT_EQ(w.of("again").status, THARSIS_OK);
    EXPECT_EQ(w.of("again").sends, 3u);
    EXPECT_EQ(w.server.executions["again"], 3) << "the server gave the answer that it had kept";

    w.on_decode = [](const std::string&, const std::string&, int32_t*) { return uint32_t{THARSIS_STN_RETRY}; };
    tharsis_stn_task t = keyed("m");
    t.retries = 2;
    EXPECT_EQ(w.start_task("never", t, false, true, own ? &w.client : &w.app), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(2));
    EXPECT_EQ(w.of("never").status, THARSIS_E_REFUSED);
    EXPECT_EQ(w.of("never").sends, 3u);
    EXPECT_NE(w.of("never").reason.find("retries are used up"), std::string::npos) << w.of("never").reason;
  }
}

TEST(TaskHooksSim, ASessionThatIsOverIsRenewedOnceForAllOfItsUserAndCostsNoRetry) {
  hooks_world w(8);
  w.on_decode = [&](const std::string& task, const std::string&, int32_t*) {
    return w.of(task).decodes == 1 ? uint32_t{THARSIS_STN_SESSION_OVER} : uint32_t{THARSIS_STN_ACCEPT};
  };
  for (const char* name : {"a", "b", "c"}) {
    tharsis_stn_task t = keyed(name);
    t.retries = -1;
    t.user = text_of("ann");
    EXPECT_EQ(w.start_task(name, t, false, true, &w.app), THARSIS_OK);
  }
  ASSERT_TRUE(w.wait_answers(3));
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(w.of(name).status, THARSIS_OK) << w.of(name).reason;
    EXPECT_EQ(w.of(name).connection, 2u);
  }
  EXPECT_EQ(w.server.hellos, 2) << "one renewal serves all";
}

// Mars' defect 14: short links retried the tasks of all accounts where one account's session was over.
TEST(TaskHooksSim, MarsDefect14WhatOneUserSaysOfItsAnswersDoesNotTouchTheTasksOfOthers) {
  hooks_world w(9);
  w.server.unanswered = 2;
  tharsis_stn_task ann = keyed("1"), bob = keyed("2");
  ann.user = text_of("ann");
  bob.user = text_of("bob");
  EXPECT_EQ(w.start_task("ann's", ann), THARSIS_OK);
  EXPECT_EQ(w.start_task("bob's", bob), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.server.requests.size() == 2; }, w.world.now() + 5s));
  w.on_decode = [&](const std::string& task, const std::string&, int32_t*) {
    return w.of(task).decodes == 1 ? uint32_t{THARSIS_STN_RETRY_USER} : uint32_t{THARSIS_STN_ACCEPT};
  };
  ann.key = bytes_of(as_bytes("3"));
  EXPECT_EQ(w.start_task("judge", ann, false, true, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.of("ann's").sends, 2u);
  EXPECT_EQ(std::count(w.server.requests.begin(), w.server.requests.end(), "ann's"), 2);
  EXPECT_EQ(std::count(w.server.requests.begin(), w.server.requests.end(), "bob's"), 1);
}

// Mars' defect 13: what intercepts never found anything.
TEST(TaskHooksSim, MarsDefect13ACommandOfWhichTheServerWantsNoMoreRestsForItsUserAndComesBack) {
  hooks_world w(10);
  w.on_decode = [&](const std::string& task, const std::string&, int32_t* code) {
    *code = 42;
    return task == "first" ? uint32_t{THARSIS_STN_STOP} : uint32_t{THARSIS_STN_ACCEPT};
  };
  const auto start_one = [&](const char* name, uint32_t command, const char* user) {
    tharsis_stn_task t = keyed(name);
    t.command = command;
    t.user = text_of(user);
    EXPECT_EQ(w.start_task(name, t, false, true, &w.app), THARSIS_OK);
    const size_t before = w.answers;
    ASSERT_TRUE(w.wait_answers(before + 1));
  };
  start_one("first", 100, "ann");
  EXPECT_EQ(w.of("first").status, THARSIS_E_REFUSED);
  EXPECT_EQ(w.of("first").why, uint32_t{THARSIS_STN_STOPPED_COMMAND});
  start_one("same", 100, "ann");
  EXPECT_EQ(w.of("same").status, THARSIS_E_REFUSED);
  EXPECT_EQ(w.of("same").body, "first");
  EXPECT_EQ(w.of("same").code, 42);
  EXPECT_EQ(w.of("same").sends, 0u);
  start_one("other command", 101, "ann");
  EXPECT_EQ(w.of("other command").status, THARSIS_OK);
  start_one("other user", 100, "bob");
  EXPECT_EQ(w.of("other user").status, THARSIS_OK);
  w.world.run_for(w.settings.tasks.stop);
  start_one("later", 100, "ann");
  EXPECT_EQ(w.of("later").status, THARSIS_OK);
}

TEST(TaskHooksSim, ATaskThatIsWithdrawnWhileItIsJudgedIsNotSentAgain) {
  hooks_world w(11);
  w.on_decode = [&](const std::string& task, const std::string&, int32_t*) {
    w.dispatcher->cancel(w.id_of(task));
    return uint32_t{THARSIS_STN_RETRY};
  };
  EXPECT_EQ(w.start_task("gone", keyed("k"), false, true, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("gone").status, THARSIS_E_CANCELLED);
  EXPECT_EQ(w.of("gone").sends, 1u);
}

TEST(TaskHooksSim, TasksOfOneOrderGoOneAfterTheOtherEvenWhereOneIsSentAgain) {
  hooks_world w(12);
  int judged = 0;
  w.on_decode = [&](const std::string& task, const std::string&, int32_t*) {
    return task == "1" && ++judged < 3 ? uint32_t{THARSIS_STN_RETRY} : uint32_t{THARSIS_STN_ACCEPT};
  };
  for (const char* name : {"1", "2", "3"}) {
    tharsis_stn_task t = keyed(name);
    t.order = 5;
    EXPECT_EQ(w.start_task(name, t, false, true, &w.app), THARSIS_OK);
  }
  tharsis_stn_task free = keyed("free");
  EXPECT_EQ(w.start_task("free", free, false, false, &w.app), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(4));
  std::erase(w.server.requests, "free");
  EXPECT_EQ(w.server.requests, (std::vector<std::string>{"1", "1", "1", "2", "3"}));
}

TEST(TaskHooksSim, ATaskThatIsHeldUpByAnotherOneHasItsOwnTimeAndEnd) {
  hooks_world w(13);
  w.server.unanswered = 1;
  for (const char* name : {"first", "held", "last"}) {
    tharsis_stn_task t = keyed(name);
    t.order = 5;
    t.timeout_ms = std::string_view(name) == "held" ? 500 : 3000;
    EXPECT_EQ(w.start_task(name, t), THARSIS_OK);
  }
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("held").status, THARSIS_E_TIMEOUT);
  EXPECT_NE(w.of("held").reason.find("same order"), std::string::npos) << w.of("held").reason;
  w.cancel("first");
  ASSERT_TRUE(w.wait_answers(3));
  EXPECT_EQ(w.of("first").status, THARSIS_E_CANCELLED);
  EXPECT_EQ(w.of("last").status, THARSIS_OK);
}

TEST(TaskHooksSim, ClearTakesBackTheTasksOfAUserAndOfALink) {
  hooks_world w(14);
  w.server.unanswered = 3;
  for (const char* name : {"a", "b", "c"}) {
    tharsis_stn_task t = keyed(name);
    t.user = text_of(name);
    EXPECT_EQ(w.start_task(name, t), THARSIS_OK);
  }
  w.client.on_strand([&] { w.dispatcher->clear(text_of(""), text_of("b")); });
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("b").why, uint32_t{THARSIS_STN_CLEARED});
  w.client.on_strand([&] { w.dispatcher->clear(text_of("no such link"), text_of("")); });
  w.client.on_strand([&] { EXPECT_TRUE(w.dispatcher->has(w.id_of("a"))); });
  w.client.on_strand([&] { w.dispatcher->reset(text_of("main")); });
  ASSERT_TRUE(w.wait_answers(3));
  EXPECT_EQ(w.of("a").status, THARSIS_E_CANCELLED);
  ASSERT_TRUE(w.world.run_until([&] { return w.server.hellos == 2; }, w.world.now() + 10s)) << "reset means another connection";
}

TEST(TaskHooksSim, ATouchMakesALinkThatRestsTryAtOnce) {
  link_world w(15);
  w.link().reconnect.pause_min = 1h;
  w.link().reconnect.pauses = w.link().reconnect.pauses_wanted = {1h, 1h, 1h, 1h, 1h};
  w.write_ca();
  w.start();
  w.world.run_for(1min);
  w.serve(w.authority);
  w.world.run_for(1min);
  const bool rested = !w.up();
  w.client.on_strand([&] { w.dispatcher->touch(text_of("")); });
  EXPECT_TRUE(w.wait_up(5s));
  EXPECT_TRUE(rested) << "it had tried by itself, so this shows nothing; take another seed";
}

TEST(TaskHooksSim, ATouchAsksALinkThatIsUpAndItsAnswerIsTold) {
  hooks_world w(18);
  const size_t before = w.host.told("stn.pong");
  for (size_t asked = 1; asked <= 3; ++asked) {  // Though the round trip is the same each time.
    w.client.on_strand([&] { w.dispatcher->touch(text_of("main")); });
    w.world.run_for(1s);
    EXPECT_EQ(w.host.told("stn.pong"), before + asked);
  }
}

TEST(TaskHooksSim, ATaskThatIsBoundToAConnectionDoesNotOutliveIt) {
  hooks_world w(16);
  w.server.unanswered = 1;
  tharsis_stn_task t = keyed("k");
  t.connection = 1;
  EXPECT_EQ(w.start_task("bound", t), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.server.requests.size() == 1; }, w.world.now() + 5s));
  w.client.on_strand([&] { w.dispatcher->redo(text_of("main")); });
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("bound").status, THARSIS_E_GONE);
  EXPECT_EQ(w.of("bound").why, uint32_t{THARSIS_STN_OTHER_CONNECTION});
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.start_task("late", t), THARSIS_OK);
  t.connection = 2;
  EXPECT_EQ(w.start_task("right", t), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(3));
  EXPECT_EQ(w.of("late").status, THARSIS_E_GONE);
  EXPECT_EQ(w.of("right").status, THARSIS_OK);
}

// Mars' defect 9: one slow task took its link, and with it all other tasks, down.
TEST(TaskHooksSim, MarsDefect9ASlowTaskFailsByItselfAndItsLinkLives) {
  hooks_world w(17);
  w.server.unanswered = 1;
  tharsis_stn_task t{};
  t.timeout_ms = 60'000;
  EXPECT_EQ(w.start_task("slow", t), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.of("slow").status, THARSIS_E_TIMEOUT);
  EXPECT_EQ(w.of("slow").why, uint32_t{THARSIS_STN_NO_FIRST_BYTE});
  EXPECT_NE(w.of("slow").reason.find("12000 ms"), std::string::npos) << w.of("slow").reason;
  EXPECT_EQ(w.server.connections, 1);
  EXPECT_GE(w.server.pings, 1) << "the link was not asked for a sign of life";
  w.server.unanswered = 1;
  tharsis_stn_task again = keyed("k");
  again.timeout_ms = 60'000;
  EXPECT_EQ(w.start_task("again", again), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.of("again").status, THARSIS_OK);
  EXPECT_EQ(w.of("again").sends, 2u);
  EXPECT_EQ(w.server.connections, 1);
}

TEST(TaskHooksSim, AParkedTaskIsTriedAgainWhenSomethingShowsThatItMakesSense) {
  hooks_world w(18);
  w.server.unanswered = 1;
  tharsis_stn_task t = keyed("k");
  t.flags = THARSIS_STN_PARK;
  t.retries = -1;
  t.timeout_ms = 300'000;
  EXPECT_EQ(w.start_task("parked", t), THARSIS_OK);
  w.world.run_for(20s);
  EXPECT_EQ(w.of("parked").answers, 0);
  EXPECT_EQ(w.server.requests.size(), 1u);
  EXPECT_EQ(w.start_task("proof", keyed("p")), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2, 10s));
  EXPECT_EQ(w.of("parked").status, THARSIS_OK);
  EXPECT_EQ(w.of("parked").sends, 2u);

  w.server.unanswered = 1;
  t.key = bytes_of(as_bytes("l"));
  EXPECT_EQ(w.start_task("alone", t), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(3, 100s)) << "after a minute it is tried anyway";
  EXPECT_EQ(w.of("alone").status, THARSIS_OK);
}

TEST(TaskHooksSim, ASensitiveTaskFailsAtOnceWhereThereIsNoNetwork) {
  link_world w(19);
  w.start();
  w.client.on_strand([&] { w.host.network.move(""); });
  tharsis_stn_task t = keyed("k");
  t.flags = THARSIS_STN_SENSITIVE;
  EXPECT_EQ(w.start_task("now", t), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1, 1s));
  EXPECT_EQ(w.outcomes["now"].status, THARSIS_E_UNREACHABLE);
  EXPECT_EQ(w.outcomes["now"].why, uint32_t{THARSIS_STN_NO_NETWORK});
}

TEST(TaskHooksSim, AnApplicationThatHasRunWildIsHeldBackBySettings) {
  link_world w(20);
  w.settings.tasks.repeats.most = 105;
  w.settings.tasks.flow.capacity = 1000;
  w.settings.tasks.flow.everywhere = true;
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  tharsis_stn_task t{};
  t.body = bytes_of(as_bytes("same"));
  for (int i = 0; i < 106; ++i) EXPECT_EQ(w.start_task("same " + std::to_string(i), t), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(106));
  EXPECT_EQ(w.outcomes["same 104"].status, THARSIS_OK);
  EXPECT_EQ(w.outcomes["same 105"].why, uint32_t{THARSIS_STN_REPEATED_TOO_OFTEN});
  t.body = {};
  EXPECT_EQ(w.start_task(std::string(581, 'x'), t), THARSIS_OK);
  EXPECT_EQ(w.start_task("any", [] { tharsis_stn_task any{}; any.flags = THARSIS_STN_ANY_FLOW; return any; }()), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(108));
  EXPECT_EQ(w.outcomes[std::string(581, 'x')].why, uint32_t{THARSIS_STN_FLOOD});
  EXPECT_EQ(w.outcomes["any"].status, THARSIS_OK);
}

TEST(TaskHooksSim, TheApplicationSaysWhichWayATaskGoes) {
  link_world w(21);
  stn::link_settings side = w.link();
  side.name = "side";
  w.settings.links.push_back(side);
  std::vector<std::string> asked;
  const tharsis_stn_route route{sizeof route, &asked,
                                [](void* self, const tharsis_stn_route_task* t, tharsis_text* link, tharsis_error* why) -> tharsis_status {
                                  static_cast<std::vector<std::string>*>(self)->emplace_back(view(t->link));
                                  if (t->command == 101) *link = text_of("side");
                                  if (t->command == 102) *link = text_of("nowhere");
                                  if (t->command == 103) return fail(why, THARSIS_E_DENIED, "not in this country");
                                  return t->command == 104 ? tharsis_status{THARSIS_E_BUSY} : tharsis_status{THARSIS_OK};
                                }};
  w.host.route = &route;
  w.serve();
  w.start();
  for (uint32_t command = 100; command < 105; ++command) {
    tharsis_stn_task t{};
    t.command = command;
    EXPECT_EQ(w.start_task(std::to_string(command), t), THARSIS_OK);
  }
  ASSERT_TRUE(w.wait_answers(5));
  EXPECT_EQ(asked, std::vector<std::string>(5, "main"));
  EXPECT_EQ(w.outcomes["100"].status, THARSIS_OK);
  EXPECT_EQ(w.outcomes["101"].status, THARSIS_OK);
  EXPECT_EQ(w.outcomes["102"].status, THARSIS_E_NOT_FOUND);
  EXPECT_NE(w.outcomes["102"].reason.find("'nowhere'"), std::string::npos);
  EXPECT_EQ(w.outcomes["103"].reason, "not in this country");
  EXPECT_EQ(w.outcomes["103"].why, uint32_t{THARSIS_STN_NOT_ROUTED});
  EXPECT_EQ(w.outcomes["104"].status, THARSIS_E_BUSY);
  const auto report = w.dispatcher->report();
  EXPECT_GT(report.links[1].bytes_sent, report.links[0].bytes_sent / 2) << "nothing went over the other link";
}

// Whatever the weather, the hooks and the callers do: exactly one end each.
TEST(TaskHooksSim, EveryTaskEndsOnceWhateverItsHooksSayAndTheNetworkDoes) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    hooks_world w(seed);
    std::mt19937_64 random(seed);
    auto& between = w.world.between(w.client_machine, w.server_machine);
    between.delay = std::chrono::milliseconds(random() % 200);
    w.on_encode = [&](const std::string& task, const tharsis_stn_turn&, uint8_t* into, size_t) -> int64_t {
      if (random() % 20 == 0) return THARSIS_E_DENIED;
      std::memcpy(into, task.data(), task.size());
      return static_cast<int64_t>(task.size());
    };
    w.on_decode = [&](const std::string&, const std::string&, int32_t*) { return static_cast<uint32_t>(random() % 4 == 0 ? random() % 8 : 0); };
    constexpr size_t tasks = 60;
    for (size_t i = 0; i < tasks; ++i) {
      const std::string name = "t" + std::to_string(i);
      tharsis_stn_task t = random() % 3 == 0 ? tharsis_stn_task{} : keyed(name);
      t.command = static_cast<uint32_t>(100 + random() % 20);
      t.order = random() % 3;
      t.priority = static_cast<int32_t>(random() % 6) - 2;
      t.retries = static_cast<int32_t>(random() % 4) - 1;
      t.timeout_ms = static_cast<uint32_t>(500 + random() % 20'000);
      t.user = text_of(random() % 2 == 0 ? "ann" : "bob");
      if (random() % 6 == 0) t.connection = static_cast<uint32_t>(1 + random() % 3);
      if (random() % 5 == 0 && t.key.size > 0) t.flags = THARSIS_STN_PARK;
      EXPECT_EQ(w.start_task(name, t, random() % 2 == 0, random() % 2 == 0, random() % 2 == 0 ? &w.app : &w.client), THARSIS_OK);
      if (random() % 8 == 0) w.server.unanswered += 2;
      if (random() % 10 == 0) w.client.on_strand([&] { w.dispatcher->redo(text_of("")); });
      if (random() % 12 == 0) w.cancel("t" + std::to_string(random() % tasks));
      if (random() % 30 == 0) w.client.on_strand([&] { w.dispatcher->clear(text_of(""), text_of("bob")); });
      w.world.run_for(std::chrono::milliseconds(random() % 400));
    }
    ASSERT_TRUE(w.wait_answers(tasks, 60s)) << w.answers << " of " << tasks;
    for (const auto& [name, o] : w.outcomes) EXPECT_EQ(o.answers, 1) << name;
  }
}
