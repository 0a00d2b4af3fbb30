// Goal: a server that has too much to do is spared, by a long link and by a short one; and one that fails after the connect is left
// alone while there are others.
#include "sdk/pure/retry_after.h"
#include "tests/plugins/stn/dial_world.h"
#include "tests/plugins/stn/short_world.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::dial_world;
using test::link_world;
using test::short_world;

TEST(BusyServer, ItIsAskedAgainWhenItSaidAndTheTaskSucceeds) {
  link_world w(1);
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.server.busy = 1;
  w.server.busy_ms = 3000;
  ASSERT_EQ(w.submit("x", ""), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  const auto& o = w.outcomes["x"];
  EXPECT_EQ(o.status, THARSIS_OK) << o.reason;
  EXPECT_EQ(o.sends, 2u);
  EXPECT_GE(w.world.now() - w.server.busy_at[0], 3s);
  EXPECT_LE(w.world.now() - w.server.busy_at[0], 3800ms);
  ASSERT_EQ(w.host.servers.size(), 1u);
  EXPECT_EQ(w.host.servers[0].what, uint32_t{THARSIS_STN_SERVER_BUSY});
  EXPECT_EQ(w.host.servers[0].command, uint32_t{mars::command_send_message});
  EXPECT_GE(w.host.servers[0].wait, 3s);
}

TEST(BusyServer, AThousandTasksAskItOnceUntilItMayBeAskedAgain) {
  link_world w(2);
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.server.busy = 1;
  w.server.busy_ms = 5000;
  ASSERT_EQ(w.submit("first", "k"), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.host.servers.size() == 1; }, w.world.now() + 5s));
  const size_t before = w.server.requests.size();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(w.submit("t" + std::to_string(i), ""), THARSIS_OK);
  w.world.run_for(4s);
  EXPECT_EQ(w.server.requests.size(), before);
  ASSERT_TRUE(w.wait_answers(1001));
  for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << title << ": " << o.reason;
}

TEST(BusyServer, AServerThatIsBusyForEverGetsNoStorm) {
  link_world w(3);
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.server.busy = 1'000'000;
  w.server.busy_ms = 1000;
  for (int i = 0; i < 50; ++i) ASSERT_EQ(w.submit("t" + std::to_string(i), "k" + std::to_string(i), 60'000), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(50, 120s));
  EXPECT_LE(w.server.requests.size(), 50u + 10u + 6u) << "first ones, those that are there from the beginning, and a tenth";
  for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_E_BUSY) << title << ": " << o.reason;
  EXPECT_GE(w.host.count_servers(THARSIS_STN_SERVER_NO_BUDGET), 1u);
}

TEST(LeftAlone, AServerThatDoesNotProveItselfIsLeftOutWhileThereIsAnother) {
  dial_world w(4);
  w.world.add_name(link_world::name, {"10.0.0.3", "10.0.0.4"});
  test::scripted_server& bad = w.add_server("10.0.0.3", manner::hang_up);
  w.add_server("10.0.0.4");
  w.link().reconnect.lived = 10s;
  w.start();
  ASSERT_TRUE(w.wait_up());
  for (int i = 0; i < 8; ++i) {  // It takes each connection, and ends it at the first task.
    (void)w.submit("t" + std::to_string(i), "k" + std::to_string(i), 20'000);
    w.world.run_for(2s);
  }
  EXPECT_TRUE(w.world.run_until([&] { return w.where() == "10.0.0.4:443"; }, w.world.now() + 20s));
  EXPECT_GE(w.host.count_servers(THARSIS_STN_SERVER_LEFT_ALONE), 1u);
  const auto left = std::find_if(w.host.servers.begin(), w.host.servers.end(), [](const auto& s) { return s.what == THARSIS_STN_SERVER_LEFT_ALONE; });
  EXPECT_EQ(left->address, "10.0.0.3:443");
  EXPECT_NE(left->reason.find("it is left alone for"), std::string::npos) << left->reason;
  EXPECT_LE(bad.connections, 8);
  ASSERT_TRUE(w.wait_answers(8, 60s));
}

TEST(LeftAlone, TheOnlyServerIsTriedAllTheSame) {
  link_world w(5);
  w.serve();
  w.server.how = manner::hang_up;
  w.start();
  ASSERT_TRUE(w.wait_up());
  for (int i = 0; i < 6; ++i) {
    (void)w.submit("t" + std::to_string(i), "");
    w.world.run_for(5s);
  }
  w.server.how = manner::honest;
  ASSERT_TRUE(w.wait_up(60s));
  ASSERT_EQ(w.submit("good", ""), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.outcomes["good"].answers == 1; }, w.world.now() + 30s));
  EXPECT_EQ(w.outcomes["good"].status, THARSIS_OK);
}

