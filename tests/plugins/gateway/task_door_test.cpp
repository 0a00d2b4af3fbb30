// Goal: a task over HTTP is carried out as one over a connection is, and once for its key; what is no task is answered
// with what it should have been.
#include <gtest/gtest.h>

#include "plugins/gateway/core/task_rules.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/task_set.h"
#include "sdk/sim/world.h"
#include "tests/plugins/gateway/stage.h"

using namespace tharsis;
using namespace tharsis::test;
using gateway::http_refusal;
using gateway::http_task;

namespace {

http_task understood(const std::string& path, const http1::field_list& fields = {}) {
  auto t = gateway::understand_task("POST", path, fields);
  EXPECT_TRUE(std::holds_alternative<http_task>(t)) << std::get<http_refusal>(t).sentence;
  return std::holds_alternative<http_task>(t) ? std::get<http_task>(t) : http_task{};
}
int refused(const std::string& method, const std::string& path, const http1::field_list& fields = {}) {
  const auto t = gateway::understand_task(method, path, fields);
  return std::holds_alternative<http_refusal>(t) ? std::get<http_refusal>(t).status : 0;
}

struct asked {
  std::string method = "POST", path, body;
  http1::field_list fields;
  std::optional<result<http1_answer>> answer;
};

// The gateway with its HTTP end, and a client that keeps one connection for each question.
struct door_scene {
  explicit door_scene(gateway::settings s = plain())
      : world(7), server(world.add_machine("server", {"10.0.0.1"})), clients(world.add_machine("clients", {"10.0.0.2"})),
        gate(server.platform(), THARSIS_STRAND_SHARED, "/state/gateway", s), strand_(open_strand(clients.platform(), THARSIS_STRAND_SHARED)) {
    EXPECT_TRUE(until([&] { return gate.host.ready; })) << gate.host.failure;
    run_on(strand_, [this] {
      place.emplace(strand_.loop);
      work.emplace(*place);
    });
  }
  ~door_scene() {
    run_on(strand_, [this] {
      work.reset();
      place.reset();
      strand_.close(strand_.self);
      gone = true;
    });
    gate.stop();
    EXPECT_TRUE(until([&] { return gate.host.stopped && gone; }));
    gate.end();
    EXPECT_TRUE(until([&] { return gate.ended; }));
  }
  static gateway::settings plain() {
    gateway::settings s;
    s.listen = "tcp://10.0.0.1:1000";
    s.http.listen = "http://10.0.0.1:80";
    s.open = s.plain_allowed = true;
    return s;
  }
  bool until(const std::function<bool()>& done, duration limit = 1h) { return world.run_until(done, world.now() + limit); }
  asked& begin(asked a) {
    all.push_back(std::make_unique<asked>(std::move(a)));
    asked* const one = all.back().get();
    run_on(strand_, [this, one] { work->spawn(ask(one)); });
    return *one;
  }
  // Status and body; 0 where there was no answer.
  std::pair<int, std::string> post(const std::string& path, const std::string& body, const http1::field_list& fields = {}) {
    asked& a = begin({"POST", path, body, fields, {}});
    EXPECT_TRUE(until([&] { return a.answer.has_value(); }));
    if (!*a.answer) return {0, a.answer->failure().text};
    return {(*a.answer)->head.status, (*a.answer)->body};
  }
  task<void> ask(asked* a) {
    tharsis_address to = *parse_ip("10.0.0.1");
    to.port = 80;
    auto wire = co_await dial_tcp(*place, *strand_.net, to, later(place->now(), 10s));
    if (!wire) {
      a->answer = wire.failure();
      co_return;
    }
    http1_client client(*place, std::move(*wire), *parse_url("http://10.0.0.1/"));
    http1_request request;
    request.head = {a->method, a->path, a->fields};
    request.body = a->body;
    a->answer = co_await client.exchange(std::move(request), 1 << 20, later(place->now(), 60s));
  }

  sim::world world;
  sim::machine& server;
  sim::machine& clients;
  running_gateway gate;
  const tharsis_strand& strand_;
  std::optional<strand> place;
  std::optional<task_set> work;
  std::vector<std::unique_ptr<asked>> all;
  bool gone = false;
};

std::string message_body(const std::string& text) {
  const auto bytes = encode(mars::send_message_request{"", "ann", "all", text, "0"});
  return {bytes.begin(), bytes.end()};
}
std::string text_in(const std::string& body) {
  const auto m = mars::decode<mars::send_message_response>({reinterpret_cast<const uint8_t*>(body.data()), body.size()});
  return m ? m->text : "no message";
}
uint64_t executions(door_scene& s, const http1::field_list& fields = {}) {
  const auto [status, body] = s.post("/mars/statistics", "", fields);
  EXPECT_EQ(status, 200);
  const auto told = mars::decode<mars::statistics_response>({reinterpret_cast<const uint8_t*>(body.data()), body.size()});
  return told ? told->executions : 999;
}

}  // namespace

