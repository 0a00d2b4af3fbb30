// Durable tasks through deaths, full and broken disks, and whatever else a process does not survive.
#include <random>

#include "plugins/stn/core/outbox_file.h"
#include "tests/plugins/stn/outbox_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using test::outbox_world;

#ifdef __SANITIZE_ADDRESS__
// What a thread has under way when its machine is killed belongs to nobody; of a real process the memory goes with it.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() { return "leak:outbox_disk.cpp\n"; }
#endif

namespace {

const std::string file = "/state/outbox";

// Of messages with one order the server sees each for the first time after those that were sent before.
void expect_order(const outbox_world& w, uint64_t seed) {
  std::map<std::string, size_t> first;
  for (size_t i = 0; i < w.server.requests.size(); ++i) first.emplace(w.server.requests[i], i);
  std::map<uint64_t, size_t> last;
  for (const std::string& key : w.sent) {
    const auto& m = w.messages.at(key);
    if (m.order == 0 || !m.safe || !first.contains(m.text)) continue;
    const size_t at = first[m.text];
    EXPECT_GE(at, last[m.order]) << key << " overtook, seed " << seed;
    last[m.order] = at;
  }
}

void expect_each_once(outbox_world& w, uint64_t seed, bool healthy_disk) {
  for (const auto& [key, m] : w.messages) {
    EXPECT_TRUE(!m.safe || !m.told.empty()) << key << " was lost, seed " << seed << ": " << m.reason;
    const auto ran = w.server.executions.find(m.text);
    EXPECT_LE(ran == w.server.executions.end() ? 0 : ran->second, 1) << key << " was carried out twice, seed " << seed;
    for (size_t i = 1; i < m.told.size(); ++i) {
      EXPECT_NE(m.told[i], m.told[i - 1]) << key << " was told twice in one life, seed " << seed;
      EXPECT_EQ(m.told_entries[i], m.told_entries[i - 1]) << key << ", seed " << seed;
      // Only a death right behind the acknowledgement makes it come again.
      const bool may = !healthy_disk || w.killed[m.told[i - 1]] - m.acknowledged < 20ms;
      EXPECT_TRUE(may) << key << " was told again, seed " << seed;
    }
  }
  for (const std::string& id : w.server.client_ids) EXPECT_EQ(id, w.server.client_ids[0]) << "seed " << seed;
}

}  // namespace

TEST(OutboxSim, ATaskIsOnTheDiskThenSentAndGoesWhenItsAnswerIsAcknowledged) {
  outbox_world w(1);
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK) << w.last_error;
  ASSERT_TRUE(w.wait_told(1));
  const auto& m = w.messages["a"];
  EXPECT_TRUE(m.safe);
  EXPECT_EQ(m.status, THARSIS_OK) << m.reason;
  EXPECT_EQ(m.answer, m.text);
  EXPECT_EQ(m.told_entries[0], m.entry);
  w.world.run_for(100ms);
  EXPECT_TRUE(w.list().empty());
  w.end();
  w.begin();
  w.world.run_for(10s);
  EXPECT_EQ(m.told.size(), 1u) << "told after it was acknowledged";
  EXPECT_EQ(w.server.requests.size(), 1u);
}

TEST(OutboxSim, WhatWasNotSentIsSentByTheNextProcessUnderTheSameClientId) {
  outbox_world w(2);
  w.server.how = test::scripted_server::manner::mute_after_hello;
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.messages["a"].safe; }, w.world.now() + 10s));
  w.world.run_for(3s);
  w.kill();
  w.server.how = test::scripted_server::manner::honest;
  w.begin();
  ASSERT_TRUE(w.wait_told(1));
  EXPECT_EQ(w.messages["a"].found, std::vector<size_t>{1});
  EXPECT_EQ(w.messages["a"].told, std::vector<size_t>{1});
  expect_each_once(w, 2, true);
  EXPECT_GE(w.server.client_ids.size(), 2u);
}

