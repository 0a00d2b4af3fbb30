// Our client and its endpoint against servers that are played by hand.
#include <gtest/gtest.h>

#include "tests/sdk/sim/http1_stage.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

class Http1Client : public testing::Test {
 protected:
  Http1Client() {
    EXPECT_EQ(listener.listen(at("10.0.0.2", 80)), THARSIS_OK);
    st.on(here, [&] { user.emplace(here, "http://10.0.0.2"); });
  }
  ~Http1Client() override {
    st.on(here, [&] { user.reset(); });
  }

  void ask(http1_request r, duration within = 10s) {
    outcome.reset();
    st.on(here, [&] { user->ask(std::move(r), &outcome, within); });
    st.settle(300ms);
  }
  wire& accepted() {
    served.push_back(std::make_unique<wire>(st, there));
    EXPECT_EQ(served.back()->accept(listener), THARSIS_OK);
    return *served.back();
  }
  void say(wire& w, std::string_view text) {
    while (w.write_some(text) == THARSIS_PENDING) st.settle(50ms);
    st.settle(300ms);
  }
  std::string heard(wire& w) {
    w.read_all();
    return std::exchange(w.got, {});
  }
  std::string failure() { return !outcome ? "none yet" : *outcome ? "an answer" : outcome->failure().text; }

  simulated_stage st{12};
  sim::machine& far_machine = st.w.add_machine("far", {"10.0.0.2"});
  const tharsis_strand& here = st.open();
  const tharsis_strand& there = st.open(far_machine.platform());
  wire listener{st, there};
  std::vector<std::unique_ptr<wire>> served;
  std::optional<http_user> user;
  http_outcome outcome;
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_F(Http1Client, AsksInTheFewestWords) {
  ask(request_of("GET", "/a?b"));
  wire& w = accepted();
  EXPECT_EQ(heard(w), "GET /a?b HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n");
  say(w, ok);
  ASSERT_TRUE(outcome && *outcome) << failure();
  EXPECT_EQ((*outcome)->body, "ok");
  ask(request_of("POST", "/"));
  EXPECT_EQ(heard(w), "POST / HTTP/1.1\r\nHost: 10.0.0.2\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(Http1Client, ADeadKeptConnectionIsReplacedForWhatMayBeRepeated) {
  ask(request_of("GET", "/1"));
  wire& first = accepted();
  say(first, ok);
  st.w.between(st.m, far_machine).delay = 200ms;
  for (const bool repeatable : {true, false}) {
    SCOPED_TRACE(repeatable);
    http1_request again = request_of("POST", "/2", "x");
    again.repeatable = repeatable;
    wire& kept = *served.back();
    ask(std::move(again));  // It is on its way when the server resets the connection.
    kept.set("reset_on_close", 1);
    kept.close();
    st.settle(2s);
    if (repeatable) {
      wire& second = accepted();
      EXPECT_TRUE(heard(second).ends_with("\r\n\r\nx"));
      say(second, ok);
      st.settle(1s);
      ASSERT_TRUE(outcome && *outcome) << failure();
    } else {
      EXPECT_NE(failure().find("nobody knows whether it was carried out"), std::string::npos) << failure();
    }
  }
}

TEST_F(Http1Client, AKeptConnectionThatTheServerClosedOrSpokeOnIsNotUsed) {
  for (const bool closes : {true, false}) {
    SCOPED_TRACE(closes);
    ask(request_of("POST", "/", "x"));
    wire& w = accepted();
    say(w, ok);
    ASSERT_TRUE(outcome && *outcome) << failure();
    if (closes) w.shutdown();
    else say(w, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    st.settle(1s);
    ask(request_of("POST", "/", "y"));
    wire& next = accepted();
    say(next, ok);
    EXPECT_TRUE(outcome && *outcome) << failure();
    st.on(here, [&] { user->endpoint.drop_kept(); });
  }
}

TEST_F(Http1Client, EachFailureIsASentence) {
  const auto fails_with = [&](const std::string& bytes, bool ends, const std::string& sentence) {
    SCOPED_TRACE(sentence);
    ask(request_of("GET", "/in?token=secret"));
    wire& w = accepted();
    say(w, bytes);
    if (ends) w.shutdown();
    st.settle(15s);
    EXPECT_EQ(failure(), sentence);
  };
  fails_with("", true, "10.0.0.2:80 closed the connection before it answered GET /in");
  fails_with("", false, "10.0.0.2:80 did not answer GET /in before the deadline");
  fails_with("HTTP/1.1 100 Continue\r\n\r\n", false, "10.0.0.2:80 did not answer GET /in before the deadline");
  fails_with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true,
             "the answer of 10.0.0.2:80 to GET /in is not whole: it was cut after 2 bytes of its body");
  fails_with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, "10.0.0.2:80 did not finish its answer to GET /in before the deadline");
  fails_with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", false,
             "the answer of 10.0.0.2:80 to GET /in is not usable HTTP/1.1: it has two different fields Content-Length");
  fails_with("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + std::string(1'100'000, 'x'), false,
             "10.0.0.2:80 answered GET /in with 200 and more than the 1048576 bytes that are taken");
  std::string hints;
  for (int i = 0; i < 200; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  fails_with(hints, false, "10.0.0.2:80 answers GET /in with nothing but 1xx");
}

TEST_F(Http1Client, AServerThatNeverSaysContinueGetsTheBodyAllTheSame) {
  http1_request r = request_of("POST", "/", "body");
  r.expect_continue = true;
  ask(std::move(r));
  wire& w = accepted();
  EXPECT_NE(heard(w).find("Expect: 100-continue"), std::string::npos);
  st.settle(500ms);
  EXPECT_EQ(heard(w), "");
  st.settle(1s);
  EXPECT_EQ(heard(w), "body");
  say(w, ok);
  EXPECT_TRUE(outcome && *outcome) << failure();
}

TEST_F(Http1Client, ARequestThatCannotBeWrittenCostsNoConnection) {
  ask(request_of("GET", "/a b"));
  EXPECT_NE(failure().find("percent-encode"), std::string::npos) << failure();
}

TEST_F(Http1Client, AnExchangeThatIsGivenUpLeavesNothingOpen) {
  for (int step = 0; step < 6; ++step) {
    ask(request_of("POST", "/", std::string(500'000, 'x')));
    wire& w = accepted();
    if (step > 1) heard(w);
    if (step > 2) say(w, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    st.settle(step * 100ms);
    st.on(here, [&] { user->work.clear(); });
    tharsis_strand_audit audit{};
    audit.size = sizeof audit;
    st.on(here, [&] { here.audit(here.self, &audit); });
    EXPECT_EQ(audit.sockets, 0u);
    EXPECT_EQ(audit.timers, 0u);
    EXPECT_FALSE(outcome);
  }
}

TEST_F(Http1Client, AnAddressThatSwallowsEverythingDoesNotCostTheOthersTheirTime) {
  sim::machine& hole = st.w.add_machine("hole", {"10.0.0.3"});
  st.w.between(st.m, hole).black_hole = true;
  st.w.add_name("logs.example.com", {"10.0.0.3", "10.0.0.2"});
  st.on(here, [&] {
    user.reset();
    user.emplace(here, "http://logs.example.com");
  });
  ask(request_of("GET", "/"), 10s);
  st.settle(6s);
  wire& w = accepted();
  EXPECT_NE(heard(w).find("Host: logs.example.com\r\n"), std::string::npos);
  say(w, ok);
  EXPECT_TRUE(outcome && *outcome) << failure();
}
