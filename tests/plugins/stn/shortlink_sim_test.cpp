// The short link against servers of every kind, in a simulated world.
#include "tests/plugins/stn/short_world.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/weather.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

void expect(const task_end& e, tharsis_status status, uint32_t http_status, std::string_view part = {}) {
  EXPECT_EQ(e.answers, 1);
  EXPECT_EQ(status_name(e.status), status_name(status)) << e.reason;
  EXPECT_EQ(e.http_status, http_status);
  EXPECT_NE(e.reason.find(part), std::string::npos) << e.reason;
}

task<void> tell_request(http1_exchange& x) {
  auto body = co_await x.read_all(1 << 20);
  if (!body) co_return;
  std::string text = x.request().method + " " + x.request().target;
  for (const http1::field& f : x.request().fields) text += "|" + f.name + ": " + f.value;
  co_await x.answer(200, text + "|" + *body);
}

task<void> tell_name(std::string name, http1_exchange& x) {
  auto body = co_await x.read_all(1 << 20);
  if (body) co_await x.answer(200, name);
}

}  // namespace

TEST(ShortlinkSim, ATaskIsOnePostInMarsForm) {
  short_world w(1);
  w.serve(tell_request);
  w.open();
  const task_end& e = w.over({"/mars/send?x=1", "hello", "k", {{"X-Own", "1"}, {"content-type", "text/x"}}});
  expect(e, THARSIS_OK, 200);
  EXPECT_EQ(e.sends, 1u);
  EXPECT_TRUE(e.body.starts_with("POST /mars/send?x=1|Host: web.test|X-Own: 1|content-type: text/x|")) << e.body;
  for (const char* part : {"|Accept: */*|", "|Cache-Control: no-cache|", "|Content-Length: 5|", "|Connection: keep-alive|", "|Idempotency-Key: 6b|"})
    EXPECT_NE(e.body.find(part), std::string::npos) << part << " in " << e.body;
  EXPECT_TRUE(e.body.ends_with("|hello"));
  EXPECT_EQ(e.body.find("octet-stream"), std::string::npos) << "a task's header is stronger";
  EXPECT_GT(e.times.connect, duration::zero());
}

TEST(ShortlinkSim, ConnectionsAreKeptOrNotAsTheProfileSays) {
  short_world kept(2);
  kept.serve(tell_request);
  kept.open();
  for (int i = 0; i < 5; ++i) expect(kept.over({}), THARSIS_OK, 200);
  EXPECT_EQ(kept.servers.accepted, 1u);
  short_world closed(2);
  closed.link.keep_alive = false;
  closed.serve(tell_request);
  closed.open();
  for (int i = 0; i < 5; ++i) expect(closed.over({}), THARSIS_OK, 200);
  EXPECT_EQ(closed.servers.accepted, 5u);
}

TEST(ShortlinkSim, AStatusOtherThan200IsAnErrorWithTheStatus) {
  short_world w(3);
  const std::vector<std::pair<int, tharsis_status>> all = {{201, THARSIS_E_DENIED}, {302, THARSIS_E_DENIED}, {404, THARSIS_E_DENIED},
                                                           {429, THARSIS_E_BUSY}, {500, THARSIS_E_BUSY}, {503, THARSIS_E_BUSY}};
  w.link.endpoints.clear();
  for (const auto& [status, expected] : all) {
    w.say("HTTP/1.1 " + std::to_string(status) + " X\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhm", false, {}, static_cast<uint16_t>(status));
  }
  w.link.endpoints = {*parse_url("http://web.test:404/")};
  w.open();
  expect(w.over({}), THARSIS_E_DENIED, 404, "status 404");
  EXPECT_EQ(w.ends.back().sends, 1u) << "an answer is an answer: nothing is tried again";
  for (const auto& [status, expected] : all) EXPECT_EQ(stn::status_of_answer(status), expected) << status;
}

// stn.md, 3.2: Mars takes it for a failure.
TEST(ShortlinkSim, AResponseThatEndsByCloseIsAResponse) {
  short_world w(4);
  w.say("HTTP/1.1 200 OK\r\n\r\nto the end", true);
  w.open();
  const task_end& e = w.over({});
  expect(e, THARSIS_OK, 200);
  EXPECT_EQ(e.body, "to the end");
}

// Defect 3 of Mars: a host without addresses has its network thread go round for ever.
TEST(ShortlinkSim, Defect3AHostWithoutAddressesEndsTheTask) {
  short_world w(5);
  w.link.endpoints = {*parse_url("http://nowhere.test/")};
  w.open();
  const task_end& e = w.over({});
  expect(e, THARSIS_E_NOT_FOUND, 0, "nowhere.test");
  EXPECT_LT(e.took, 3s);
  EXPECT_EQ(e.sends, 0u);
  EXPECT_LT(w.world.steps(), 500u) << "something goes round";
}