TEST(OutboxSim, AnAnswerThatWasNotTakenIsToldAfterTheRestart) {
  outbox_world w(3);
  w.acknowledges = false;
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  w.kill();
  w.begin();
  w.world.run_for(5s);
  EXPECT_EQ(w.messages["a"].told, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(w.messages["a"].answer, w.messages["a"].text);
  EXPECT_EQ(w.server.requests.size(), 1u) << "it was asked again";
  w.acknowledges = true;
  w.end();
  w.begin();
  w.world.run_for(5s);
  w.end();
  w.begin();
  w.world.run_for(5s);
  EXPECT_EQ(w.messages["a"].told, (std::vector<size_t>{0, 1, 2}));
}

TEST(OutboxSim, AStopLeavesTasksThere) {
  outbox_world w(4);
  w.server.how = test::scripted_server::manner::mute;
  w.begin();
  ASSERT_EQ(w.send("a", 5), THARSIS_OK);
  ASSERT_EQ(w.send("b", 5), THARSIS_OK);
  w.world.run_for(1s);
  w.end();
  for (const char* key : {"a", "b"}) {
    EXPECT_EQ(w.messages[key].why, uint32_t{THARSIS_STN_STOPPING}) << key;
    EXPECT_NE(w.messages[key].reason.find("stays in the outbox"), std::string::npos) << w.messages[key].reason;
  }
  w.server.how = test::scripted_server::manner::honest;
  w.begin();
  ASSERT_TRUE(w.wait_told(2));
  expect_order(w, 4);
}

// What is being written when it stops is not given up half-way: the file, and its lock, are the writer's until then.
TEST(OutboxSim, AStopWaitsForWhatASlowDiskIsWriting) {
  outbox_world w(31);
  auto& l = w.begin();
  w.world.run_for(1s);
  l.machine.like().blocking_slow = 2s;
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  w.world.run_for(10ms);
  w.end();
  EXPECT_EQ(w.messages["a"].why, uint32_t{THARSIS_STN_STOPPING}) << w.messages["a"].reason;
  w.begin();
  ASSERT_TRUE(w.wait_told(1));
  EXPECT_EQ(w.messages["a"].status, THARSIS_OK) << w.messages["a"].reason;
}

TEST(OutboxSim, CancelClearAndDiscardTakeATaskOut) {
  outbox_world w(5);
  w.server.how = test::scripted_server::manner::mute_after_hello;
  auto& l = w.begin();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_EQ(w.send(key, 7), THARSIS_OK);
  w.world.run_for(1s);
  EXPECT_EQ(w.list().size(), 4u);
  l.app.on_strand([&] { l.dispatcher->cancel(w.ids["a"]); });                                                     // Under way.
  l.app.on_strand([&] { l.dispatcher->cancel(w.ids["c"]); });                                                     // Behind it.
  l.app.on_strand([&] { l.dispatcher->durable().say(stn::task_letter::kind::discard, w.messages["b"].entry); });
  ASSERT_TRUE(w.wait_told(3));
  l.app.on_strand([&] { l.dispatcher->clear(text_of(""), text_of("")); });
  ASSERT_TRUE(w.wait_told(4));
  for (const char* key : {"a", "b", "c", "d"}) {
    EXPECT_EQ(w.messages[key].status, THARSIS_E_CANCELLED) << key;
    EXPECT_EQ(w.messages[key].told_entries[0], 0u) << key;
    EXPECT_EQ(w.messages[key].told.size(), 1u) << key;
  }
  EXPECT_TRUE(w.list().empty());
  w.kill();
  w.server.how = test::scripted_server::manner::honest;
  w.begin();
  w.world.run_for(10s);
  EXPECT_TRUE(w.server.executions.empty());
}

// Goal: what is said before the file is read holds. Method: the next process' disk is slow, and everything is said in that time.
TEST(OutboxSim, WhatIsSaidBeforeTheFileIsReadHolds) {
  outbox_world w(32);
  w.acknowledges = false;
  w.begin();
  ASSERT_EQ(w.send("heard"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  w.server.how = test::scripted_server::manner::mute_after_hello;
  for (const char* key : {"thrown away", "open"}) ASSERT_EQ(w.send(key), THARSIS_OK);
  w.world.run_for(1s);
  w.kill();
  w.server.how = test::scripted_server::manner::honest;
  w.server.requests.clear();
  w.server.executions.clear();
  w.slow_start = 2s;
  auto& l = w.begin(false);
  for (const char* key : {"started", "cancelled"}) ASSERT_EQ(w.send(key), THARSIS_OK);
  l.app.on_strand([&] {
    l.dispatcher->cancel(w.ids["cancelled"]);
    l.dispatcher->durable().say(stn::task_letter::kind::acknowledge, w.messages["heard"].entry);
    l.dispatcher->durable().say(stn::task_letter::kind::discard, w.messages["thrown away"].entry);
  });
  l.listed.clear();
  l.app.on_strand([&] {
    const auto visit = [](void* context, const tharsis_stn_entry* e) {
      auto& in = *static_cast<outbox_world::life*>(context);
      if (e == nullptr) in.list_ended = true;
      else in.listed.push_back(e->entry);
    };
    EXPECT_EQ(l.dispatcher->durable().list(visit, &l, nullptr), THARSIS_OK);
  });
  w.adopt(l);
  w.world.run_for(1s);
  EXPECT_FALSE(l.list_ended) << "of a file that nobody has read";
  l.machine.like().blocking_slow = {};
  ASSERT_TRUE(w.world.run_until([&] { return l.list_ended && !w.messages["started"].told.empty() && !w.messages["open"].told.empty(); }, w.world.now() + 1min));
  w.world.run_for(10s);
  EXPECT_EQ(l.listed, std::vector<uint64_t>{w.messages["open"].entry});
  EXPECT_EQ(w.messages["heard"].told.size(), 1u) << "told again, though it was acknowledged";
  EXPECT_EQ(w.messages["cancelled"].status, THARSIS_E_CANCELLED);
  EXPECT_EQ(w.messages["cancelled"].why, uint32_t{THARSIS_STN_CANCELLED});
  EXPECT_EQ(w.server.executions.count("body of cancelled"), 0u);
  EXPECT_EQ(w.server.executions.count("body of thrown away"), 0u);
}

TEST(OutboxSim, WhatIsClearedBeforeTheFileIsReadIsGoneAndWhatIsStartedThenIsNot) {
  outbox_world w(33);
  w.server.how = test::scripted_server::manner::mute;
  w.begin();
  ASSERT_EQ(w.send("old"), THARSIS_OK);
  w.world.run_for(1s);
  w.kill();
  w.server.how = test::scripted_server::manner::honest;
  w.slow_start = 2s;
  auto& l = w.begin();
  ASSERT_EQ(w.send("before"), THARSIS_OK);
  l.app.on_strand([&] { l.dispatcher->clear(text_of("main"), text_of("")); });
  w.world.run_for(10ms);
  ASSERT_EQ(w.send("after"), THARSIS_OK);
  w.world.run_for(1min);
  EXPECT_EQ(w.messages["before"].why, uint32_t{THARSIS_STN_CLEARED}) << w.messages["before"].reason;
  EXPECT_EQ(w.messages["after"].status, THARSIS_OK) << w.messages["after"].reason;
  EXPECT_EQ(w.server.requests, std::vector<std::string>{"body of after"});
  EXPECT_TRUE(w.list().empty());
}

// Goal: what the outbox has no room for is kept without its body, and everybody is told what is true. Method: the server's answers
// are as large as the outbox.
TEST(OutboxSim, AnAnswerThatTheOutboxHasNoRoomForIsKeptWithoutItsBodyAndTheCallerHasItAllTheSame) {
  outbox_world w(34);
  w.acknowledges = false;
  w.settings.outbox.bytes = 64 << 10;
  w.server.answer = std::string(64 << 10, 'z');
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  EXPECT_EQ(w.messages["a"].status, THARSIS_OK) << w.messages["a"].reason;
  EXPECT_EQ(w.messages["a"].answer, w.server.answer);
  EXPECT_TRUE(w.has_line("is kept without its body"));
  EXPECT_LT(w.disk->content(file)->size(), size_t{64} << 10);
  w.kill();
  w.begin();
  w.world.run_for(10s);
  EXPECT_EQ(w.messages["a"].told.size(), 2u);
  EXPECT_EQ(w.messages["a"].status, THARSIS_E_FULL);
  EXPECT_EQ(w.messages["a"].why, uint32_t{THARSIS_STN_BODY_NOT_KEPT});
  EXPECT_NE(w.messages["a"].reason.find("65536 bytes"), std::string::npos) << w.messages["a"].reason;
  EXPECT_EQ(w.server.requests.size(), 1u) << "it was sent again";
}

// Goal: a message that its server dies of does not take the link down for ever, and is not lost. Method: an hour with one, and others
// beside it, and then a night.
TEST(OutboxSim, AMessageThatItsConnectionsDieOfLeavesTheLinkToOthers) {
  outbox_world w(35);
  w.settings.outbox.ttl = 72h;
  w.server.deadly = "body of poison";
  w.begin();
  ASSERT_EQ(w.send("poison"), THARSIS_OK);
  w.world.run_for(10min);
  for (int i = 0; i < 20; ++i) {
    const std::string key = "m" + std::to_string(i);
    ASSERT_EQ(w.send(key), THARSIS_OK);
    ASSERT_TRUE(w.wait_told(static_cast<size_t>(i) + 1, 3min)) << key;
    w.world.run_for(3min);
  }
  const auto of_poison = [&] { return std::count(w.server.requests.begin(), w.server.requests.end(), "body of poison"); };
  const auto deaths = of_poison();
  EXPECT_GE(deaths, 4);
  EXPECT_LE(deaths, 35) << "ten, one with each five minutes and with each ten others, three for nothing";
  EXPECT_LE(w.server.connections, deaths + 10);
  w.world.run_for(12h);
  EXPECT_LE(of_poison(), deaths + 45) << "twice in an hour at most, and as pauses grow; the budget alone has one each five minutes";
  EXPECT_TRUE(w.messages["poison"].told.empty());
  w.server.deadly.clear();
  ASSERT_TRUE(w.wait_told(21, 2h)) << "it was lost";
  EXPECT_EQ(w.messages["poison"].status, THARSIS_OK);
}

// Goal: when a server that was silent for long is back, what is kept goes soon, and not all at once.
TEST(OutboxSim, WhenAServerIsBackAllGoWithinMinutes) {
  outbox_world w(36);
  w.settings.outbox.ttl = 72h;
  w.server.how = test::scripted_server::manner::mute_after_hello;
  w.begin();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(w.send("m" + std::to_string(i)), THARSIS_OK);
  w.world.run_for(2h);
  w.server.how = test::scripted_server::manner::honest;
  EXPECT_TRUE(w.wait_told(50, 10min)) << w.told();
  expect_each_once(w, 36, true);
}

// Goal: a task that is told as not kept is not sent by the next process. Method: the disk takes it but does not say so, and has no room for
// a new file; or it takes the new file and does not open it.
TEST(OutboxSim, WhatIsToldAsNotKeptIsNotSentByTheNextProcess) {
  for (const bool by_sync : {true, false}) {
    SCOPED_TRACE(by_sync);
    outbox_world w(37);
    w.server.how = test::scripted_server::manner::mute_after_hello;
    w.begin();
    ASSERT_EQ(w.send("a"), THARSIS_OK);
    w.world.run_for(1s);
    ASSERT_TRUE(w.messages["a"].safe);
    outbox_world::faults() = {true, !by_sync};
    if (by_sync) w.disk->capacity = w.disk->used() + w.disk->content(file)->size();
    ASSERT_EQ(w.send("b"), THARSIS_OK);
    ASSERT_TRUE(w.world.run_until([&] { return w.messages["b"].why == THARSIS_STN_NOT_KEPT; }, w.world.now() + 1s)) << w.messages["b"].reason;
    if (by_sync) w.end();  // Power that fails would take what was not synced.
    else w.kill();
    outbox_world::faults() = {};
    w.disk->capacity.reset();
    w.server.how = test::scripted_server::manner::honest;
    w.server.requests.clear();
    w.begin();
    ASSERT_TRUE(w.wait_told(1));
    w.world.run_for(10s);
    EXPECT_EQ(w.server.requests, std::vector<std::string>{"body of a"});
  }
}

TEST(OutboxSim, ARefusalIsAnAnswerAndALifeEnds) {
  outbox_world w(6);
  w.server.how = test::scripted_server::manner::refuse_tasks;
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  EXPECT_EQ(w.messages["a"].status, THARSIS_E_DENIED);
  EXPECT_NE(w.messages["a"].told_entries[0], 0u);
  w.server.how = test::scripted_server::manner::mute;
  ASSERT_EQ(w.send("b", 0, 30'000), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(2));
  EXPECT_EQ(w.messages["b"].why, uint32_t{THARSIS_STN_NO_TIME}) << w.messages["b"].reason;
}

TEST(OutboxSim, WishesThatADurableTaskCannotHave) {
  outbox_world w(7);
  w.begin();
  EXPECT_EQ(w.send(""), THARSIS_E_INVALID);
  EXPECT_NE(w.last_error.find("needs a key"), std::string::npos) << w.last_error;
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
}

TEST(OutboxSim, AnAdopterThatReleasesHearsItsLastWordAndTheNextHearsWhatIsOpen) {
  outbox_world w(8);
  w.acknowledges = false;
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  w.kill();
  auto& l = w.begin();
  w.world.run_for(1s);
  ASSERT_EQ(w.messages["a"].told.size(), 2u);
  l.app.on_strand([&] { l.dispatcher->durable().say(stn::task_letter::kind::release, l.adoption); });
  w.world.run_for(1s);
  EXPECT_EQ(l.released, 1u);
  w.adopt(l);
  w.world.run_for(1s);
  EXPECT_EQ(w.messages["a"].told.size(), 3u);
}

TEST(OutboxSim, TwoProcessesOnOneOutboxExcludeEachOther) {
  outbox_world w(9);
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  w.begin(false);
  w.world.run_for(100ms);
  EXPECT_TRUE(w.has_line("another process has the outbox /state/outbox"));
  ASSERT_EQ(w.send("b"), THARSIS_OK);
  w.world.run_for(1s);
  EXPECT_EQ(w.messages["b"].status, THARSIS_E_IN_USE);
  EXPECT_EQ(w.messages["b"].why, uint32_t{THARSIS_STN_NOT_KEPT});
  EXPECT_EQ(w.server.executions.count(w.messages["b"].text), 0u);
  w.end();
  w.lives.pop_back();
  ASSERT_EQ(w.send("c"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(2)) << "the first one was disturbed";
}

TEST(OutboxSim, AFullDiskRefusesNewTasksAndKeepsTheOthers) {
  outbox_world w(10);
  w.server.how = test::scripted_server::manner::mute_after_hello;
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  w.world.run_for(1s);
  w.disk->capacity = w.disk->used();
  ASSERT_EQ(w.send("b"), THARSIS_OK);
  w.world.run_for(5s);
  EXPECT_EQ(w.messages["b"].status, THARSIS_E_FULL) << w.messages["b"].reason;
  EXPECT_EQ(w.messages["b"].why, uint32_t{THARSIS_STN_NOT_KEPT});
  EXPECT_NE(w.messages["b"].reason.find("no space is left"), std::string::npos) << w.messages["b"].reason;
  w.server.how = test::scripted_server::manner::honest;
  ASSERT_TRUE(w.wait_told(1)) << "what was kept before waits for the disk";
  EXPECT_EQ(w.server.executions.count(w.messages["b"].text), 0u);
  w.disk->capacity.reset();
  w.world.run_for(5s);
  ASSERT_EQ(w.send("c"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(2)) << w.messages["c"].reason;
  w.world.run_for(5s);
  w.kill();
  w.begin();
  w.world.run_for(5s);
  EXPECT_EQ(w.messages["a"].told.size(), 1u) << "its acknowledgement was written when there was room";
}

TEST(OutboxSim, ADamagedFileIsKeptAsideAndWhatIsWholeOfItGoesOn) {
  outbox_world w(11);
  w.server.how = test::scripted_server::manner::mute;
  w.begin();
  for (const char* key : {"a", "b", "c"}) ASSERT_EQ(w.send(key), THARSIS_OK);
  w.world.run_for(1s);
  w.kill();
  std::string bytes = *w.disk->content(file);
  bytes[bytes.find("body of b")] = 'x';
  w.write(file, bytes);
  w.server.how = test::scripted_server::manner::honest;
  w.begin();
  ASSERT_TRUE(w.wait_told(2));
  EXPECT_TRUE(w.has_line("kept in /state/outbox.damaged"));
  EXPECT_EQ(w.disk->content(file + ".damaged"), bytes);
  EXPECT_TRUE(w.messages["b"].told.empty());
}

TEST(OutboxSim, AFileThatIsNoneOfOursIsKeptAside) {
  outbox_world w(12);
  w.write(file, "a poem");
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_told(1));
  EXPECT_EQ(w.disk->content(file + ".damaged"), "a poem");
}

TEST(OutboxSim, WithAKeyNothingOfATaskStandsInTheOpen) {
  outbox_world w(13);
  w.server.how = test::scripted_server::manner::mute;
  w.begin();
  ASSERT_EQ(w.send("a"), THARSIS_OK);
  w.world.run_for(1s);
  EXPECT_NE(w.disk->content(file)->find("body of a"), std::string::npos);
  w.kill();
  w.write("/state/key", std::string(64, '7') + "\n");
  w.settings.outbox.key_file = "/state/key";
  w.begin();
  ASSERT_EQ(w.send("b"), THARSIS_OK);
  w.world.run_for(1s);
  for (const char* text : {"body of a", "body of b", "main"}) EXPECT_EQ(w.disk->content(file)->find(text), std::string::npos) << text;
  w.kill();
  const auto sealed = w.disk->content(file);
  w.write("/state/key", std::string(64, '8'));
  w.begin();
  w.world.run_for(1s);
  EXPECT_TRUE(w.has_line("sealed with another key"));
  w.kill();
  EXPECT_EQ(w.disk->content(file), sealed) << "it was touched";
  w.write("/state/key", std::string(64, '7'));
  w.server.how = test::scripted_server::manner::honest;
  w.begin();
  ASSERT_TRUE(w.wait_told(2));
}

TEST(OutboxSim, ManyTasksOfOneProcessAreSentByTheNextNotAllAtOnceAndTheFileStaysSmall) {
  outbox_world w(14);
  w.server.how = test::scripted_server::manner::mute;
  w.begin();
  for (int i = 0; i < 300; ++i) ASSERT_EQ(w.send("m" + std::to_string(i), static_cast<uint64_t>(i % 3)), THARSIS_OK);
  w.world.run_for(1s);
  w.kill();
  w.server.how = test::scripted_server::manner::honest;
  w.begin();
  ASSERT_TRUE(w.wait_told(300));
  w.world.run_for(1s);
  expect_each_once(w, 14, true);
  expect_order(w, 14);
  EXPECT_TRUE(w.list().empty());
  w.kill();
  w.begin();
  w.world.run_for(1s);
  EXPECT_LT(w.disk->content(file)->size(), 200u);
}

// Goal: at whatever step a process dies, nothing that was on the disk is lost, nothing is carried out twice, and nothing is told again
// whose acknowledgement was on the disk. Method: a life sends some messages and loses power after a number of steps; at the
// end a last one lives until all is told.
TEST(OutboxSim, AnyStepMayBeTheLast) {
  test::for_each_seed(test::seeds(400), [](uint64_t seed) {
    std::mt19937_64 random(seed);
    outbox_world w(seed);
    int number = 0;
    for (size_t deaths = 1 + random() % 4; deaths > 0; --deaths) {
      w.begin();
      const uint64_t last = w.world.steps() + 1 + random() % 400;
      if (random() % 3 == 0) w.server.unanswered = static_cast<int>(random() % 3);
      for (size_t n = 1 + random() % 4; n > 0 && w.world.steps() < last; --n) {
        w.send("m" + std::to_string(++number), random() % 3);
        const uint64_t until = std::min(last, w.world.steps() + random() % 100);
        w.world.run_until([&] { return w.world.steps() >= until; }, w.world.now() + 2s);
      }
      w.world.run_until([&] { return w.world.steps() >= last; }, w.world.now() + 20s);
      w.kill();
    }
    w.begin();
    w.world.run_for(2min);
    EXPECT_TRUE(w.list().empty()) << "seed " << seed;
    expect_each_once(w, seed, true);
    expect_order(w, seed);
  });
}

// The same while the disk is full, breaks in the middle of a write, or fails altogether, now and then.
TEST(OutboxSim, DisksThatFailCostNoTaskThatWasSafe) {
  test::for_each_seed(test::seeds(300), [](uint64_t seed) {
    std::mt19937_64 random(seed);
    outbox_world w(seed);
    int number = 0;
    for (size_t lives = 1 + random() % 3; lives > 0; --lives) {
      w.begin();
      w.world.run_for(100ms);
      for (size_t n = 2 + random() % 6; n > 0; --n) {
        const uint64_t fault = random() % 5;
        w.disk->torn = fault == 0;
        w.disk->broken = fault == 1;
        if (fault == 2) w.disk->capacity = w.disk->used() + random() % 300;
        else w.disk->capacity.reset();
        w.send("m" + std::to_string(++number), random() % 3);
        w.world.run_for(std::chrono::milliseconds(random() % 4000));
      }
      w.disk->torn = w.disk->broken = false;
      w.disk->capacity.reset();
      if (random() % 2) w.world.run_for(5s);
      if (random() % 2) w.kill();
      else w.end();
    }
    w.begin();
    w.world.run_for(3min);
    EXPECT_TRUE(w.list().empty()) << "seed " << seed;
    expect_each_once(w, seed, false);
  });
}