TEST(BusyHost, AShortLinkAsksAgainWhenTheHostSaid) {
  short_world w(6);
  int asked = 0;
  w.serve([&asked](http1_exchange& x) -> task<void> {
    http1::response_head head;
    head.status = ++asked == 1 ? 429 : 200;
    if (asked == 1) head.fields.push_back({"Retry-After", "4"});
    std::string body = "done";
    co_await x.answer(std::move(head), std::move(body));
  });
  w.open();
  const test::task_end& e = w.over({});
  EXPECT_EQ(e.status, THARSIS_OK) << e.reason;
  EXPECT_EQ(e.sends, 2u);
  EXPECT_GE(e.took, 4s);
  EXPECT_LE(e.took, 5s);
}

TEST(BusyHost, WhoseTimeIsOverBeforeFailsWithTheStatusAndLaterOnesUnsent) {
  short_world w(7);
  int asked = 0;
  w.serve([&asked](http1_exchange& x) -> task<void> {
    ++asked;
    http1::response_head head;
    head.status = 503;
    head.fields.push_back({"Retry-After", "100"});
    std::string body = "later";
    co_await x.answer(std::move(head), std::move(body));
  });
  w.open();
  const test::task_end& e = w.over({});
  EXPECT_EQ(e.status, THARSIS_E_BUSY);
  EXPECT_EQ(e.http_status, 503u);
  EXPECT_NE(e.reason.find("is not asked for"), std::string::npos) << e.reason;
  const test::task_end& second = w.over({});
  EXPECT_EQ(second.why, uint32_t{THARSIS_STN_BUSY});
  EXPECT_LT(second.took, 1s);
  EXPECT_EQ(asked, 1);
}

TEST(BusyHost, WhileOneRestsAnotherIsAsked) {
  short_world w(8);
  w.link.endpoints = {*parse_url("http://web.test/"), *parse_url("http://web.test:81/")};
  int first = 0, second = 0;
  w.serve([&first](http1_exchange& x) -> task<void> {
    ++first;
    http1::response_head head;
    head.status = 503;
    head.fields.push_back({"Retry-After", "60"});
    std::string body = "later";
    co_await x.answer(std::move(head), std::move(body));
  });
  w.serve([&second](http1_exchange& x) -> task<void> {
    ++second;
    co_await x.answer(200, "here");
  }, 81);
  w.open();
  (void)w.over({});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.over({}).status, THARSIS_OK);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 5);
}

TEST(RetryAfter, SecondsAndDatesAreReadAndWhatMeansNothingIsNot) {
  constexpr int64_t now = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(read_retry_after("120", now), duration(120s));
  EXPECT_EQ(read_retry_after("0", now), duration(0s));
  EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), duration(60s));
  EXPECT_EQ(read_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now), duration(60s));
  EXPECT_EQ(read_retry_after("Sun Nov  6 08:50:37 1994", now), duration(60s));
  EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:48:37 GMT", now), duration(0s)) << "the past";
  EXPECT_EQ(read_retry_after("99999999999999999999999999", now), duration(365 * 24h));
  for (const char* nonsense : {"", "-1", "1.5", "soon", "12s", "Sun, 99 Nov 1994 08:49:37 GMT"}) EXPECT_FALSE(read_retry_after(nonsense, now)) << nonsense;
}