// Defect 4: a name that cannot be resolved leaves the task to its timeout.
TEST(ShortlinkSim, Defect4ANameThatCannotBeResolvedIsToldAtOnce) {
  short_world w(6);
  w.client_machine.like().names_fail = true;
  w.open();
  const task_end& e = w.over({});
  EXPECT_EQ(e.answers, 1);
  EXPECT_NE(e.status, THARSIS_OK);
  EXPECT_NE(e.status, THARSIS_E_TIMEOUT) << e.reason;
  EXPECT_LT(e.took, 3s);
}

// Defect 15: an error of the application's bans the address, and a healthy server is left.
TEST(ShortlinkSim, Defect15AnAnswerSaysNothingAgainstItsHost) {
  short_world w(7);
  w.say("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", true, {}, 81);
  w.say("this is no HTTP at all\r\n\r\n", true, {}, 82);
  w.serve([](http1_exchange& x) { return tell_name("second", x); }, 83);
  w.link.endpoints = {*parse_url("http://web.test:81/"), *parse_url("http://web.test:83/")};
  w.open();
  for (int i = 0; i < 3; ++i) expect(w.over({}), THARSIS_E_BUSY, 500);
  stn::short_hosts hosts(2, 0);
  EXPECT_EQ(hosts.pick(1), 0u);
  hosts.on_unreachable(0);
  hosts.on_unreachable(0);
  EXPECT_EQ(hosts.pick(1), 1u) << "told twice, it gives way once";
  short_world odd(8);
  odd.say("this is no HTTP at all\r\n\r\n", true, {}, 82);
  odd.serve([](http1_exchange& x) { return tell_name("second", x); }, 83);
  odd.link.endpoints = {*parse_url("http://web.test:82/"), *parse_url("http://web.test:83/")};
  odd.open();
  for (int i = 0; i < 3; ++i) expect(odd.over({}), THARSIS_E_PROTOCOL, 0, "HTTP");
}

TEST(ShortlinkSim, TheFallbackHasTheSecondAttempt) {
  short_world w(9);
  w.serve([](http1_exchange& x) { return tell_name("fallback", x); }, 82);
  w.link.endpoints = {*parse_url("http://web.test:81/")};  // Nobody listens.
  w.link.fallback = {*parse_url("http://other.test:82/")};
  w.open();
  for (int i = 0; i < 2; ++i) {
    const task_end& e = w.over({});
    expect(e, THARSIS_OK, 200);
    EXPECT_EQ(e.body, "fallback");
    EXPECT_GE(e.took, w.link.pause);
    EXPECT_GE(e.times.lost, w.link.pause);
  }
}

TEST(ShortlinkSim, OfSeveralEndpointsTheOneThatWorksIsKept) {
  short_world w(10);
  w.serve([](http1_exchange& x) { return tell_name("b", x); }, 82);
  w.link.endpoints = {*parse_url("http://web.test:81/"), *parse_url("http://web.test:82/")};
  w.open();
  EXPECT_EQ(w.over({}).body, "b");
  const task_end& e = w.over({});
  EXPECT_EQ(e.body, "b");
  EXPECT_LT(e.took, w.link.pause) << "the dead one is not tried first any more";
}

TEST(ShortlinkSim, WhatMayNotBeRepeatedIsSentOnce) {
  short_world w(11);
  w.say("", true);  // Hangs up on every request.
  w.open();
  const task_end& once = w.over({});
  expect(once, THARSIS_E_RESET, 0);
  EXPECT_EQ(once.sends, 1u);
  const task_end& twice = w.over({"/cgi", "body", "key"});
  expect(twice, THARSIS_E_RESET, 0);
  EXPECT_EQ(twice.sends, 2u);
}

TEST(ShortlinkSim, ALongPollHasItsOwnPatience) {
  short_world w(12);
  w.say("", false);
  w.link.attempts = 1;
  w.link.answer_timeout = 5s;
  w.link.long_poll_timeout = 60s;
  w.open();
  task_wish poll;
  poll.within = 300s;
  EXPECT_LT(w.over(poll).took, 6s);
  poll.long_poll = true;
  const task_end& e = w.over(poll);
  expect(e, THARSIS_E_TIMEOUT, 0);
  EXPECT_GE(e.took, 60s);
  EXPECT_LT(e.took, 62s);
}

