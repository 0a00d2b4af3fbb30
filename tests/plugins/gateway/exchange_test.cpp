#include "plugins/gateway/core/exchange.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "plugins/gateway/core/listen.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using gateway::exchange;

namespace {

constexpr instant t0{};
const std::string ann_id(32, 'a'), bob_id(32, 'b');

std::vector<uint8_t> line(const std::string& text, const std::string& topic = "0") {
  return encode(mars::send_message_request{"", "ann", "all", text, topic});
}
mars::frame keyed(const std::string& key, const std::string& text, uint32_t sequence = 1) {
  return {mars::command_send_message, sequence, line(text), {key.begin(), key.end()}, {}};
}
mars::frame hello(const std::string& id) {
  return {mars::command_hello, 1, encode(mars::hello_request{"ann", id, {}}), {}, {}};
}

struct bench {
  explicit bench(const gateway::settings& s = {}) : shared(s) {
    for (uint64_t c : {1u, 2u, 3u}) shared.on_connect(c);
  }
  // What was delivered to this connection since the last call.
  std::vector<mars::frame> got(uint64_t connection) {
    for (auto& d : shared.take_deliveries()) inbox[d.connection].push_back(*d.what);
    return std::exchange(inbox[connection], {});
  }
  // To one request, whatever pushes came before it.
  mars::frame answer(uint64_t connection, const mars::frame& request, instant now = t0) {
    got(connection);
    shared.on_request(connection, request, now);
    const auto frames = got(connection);
    EXPECT_EQ(frames.size(), 1u);
    return frames.empty() ? mars::frame{} : frames[0];
  }
  mars::statistics_response statistics(uint64_t connection) {
    return *mars::decode<mars::statistics_response>(answer(connection, {mars::command_statistics, 9, {}, {}, {}}).body);
  }
  exchange shared;
  std::map<uint64_t, std::vector<mars::frame>> inbox;
};

}  // namespace

TEST(GatewayExchange, GreetsLikeTheSampleServer) {
  bench b;
  const auto response = mars::decode<mars::hello_response>(b.answer(1, hello(ann_id)).body);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->retcode, 0);
  EXPECT_EQ(response->errmsg, "congratulations, ann");
  EXPECT_EQ(response->heartbeat_ms, 0);
  const auto big = mars::decode<mars::hello_response>(
      b.answer(1, {mars::command_hello2, 2, encode(mars::hello_request{"ann", "64KB", {}}), {}, {}}).body);
  EXPECT_EQ(big->errmsg, "hello mars");
  EXPECT_EQ(big->dump_content.size(), 65536u);
}