TEST(TaskRules, PathsNameCommandsAndFieldsTheirKeyAndClient) {
  EXPECT_EQ(understood("/mars/echo").command, mars::command_echo);
  EXPECT_EQ(understood("/mars/100").command, mars::command_echo);
  EXPECT_EQ(understood("/mars/sendmessage").command, mars::command_send_message);
  const http_task t = understood("/mars/echo", {{"idempotency-key", "6B00ff"}, {"Client-Id", "ann"}});
  EXPECT_EQ(t.key, (std::vector<uint8_t>{0x6b, 0, 0xff}));
  EXPECT_EQ(t.client, "ann");
  EXPECT_TRUE(understood("/mars/echo").key.empty());
}

TEST(TaskRules, WhatIsNoTaskIsRefusedWithAStatus) {
  for (const char* path : {"/", "/mars/", "/mars", "/mars/echo/", "/mars/jointopic", "/mars/5", "/mars/6", "/mars/99999999999999999999", "/mars/-1", "mars/echo", ""})
    EXPECT_EQ(refused("POST", path), 404) << path;
  for (const char* method : {"GET", "PUT", "HEAD", "post"}) EXPECT_EQ(refused(method, "/mars/echo"), 405) << method;
  for (const std::string& key : {std::string(), std::string("6"), std::string("zz"), std::string("6b 6"), std::string(130, 'a')})
    EXPECT_EQ(refused("POST", "/mars/echo", {{"Idempotency-Key", key}}), 400) << key;
  EXPECT_EQ(refused("POST", "/mars/echo", {{"Client-Id", std::string(65, 'c')}}), 400);
}

TEST(TaskDoor, AnEchoComesBackAndMessagesAreCarriedOut) {
  door_scene s;
  EXPECT_EQ(s.post("/mars/echo", "hello"), (std::pair<int, std::string>{200, "hello"}));
  EXPECT_EQ(s.post("/mars/100?x=1", std::string(1 << 19, 'b')).second.size(), size_t{1} << 19);
  const auto [status, body] = s.post("/mars/sendmessage", message_body("good morning"));
  EXPECT_EQ(status, 200);
  EXPECT_EQ(text_in(body), "good morning");
}

TEST(TaskDoor, AKeyIsCarriedOutOnceAndNamesOnePieceOfWork) {
  gateway::settings slow = door_scene::plain();
  slow.work = 200ms;
  door_scene s(slow);
  const http1::field_list key{{"Idempotency-Key", "0102"}};
  asked& first = s.begin({"POST", "/mars/sendmessage", message_body("once"), key, {}});
  asked& meanwhile = s.begin({"POST", "/mars/sendmessage", message_body("once"), key, {}});
  ASSERT_TRUE(s.until([&] { return first.answer && meanwhile.answer; }, 10s)) << "the message was never carried out";
  const auto [status, body] = s.post("/mars/sendmessage", message_body("once"), key);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(text_in(body), "once");
  EXPECT_EQ((*first.answer)->body, body);
  EXPECT_EQ((*meanwhile.answer)->body, body);
  EXPECT_EQ(executions(s), 1u);
  const auto [conflict, sentence] = s.post("/mars/sendmessage", message_body("another"), key);
  EXPECT_EQ(conflict, 409);
  EXPECT_NE(sentence.find("a key names one piece of work"), std::string::npos);
  // Another client's key is another key.
  http1::field_list bobs = key;
  bobs.push_back({"Client-Id", "bob"});
  EXPECT_EQ(s.post("/mars/sendmessage", message_body("another"), bobs).first, 200);
  EXPECT_EQ(executions(s, {{"Client-Id", "bob"}}), 1u);
}

// A client that says over HTTP who it is on its connections is the same client there.
TEST(TaskDoor, AKeyCountsOverBothKindsOfLink) {
  door_scene s;
  const std::string id(32, 'a');
  tharsis_address to = *parse_ip("10.0.0.1");
  to.port = 1000;
  peer p(s.clients.platform(), THARSIS_STRAND_SHARED, to);
  p.send(hello(id));
  p.send(message(2, "once", std::string("\1\2", 2)));
  ASSERT_TRUE(s.until([&] { return p.count(mars::command_send_message) == 1; }));
  EXPECT_EQ(s.post("/mars/sendmessage", message_body("once"), {{"Idempotency-Key", "0102"}, {"Client-Id", id}}).first, 200);
  EXPECT_EQ(executions(s, {{"Client-Id", id}}), 1u);
  p.end();
  EXPECT_TRUE(s.until([&] { return p.ended; }));
}