TEST(ShortlinkSim, TasksWaitForTheirTurnByPriority) {
  short_world w(13);
  w.link.parallel = 1;
  w.serve(tell_request);
  w.open();
  w.send({"/a"});
  w.send({"/b"});
  w.send({"/c", "", "", {}, 15s, 2});
  const size_t late = w.send({"/d", "", "", {}, 1ms});
  const size_t gone = w.send({"/e"});
  EXPECT_TRUE(w.cancel_task(gone));
  EXPECT_FALSE(w.cancel_task(gone));
  ASSERT_TRUE(w.all_over());
  expect(w.ends[late], THARSIS_E_TIMEOUT, 0, "short link 'main' could not carry the request in time");
  expect(w.ends[gone], THARSIS_E_CANCELLED, 0);
  EXPECT_EQ(w.order, (std::vector<size_t>{gone, late, 0, 2, 1}));
}

TEST(ShortlinkSim, WhatIsUnderWayCanBeCancelledAndStopped) {
  short_world w(14);
  w.say("", false);
  w.open();
  const size_t a = w.send({}), b = w.send({});
  w.world.run_for(1s);
  EXPECT_TRUE(w.cancel_task(a));
  expect(w.ends[a], THARSIS_E_CANCELLED, 0);
  w.client.on_strand([&] { w.shortlink->stop(); });
  expect(w.ends[b], THARSIS_E_CANCELLED, 0, "stopping");
  expect(w.over({}), THARSIS_E_CANCELLED, 0);
  EXPECT_EQ(w.shortlink->connections(), 0u);
}

TEST(ShortlinkSim, APathThatCannotBeWrittenIsRefused) {
  short_world w(15);
  w.serve(tell_request);
  w.open();
  expect(w.over({"/no \r\n"}), THARSIS_E_INVALID, 0, "target");
}

// Defect 14: what has to go again for one user goes again for all.
TEST(ShortlinkSim, Defect14OnlyTheTasksOfOneUserGoAgain) {
  short_world w(17);
  w.say("", false);
  w.link.attempts = 1;
  w.open();
  task_wish ann{"/a", "", "key"}, bob{"/b", "", "key"}, once{"/c", ""};
  ann.user = once.user = "ann";
  bob.user = "bob";
  const size_t a = w.send(ann), b = w.send(bob), c = w.send(once);
  w.world.run_for(2s);
  const size_t before = w.servers.accepted;
  EXPECT_EQ(before, 3u);
  w.client.on_strand([&] { w.shortlink->send_again("ann"); });
  w.world.run_for(2s);
  EXPECT_EQ(w.servers.accepted, before + 1) << "ann's that may be sent twice, and nobody else's";
  w.client.on_strand([&] { w.shortlink->end_tasks({THARSIS_E_CANCELLED, THARSIS_STN_CLEARED, "cleared"}, "ann"); });
  EXPECT_EQ(w.ends[a].answers + w.ends[c].answers, 2);
  EXPECT_EQ(w.ends[b].answers, 0);
  ASSERT_TRUE(w.all_over());
  expect(w.ends[b], THARSIS_E_TIMEOUT, 0);
}

TEST(ShortlinkSim, AnotherNetworkMeansAnotherConnectionAndNoPause) {
  short_world w(16);
  w.link.pause = 10s;
  w.open();
  const size_t i = w.send({});
  w.world.run_for(2s);
  w.serve(tell_request);
  const auto state = [&](uint64_t generation) {
    tharsis_network_state s{};
    s.size = sizeof s;
    s.generation = generation;
    w.client.on_strand([&] { w.shortlink->on_network(s); });
  };
  state(1);
  EXPECT_EQ(w.ends[i].answers, 0);
  state(2);
  ASSERT_TRUE(w.all_over());
  expect(w.ends[i], THARSIS_OK, 200);
  EXPECT_LT(w.ends[i].took, 5s);
}