TEST(GatewayExchange, SaysHowOftenToPingWhereTheProfileDoes) {
  gateway::settings s;
  s.heartbeat = 30s;
  bench b(s);
  EXPECT_EQ(mars::decode<mars::hello_response>(b.answer(1, hello(ann_id)).body)->heartbeat_ms, 30'000);
}

TEST(GatewayExchange, SaysThatItRemembersKeysToWhomItKnows) {
  bench b;
  EXPECT_EQ(mars::decode<mars::hello_response>(b.answer(1, hello(ann_id)).body)->keys_kept_ms, 0) << "it was not told so";
  b.shared.name_memory({1, 2, 3, 4, 5, 6, 7, 8});
  const auto told = mars::decode<mars::hello_response>(b.answer(1, hello(ann_id)).body);
  EXPECT_EQ(told->keys_kept_ms, 600'000);
  EXPECT_EQ(told->keys_memory, (mars::bytes{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(mars::decode<mars::hello_response>(b.answer(2, hello("no id")).body)->keys_kept_ms, 0) << "its keys are forgotten with its connection";
}

// As long as an outbox may try; the message has no number for that.
TEST(GatewayExchange, WhatIsRememberedForLongIsNotToldAsLessThanNothing) {
  gateway::settings s;
  s.keep.time = 24h * 365;
  bench b(s);
  b.shared.name_memory({1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(mars::decode<mars::hello_response>(b.answer(1, hello(ann_id)).body)->keys_kept_ms, INT32_MAX);
}

TEST(GatewayExchange, WhereThatIsToldATaskWithoutAPlaceHearsWhenThereIsOne) {
  gateway::settings s;
  s.keep.told = true;
  s.keep.keys = 1;
  bench b(s);
  b.answer(1, hello(ann_id));
  EXPECT_TRUE(b.answer(1, keyed("k1", "one")).refusal.empty());
  const mars::frame refused = b.answer(1, keyed("k2", "two"), t0 + 4min);
  EXPECT_FALSE(refused.refusal.empty());
  EXPECT_EQ(refused.retry_after_ms, 6u * 60 * 1000);
  EXPECT_TRUE(b.answer(1, keyed("k1", "one"), t0 + 4min).refusal.empty());
  EXPECT_EQ(b.statistics(1).executions, 1u);
}

TEST(GatewayExchange, EchoesAnyBodyWithoutAHelloAndWithoutCountingAMessage) {
  bench b;
  for (const size_t size : {0u, 1u, 4096u, 65536u}) {
    const std::vector<uint8_t> body(size, 0xFF);
    const mars::frame echo = b.answer(1, {mars::command_echo, 7, body, {'k'}, {}});
    EXPECT_EQ(echo.command, mars::command_echo);
    EXPECT_EQ(echo.sequence, 7u);
    EXPECT_EQ(echo.body, body);
    EXPECT_EQ(echo.refusal, "");
  }
  EXPECT_EQ(b.shared.messages(), 0u);
}

TEST(GatewayExchange, EchoesNoopsAsTheyAre) {
  bench b;
  const mars::frame pong = b.answer(2, {mars::command_noop, mars::sequence_noop, {1, 2}, {}, {}});
  EXPECT_EQ(pong.command, mars::command_noop);
  EXPECT_EQ(pong.sequence, mars::sequence_noop);
  EXPECT_EQ(pong.body, (std::vector<uint8_t>{1, 2}));
}

TEST(GatewayExchange, AMessageIsEchoedToItsSenderAndPushedToEverybodyElseInTheTopic) {
  bench b;
  const mars::frame echo = b.answer(1, keyed("k", "up", 77));
  EXPECT_EQ(echo.sequence, 77u);
  EXPECT_EQ(mars::decode<mars::send_message_response>(echo.body)->text, "up");
  for (uint64_t other : {2u, 3u}) {
    const auto pushes = b.got(other);
    ASSERT_EQ(pushes.size(), 1u);
    EXPECT_EQ(pushes[0].command, mars::command_push);
    EXPECT_EQ(pushes[0].sequence, mars::sequence_push);
    EXPECT_EQ(mars::decode<mars::message_push>(pushes[0].body)->content, "up");
  }
}

TEST(GatewayExchange, OnlyMembersHearOfAJoinedTopic) {
  bench b;
  const auto joined = mars::decode<mars::topic_response>(
      b.answer(2, {mars::command_join_topic, 1, encode(mars::topic_request{"olympus"}), {}, {}}).body);
  EXPECT_EQ(joined->err_code, 0);
  b.shared.on_request(1, {mars::command_send_message, 1, line("hi", "olympus"), {}, {}}, t0);
  EXPECT_EQ(b.got(2).size(), 1u);
  EXPECT_TRUE(b.got(3).empty());
}

TEST(GatewayExchange, TopicsAreBounded) {
  bench b;
  const auto join = [&](const std::string& name) {
    return mars::decode<mars::topic_response>(
               b.answer(1, {mars::command_join_topic, 1, encode(mars::topic_request{name}), {}, {}}).body)
        ->err_code;
  };
  EXPECT_EQ(join(std::string(gateway::topic_name_max + 1, 'x')), -1);
  size_t joined = 3;  // "0", "1" and "2".
  while (join("t" + std::to_string(joined)) == 0 && joined < 1000) ++joined;
  EXPECT_EQ(joined, gateway::topics_per_connection);
  EXPECT_EQ(join("t3"), 0);  // One that it is in already.
}

TEST(GatewayExchange, ARepeatOnANewConnectionIsAnsweredAndNotPushedAgain) {
  bench b;
  b.answer(1, hello(ann_id));
  b.answer(1, keyed("k", "up", 5));
  b.shared.on_close(1);
  b.got(3);
  b.answer(2, hello(ann_id));
  const mars::frame again = b.answer(2, keyed("k", "up", 6));
  EXPECT_EQ(again.sequence, 6u);
  EXPECT_EQ(mars::decode<mars::send_message_response>(again.body)->text, "up");
  EXPECT_TRUE(b.got(3).empty());
  const auto s = b.statistics(2);
  EXPECT_EQ(s.executions, 1u);
  EXPECT_EQ(s.repeats, 1u);
}

TEST(GatewayExchange, AnotherBodyUnderAKnownKeyIsRefusedWithASentence) {
  bench b;
  b.answer(1, keyed("k", "up"));
  const mars::frame refused = b.answer(1, keyed("k", "down"));
  EXPECT_NE(refused.refusal.find("this key was used for another request"), std::string::npos);
  EXPECT_TRUE(refused.body.empty());
  EXPECT_EQ(b.statistics(1).refusals, 1u);
}

TEST(GatewayExchange, ClientsWithoutAnIdAreKnownByTheirConnectionOnly) {
  bench b;
  b.answer(1, hello("no id"));
  b.answer(2, hello("no id"));
  b.answer(1, keyed("k", "up"));
  EXPECT_EQ(b.statistics(2).executions, 0u);
  b.answer(2, keyed("k", "down"));
  EXPECT_EQ(b.statistics(1).executions, 1u);
  EXPECT_EQ(b.statistics(2).executions, 1u);
}

TEST(GatewayExchange, DamagedMessagesAreAnsweredWithTheReason) {
  bench b;
  const auto response = mars::decode<mars::send_message_response>(
      b.answer(1, {mars::command_send_message, 1, {0x0A}, {}, {}}).body);
  EXPECT_EQ(response->err_code, -1);
  EXPECT_NE(response->err_msg.find("SendMessageRequest"), std::string::npos);
  EXPECT_EQ(mars::decode<mars::hello_response>(b.answer(1, {mars::command_hello, 1, {}, {}, {}}).body)->retcode, -1);
  EXPECT_EQ(mars::decode<mars::topic_response>(b.answer(1, {mars::command_join_topic, 1, {}, {}, {}}).body)->err_code, -1);
  EXPECT_EQ(mars::decode<mars::hello_response>(
                b.answer(1, {mars::command_hello, 1, encode(mars::hello_request{std::string(2000, 'x'), "", {}}), {}, {}})
                    .body)->retcode, -1);
}

TEST(GatewayExchange, UnknownCommandsAreIgnoredAndToldOnce) {
  bench b;
  EXPECT_NE(b.shared.on_request(1, {4711, 1, {}, {}, {}}, t0).find("4711"), std::string::npos);
  EXPECT_TRUE(b.shared.on_request(1, {4712, 1, {}, {}, {}}, t0).empty());
  EXPECT_TRUE(b.got(1).empty());
}

TEST(GatewayExchange, APeersNameCannotForgeALogLine) {
  bench b;
  const std::string said = b.shared.on_request(
      1, {mars::command_hello, 1, encode(mars::hello_request{"eve\nERROR all is lost\x1b[2J", "", {}}), {}, {}}, t0);
  EXPECT_EQ(said.find('\n'), std::string::npos);
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST(GatewayExchange, ARepeatThatComesWhileTheWorkIsUnderWayIsAnsweredWhenItIsDone) {
  gateway::settings s;
  s.work = 100ms;
  bench b(s);
  for (uint64_t c : {1u, 2u}) b.answer(c, hello(ann_id));
  b.shared.on_request(1, keyed("k", "up", 5), t0);
  b.shared.on_close(1);
  b.shared.on_request(2, keyed("k", "up", 6), t0 + 50ms);
  EXPECT_TRUE(b.got(2).empty());
  EXPECT_EQ(b.shared.deadline(), t0 + 100ms);
  b.shared.on_deadline(t0 + 100ms);
  const auto frames = b.got(2);
  ASSERT_EQ(frames.size(), 1u) << "a client is not pushed what it has said itself, by whichever connection";
  EXPECT_EQ(frames[0].sequence, 6u);
  EXPECT_EQ(b.statistics(2).executions, 1u);
  EXPECT_EQ(b.shared.deadline(), never);
}

TEST(GatewayExchange, TheOutageComesOnceAfterItsMessagesAndPasses) {
  gateway::settings s;
  s.outage.after_messages = 3;
  bench b(s);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(b.shared.out(t0));
    b.shared.on_request(1, keyed("k" + std::to_string(i), "up"), t0);
  }
  EXPECT_TRUE(b.shared.out(t0 + 2s - 1ns));
  EXPECT_EQ(b.shared.planned().deadline(t0), t0 + 2s);
  EXPECT_FALSE(b.shared.out(t0 + 2s));
  for (int i = 4; i < 20; ++i) b.shared.on_request(1, keyed("k" + std::to_string(i), "up"), t0 + 3s);
  EXPECT_FALSE(b.shared.out(t0 + 3s));
}

// Goal: whatever clients do, each (client, key) is carried out once and every request on a living
// connection is answered once. Method: random connections that come, say who they are, send, repeat
// and go, with work that takes time, against a plain count.
TEST(GatewayExchange, NoScheduleCarriesAKeyOutTwiceOrLosesAnAnswer) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    gateway::settings s;
    s.work = random() % 2 == 0 ? duration{} : 50ms;
    exchange shared(s);
    std::map<uint64_t, std::map<uint32_t, int>> open;  // Connection, sequence: answers.
    std::set<std::string> keys[2];
    uint64_t next_connection = 0;
    uint32_t sequence = 0;
    instant now = t0;
    const auto collect = [&] {
      for (const auto& d : shared.take_deliveries())
        if (d.what->command == mars::command_send_message && open.count(d.connection) > 0)
          ++open[d.connection][d.what->sequence];
    };
    const auto settle = [&](uint64_t c) {
      for (const auto& [number, answers] : open[c]) ASSERT_LE(answers, 1) << "seed " << seed;
    };
    for (int i = 0; i < 300; ++i) {
      now += duration(static_cast<int64_t>(random() % 20) * 1ms);
      shared.on_deadline(now);
      collect();
      if (open.size() < 2 || random() % 10 == 0) {
        const uint64_t c = ++next_connection;
        shared.on_connect(c);
        shared.on_request(c, hello(c % 2 == 0 ? ann_id : bob_id), now);
        open[c];
      } else if (random() % 10 == 0) {
        const uint64_t c = open.begin()->first;
        settle(c);
        shared.on_close(c);
        open.erase(c);
      } else {
        const auto at = std::next(open.begin(), static_cast<ptrdiff_t>(random() % open.size()));
        const std::string key = "k" + std::to_string(random() % 30);
        keys[at->first % 2].insert(key);
        at->second[++sequence] = 0;
        shared.on_request(at->first, keyed(key, "same", sequence), now);
      }
      collect();
    }
    shared.on_deadline(now + 1s);
    collect();
    for (const auto& [c, requests] : open) {
      for (const auto& [number, answers] : requests) ASSERT_EQ(answers, 1) << "seed " << seed;
      ASSERT_EQ(shared.counted(c).executions, keys[c % 2].size()) << "seed " << seed;
    }
  }
}

TEST(GatewayListen, OnlyLoopbackUnlessTheProfileSaysOtherwise) {
  const auto status = [](const std::string& listen, bool open = false, bool plain = false) {
    gateway::settings s;
    s.listen = listen;
    s.open = open;
    s.plain_allowed = plain;
    return gateway::place_to_listen(s).status();
  };
  EXPECT_EQ(status("tcps://127.0.0.1:1"), THARSIS_OK);
  EXPECT_EQ(status("tcp://[::1]:1"), THARSIS_OK);
  EXPECT_EQ(status("tcp://localhost:1"), THARSIS_OK);
  EXPECT_EQ(status("tcps://0.0.0.0:1"), THARSIS_E_DENIED);
  EXPECT_EQ(status("tcps://0.0.0.0:1", true), THARSIS_OK);
  EXPECT_EQ(status("tcp://192.0.2.1:1", true), THARSIS_E_DENIED);
  EXPECT_EQ(status("tcp://192.0.2.1:1", true, true), THARSIS_OK);
  EXPECT_EQ(status("http://127.0.0.1:1"), THARSIS_E_INVALID);
  EXPECT_EQ(status("tcp://im.example.com:1"), THARSIS_E_INVALID);
}