TEST(TaskDoor, WhatIsNoTaskIsToldSoAndHarmsNobody) {
  door_scene s;
  EXPECT_EQ(s.post("/nothing", "x").first, 404);
  EXPECT_EQ(s.post("/mars/sendmessage", "no message").first, 200) << "the answer says what is wrong, as over a connection";
  EXPECT_EQ(s.post("/mars/echo", "x", {{"Idempotency-Key", "what"}}).first, 400);
  EXPECT_EQ(s.post("/mars/echo", std::string(2 << 20, 'x')).first, 413);
  asked& get = s.begin({"GET", "/mars/echo", "", {}, {}});
  ASSERT_TRUE(s.until([&] { return get.answer.has_value(); }));
  EXPECT_EQ((*get.answer)->head.status, 405);
  EXPECT_EQ(s.post("/mars/echo", "still there").second, "still there");
}

TEST(TaskDoor, APlannedOutageIsOneHereToo) {
  gateway::settings planned = door_scene::plain();
  planned.outage.after_messages = 1;
  planned.outage.lasts = 5s;
  door_scene s(planned);
  const asked& begins_it = s.begin({"POST", "/mars/sendmessage", message_body("one"), {}, {}});
  s.world.run_for(1s);
  const asked& within = s.begin({"POST", "/mars/echo", "after", {}, {}});
  s.world.run_for(3s);
  EXPECT_FALSE(begins_it.answer.has_value() || within.answer.has_value()) << "nothing is said";
  EXPECT_TRUE(s.until([&] { return begins_it.answer && within.answer; }, 10s));
  ASSERT_TRUE(begins_it.answer && *begins_it.answer && within.answer && *within.answer);
  EXPECT_EQ((*begins_it.answer)->head.status, 200);
  EXPECT_EQ((*within.answer)->body, "after");
}

TEST(TaskDoor, StoppingWithTasksUnderWayEndsThem) {
  gateway::settings slow = door_scene::plain();
  slow.work = 30s;
  door_scene s(slow);
  s.begin({"POST", "/mars/sendmessage", message_body("never"), {}, {}});
  s.until([] { return false; }, 1s);
}

TEST(TaskDoor, AClientThatAsksTooOftenGets429AndWhenToComeAgain) {
  gateway::settings numbers = door_scene::plain();
  numbers.http.requests_per_second = 2;
  door_scene s(numbers);
  EXPECT_EQ(s.post("/mars/echo", "1").first, 200);
  EXPECT_EQ(s.post("/mars/echo", "2").first, 200);
  asked& third = s.begin({"POST", "/mars/echo", "3", {}, {}});
  ASSERT_TRUE(s.until([&] { return third.answer.has_value(); }));
  ASSERT_TRUE(*third.answer);
  EXPECT_EQ((*third.answer)->head.status, 429);
  EXPECT_EQ(http1::value_of((*third.answer)->head.fields, "Retry-After"), "1");
  EXPECT_EQ(s.post("/mars/echo", "4", {{"Client-Id", "another"}}).first, 200);
  s.world.run_for(1s);
  EXPECT_EQ(s.post("/mars/echo", "5").first, 200);
}

TEST(TaskDoor, WhileItIsDrainedWhatWasAskedIsAnsweredAndTheConnectionEnds) {
  gateway::settings numbers = door_scene::plain();
  numbers.drain.within = 10s;
  numbers.work = 1s;
  door_scene s(numbers);
  asked& a = s.begin({"POST", "/mars/sendmessage", message_body("x"), {}, {}});
  s.world.run_for(200ms);
  s.gate.stop();
  asked& late = s.begin({"POST", "/mars/echo", "late", {}, {}});
  ASSERT_TRUE(s.until([&] { return a.answer && late.answer; }, 5s));
  ASSERT_TRUE(*a.answer) << a.answer->failure().text;
  EXPECT_EQ((*a.answer)->head.status, 200);
  EXPECT_EQ(http1::value_of((*a.answer)->head.fields, "Connection"), "close");
  EXPECT_FALSE(*late.answer);
  ASSERT_TRUE(s.until([&] { return s.gate.host.stopped; }, 2s));
}