TEST(ShortlinkWeather, EveryTaskHasOneAnswerByItsDeadline) {
  int answered = 0;
  for_each_seed(seeds(500), [&](uint64_t seed) {
    sim::dice d(seed);
    const weather bad(d, fault::refused);
    short_world w(seed);
    w.link.parallel = 1 + static_cast<int64_t>(d.below(4));
    w.link.keep_alive = d.chance(0.7);
    w.link.attempts = 1 + static_cast<int64_t>(d.below(3));
    w.servers.settings.idle_timeout = 100ms + d.up_to(3s);
    std::map<std::string, int> carried;
    w.serve([&](http1_exchange& x) { return ++carried[x.request().target], tell_request(x); });
    w.open();
    bad.begin(w.world, w.client_machine, w.server_machine);
    std::vector<task_wish> wishes;
    for (size_t n = 1 + d.below(10); n > 0; --n) {
      task_wish t;
      t.path = (d.chance(0.5) ? "/once/" : "/often/") + std::to_string(n);
      t.body = std::string(d.below(d.chance(0.2) ? 200'000 : 5'000), 'b');
      if (t.path.starts_with("/often")) t.key = "key";
      t.within = 1s + d.up_to(10s);
      t.priority = static_cast<int32_t>(d.below(6)) - 2;
      wishes.push_back(t);
      const size_t i = w.send(t);
      if (d.chance(0.5)) w.world.run_for(d.up_to(2s));
      if (d.chance(0.1)) w.cancel_task(i);
    }
    EXPECT_TRUE(w.all_over(30s)) << "a task has no answer";
    for (size_t i = 0; i < w.ends.size(); ++i) {
      const task_end& e = w.ends[i];
      EXPECT_EQ(e.answers, 1);
      EXPECT_LE(e.took, wishes[i].within + 1ms);
      if (e.status != THARSIS_OK) continue;
      ++answered;
      EXPECT_TRUE(e.body.starts_with("POST " + wishes[i].path + "|") && e.body.ends_with("|" + wishes[i].body)) << e.body.size();
    }
    for (const auto& [target, times] : carried) EXPECT_LE(times, target.starts_with("/once") ? 1 : 2 * w.link.attempts) << target;
    w.world.run_for(10s);
    EXPECT_EQ(w.shortlink->unanswered(), 0u);
    EXPECT_EQ(w.shortlink->connections(), 0u);
  });
  if (all_seeds()) {
    EXPECT_GT(answered, 50);
  }
}

namespace {

// "odd": requests in brackets, and answers out of them.
struct brackets {
  bool refuses_requests = false, refuses_answers = false, runs_wild = false;
  tharsis_stn_codec table{sizeof(tharsis_stn_codec), 0, this, "odd", nullptr, nullptr, nullptr, nullptr, on_encode, on_decode};
  static void put(const tharsis_stn_sink* out, std::string_view text) {
    out->append(out->self, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
  static tharsis_status on_encode(void* self, const tharsis_stn_frame* f, const tharsis_stn_sink* out, tharsis_error* why) {
    const auto& c = *static_cast<brackets*>(self);
    if (c.refuses_requests) return fail(why, THARSIS_E_INVALID, "it is too long");
    for (int i = 0; c.runs_wild && i < 100; ++i) put(out, std::string(1 << 20, 'x'));
    put(out, "[" + std::to_string(f->command) + ":" + std::string(as_text(view(f->body))) + "]");
    return THARSIS_OK;
  }
  static tharsis_status on_decode(void* self, const tharsis_stn_frame* f, tharsis_bytes response, const tharsis_stn_sink* out, tharsis_error* why) {
    const auto& c = *static_cast<brackets*>(self);
    if (c.refuses_answers) return fail(why, THARSIS_E_PROTOCOL, "there is no bracket");
    put(out, "to " + std::string(as_text(view(f->body))) + ": " + std::string(as_text(view(response))));
    return THARSIS_OK;
  }
};

task<void> tell_body(http1_exchange& x) {
  auto body = co_await x.read_all(64 << 20);
  if (body) co_await x.answer(200, *body);
}

void provide(short_world& w, const tharsis_stn_codec* table) {
  w.client.on_strand([&] { w.host.provide_codec(table); });
}

}  // namespace

TEST(ShortlinkSim, ItsCodecMakesTheBodiesAndReadsThem) {
  short_world w(60);
  w.link.codec = "odd";
  w.serve(tell_body);
  w.open();
  brackets codec;
  const size_t early = w.send({});
  w.world.run_for(1s);
  EXPECT_EQ(w.ends[early].answers, 0) << "it waits for its codec";
  provide(w, &codec.table);
  ASSERT_TRUE(w.all_over());
  expect(w.ends[early], THARSIS_OK, 200);
  EXPECT_EQ(w.ends[early].body, "to body: [3:body]");
  codec.refuses_requests = true;
  const task_end& wrong = w.over({});
  expect(wrong, THARSIS_E_INVALID, 0, "codec 'odd' does not carry this: it is too long");
  EXPECT_EQ(wrong.why, static_cast<uint32_t>(THARSIS_STN_NOT_CARRIED));
  codec.refuses_requests = false;
  codec.runs_wild = true;
  expect(w.over({}), THARSIS_E_INTERNAL, 0, "this is a defect of the codec");
  codec.runs_wild = false;
  codec.refuses_answers = true;
  expect(w.over({}), THARSIS_E_PROTOCOL, 200, "there is no bracket");
  provide(w, nullptr);
  task_wish vain;
  vain.within = 2s;
  expect(w.over(vain), THARSIS_E_TIMEOUT, 0, "waits for codec 'odd'");
}

TEST(ShortlinkSim, ACodecThatGoesWhileAnAnswerIsOnItsWayIsNotUsed) {
  short_world w(61);
  w.link.codec = "odd";
  w.serve(tell_body);
  w.open();
  brackets codec;
  provide(w, &codec.table);
  const size_t i = w.send({});
  w.world.run_for(1ms);
  provide(w, nullptr);
  ASSERT_TRUE(w.all_over());
  expect(w.ends[i], THARSIS_E_NOT_FOUND, 200, "waits for codec 'odd'");
}

TEST(ShortlinkSim, ASensitiveTaskDoesNotWaitForANetwork) {
  short_world w(62);
  w.serve(tell_body);
  w.open();
  tharsis_network_state none{};
  none.type = THARSIS_NETWORK_NONE;
  w.client.on_strand([&] { w.shortlink->on_network(none); });
  task_wish sensitive;
  sensitive.flags = THARSIS_STN_SENSITIVE;
  const task_end& e = w.over(sensitive);
  expect(e, THARSIS_E_UNREACHABLE, 0, "there is no network");
  EXPECT_LT(e.took, 1s);
}

TEST(ShortlinkSim, AParkedTaskIsTriedOnceMoreEachMinuteAndEndsWithItsTime) {
  short_world w(63);
  w.open();  // Nobody listens.
  task_wish parked;
  parked.flags = THARSIS_STN_PARK;
  parked.key = "k";
  parked.within = 200s;
  const task_end& e = w.over(parked);
  expect(e, THARSIS_E_TIMEOUT, 0, "nothing better was seen since");
  EXPECT_EQ(e.took, 200s);
  w.serve(tell_body);
  parked.within = 600s;
  const size_t later_on = w.send(parked);
  ASSERT_TRUE(w.all_over(600s));
  expect(w.ends[later_on], THARSIS_OK, 200);
}

// What ends first, ends: over seeds tasks of every kind have one end each by their time, and none of an order overtakes.
TEST(ShortlinkSim, OverSeedsEveryKindOfTaskHasOneEndByItsTime) {
  for_each_seed(seeds(200), [](uint64_t seed) {
    short_world w(seed);
    w.link.parallel = 1 + static_cast<int64_t>(w.world.random() % 4);
    w.serve(tell_body);
    w.open();
    const auto make = [](void*, tharsis_handle, const tharsis_stn_turn*, uint8_t*, size_t) -> int64_t { return 0; };
    std::vector<task_wish> all;
    for (int i = 0; i < 20; ++i) {
      task_wish t;
      t.within = std::chrono::milliseconds(1 + w.world.random() % 20'000);
      t.priority = static_cast<int32_t>(w.world.random() % 6) - 2;
      t.order = w.world.random() % 3;
      t.user = w.world.random() % 2 == 0 ? "ann" : "bob";
      if (w.world.random() % 2 == 0) t.key = "k" + std::to_string(i);
      if (!t.key.empty() && w.world.random() % 2 == 0) t.flags = THARSIS_STN_PARK;
      if (w.world.random() % 3 == 0) t.encode = make;
      all.push_back(t);
      const size_t number = w.send(t);
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 500));
      switch (w.world.random() % 8) {
        case 0: w.world.reset_connections(w.client_machine, w.server_machine); break;
        case 1: w.world.between(w.client_machine, w.server_machine).black_hole ^= true; break;
        case 2: w.cancel_task(w.world.random() % (number + 1)); break;
        case 3: w.client.on_strand([&] { w.shortlink->hurry(true); }); break;
        case 4: w.client.on_strand([&] { w.shortlink->send_again("ann"); }); break;
        default: break;
      }
      w.client.on_strand([&] {
        for (const stn::encode_wish& wish : std::exchange(w.wishes, {}))
          w.shortlink->on_encoded(wish.id, wish.connection, w.world.random() % 4 == 0 ? result<std::vector<uint8_t>>(error{THARSIS_E_DENIED, "no"})
                                                                                        : result<std::vector<uint8_t>>(std::vector<uint8_t>{'m'}));
      });
    }
    ASSERT_TRUE(w.all_over(30s));
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(w.ends[i].answers, 1) << i;
      EXPECT_LE(w.ends[i].took, all[i].within + 1ms) << i << " " << w.ends[i].reason;
    }
    EXPECT_EQ(w.shortlink->unanswered(), 0u);
  });
}
