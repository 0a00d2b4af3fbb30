// Our server against peers that do not behave, each by hand; and our client against servers like that.
#include <gtest/gtest.h>

#include "tests/sdk/sim/http1_stage.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

task<void> answer(http1_exchange& x) {
  if (x.path() == "/large") {
    co_await x.answer(200, std::string(1 << 20, 'x'));
    co_return;
  }
  if (x.path() == "/as-sent") {
    co_await x.answer(200, x.sent_target() + " " + x.request().target);
    co_return;
  }
  if (x.path() == "/unread") {
    co_await x.answer(200, "unread");
    co_return;
  }
  if (x.path() == "/unfinished") {
    http1::response_head head;
    co_await x.begin(std::move(head), 10);
    const std::vector<uint8_t> some(5, 'x');
    co_await x.write(some);
    co_return;
  }
  auto body = co_await x.read_all(1 << 20);
  if (body) co_await x.answer(200, "[" + *body + "]");
}

class Http1Server : public testing::Test {
 protected:
  Http1Server() {
    how.head_timeout = 5s;
    how.idle_timeout = 20s;
    how.body = how.answer = {10s, 1000};
    how.drain_max = 1000;
    how.linger = 1s;
    how.requests = 3;
    st.on(there, [&] { service.emplace(there, answer, how); });
    EXPECT_EQ(peer.dial(at("10.0.0.2", 80)), THARSIS_OK);
    st.settle(100ms);
  }
  ~Http1Server() override {
    peer.close();
    st.on(there, [&] { service.reset(); });
  }

  void say(std::string_view text) {
    while (peer.write_some(text) == THARSIS_PENDING) st.settle(1ms);
  }
  // What has come within this time; "(closed)" after it where that is so.
  std::string hear(duration within = 500ms) {
    st.settle(within);
    const tharsis_status status = peer.read_all();
    return std::exchange(peer.got, {}) + (status == THARSIS_PENDING ? "" : "(closed)");
  }
  static bool begins(const std::string& text, const std::string& with) { return text.compare(0, with.size(), with) == 0; }
  std::string ending() { return service->ends.empty() ? "goes on" : service->ends.back().text; }

  simulated_stage st{11};
  sim::machine& far_machine = st.w.add_machine("far", {"10.0.0.2"});
  const tharsis_strand& here = st.open();
  const tharsis_strand& there = st.open(far_machine.platform());
  http1_server_settings how;
  std::optional<http_service> service;
  wire peer{st, here};
};

const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";

}  // namespace

TEST_F(Http1Server, AHeadThatDoesNotComeInTimeIs408HoweverItDribbles) {
  std::string got;
  for (int second = 0; second < 8 && got.find("(closed)") == std::string::npos; ++second) {
    if (second < 5) say("G");
    got += hear(1s);
  }
  EXPECT_TRUE(begins(got, "HTTP/1.1 408 Request Timeout\r\n")) << got;
  EXPECT_NE(got.find("Connection: close"), std::string::npos);
  st.settle(2s);
  EXPECT_EQ(ending(), "the head of a request did not come in time");
}

TEST_F(Http1Server, AConnectionThatSaysNothingIsClosedWithoutAWord) {
  EXPECT_EQ(hear(4s), "");
  EXPECT_EQ(hear(2s), "(closed)");
}

TEST_F(Http1Server, AKeptConnectionIsClosedWhenItIsIdle) {
  say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(begins(hear(), "HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(hear(18s), "") << "longer than a head may take";
  EXPECT_EQ(hear(3s), "(closed)");
  st.settle(2s);
  EXPECT_EQ(service->ends.back().status, THARSIS_OK) << "nobody is to blame";
}

TEST_F(Http1Server, ABodyThatComesTooSlowlyIs408) {
  say(post + "Content-Length: 100000\r\n\r\n");
  std::string got;
  int seconds = 0;
  for (; seconds < 40 && got.find("(closed)") == std::string::npos; ++seconds) {
    if (got.empty()) say("x");
    got += hear(1s);
  }
  EXPECT_TRUE(begins(got, "HTTP/1.1 408 ")) << got;
  EXPECT_LT(seconds, 20) << "a byte a second earns nothing";
  EXPECT_GT(seconds, 8);
}

TEST_F(Http1Server, ABodyAtAFairPaceMayTakeItsTime) {
  say(post + "Content-Length: 40000\r\n\r\n");
  for (int second = 0; second < 40; ++second) {
    EXPECT_EQ(hear(1s), "");
    say(std::string(1000, 'x'));
  }
  EXPECT_TRUE(begins(hear(), "HTTP/1.1 200 "));
}

TEST_F(Http1Server, AnAnswerThatNobodyTakesEndsTheConnection) {
  say("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  st.settle(40s);
  EXPECT_EQ(service->connections(), 0u) << "it waits for ever";
  EXPECT_NE(ending().find("the peer takes the answer too slowly"), std::string::npos) << ending();
}

TEST_F(Http1Server, TheLastRequestOfAConnectionSaysSo) {
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  say(get + get + get + get);
  const std::string got = hear();
  size_t answers = 0;
  for (size_t at = 0; (at = got.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++answers;
  EXPECT_EQ(answers, 3u);
  EXPECT_GT(got.find("Connection: close"), got.rfind("HTTP/1.1 200"));
  EXPECT_NE(got.find("(closed)"), std::string::npos);
}

TEST_F(Http1Server, ContinueIsSaidWhenTheBodyIsReadAndNotBefore) {
  say(post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(hear(), "HTTP/1.1 100 Continue\r\n\r\n");
  say("ab");
  EXPECT_NE(hear().find("[ab]"), std::string::npos);
  say("POST /unread HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  const std::string got = hear();
  EXPECT_TRUE(begins(got, "HTTP/1.1 200 ")) << got;
  EXPECT_NE(got.find("Connection: close"), std::string::npos) << "whether the body comes is not known";
}

TEST_F(Http1Server, OtherExpectationsAndTargetsAreRefused) {
  say("GET / HTTP/1.1\r\nHost: h\r\nExpect: a-miracle\r\n\r\n");
  EXPECT_TRUE(begins(hear(), "HTTP/1.1 417 "));
  say("GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(begins(hear(), "HTTP/1.1 400 "));
}

TEST_F(Http1Server, AWholeUrlAsTargetIsItsPath) {
  say("GET http://other.example/unread?x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(hear().find("unread"), std::string::npos);
  say("GET http://other.example/as-sent?%7eX HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(hear().find("\r\n\r\nhttp://other.example/as-sent?%7eX /as-sent?%7eX"), std::string::npos) << "who has to know it hears how it was sent";
}

TEST_F(Http1Server, AnUnreadShortBodyIsDroppedAndALongOneEndsTheConnection) {
  say("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_EQ(hear().find("Connection: close"), std::string::npos);
  say("POST /unread HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" + post + "Content-Length: 1001\r\n\r\n" +
      std::string(1001, 'y'));
  const std::string got = hear();
  EXPECT_NE(got.find("unread"), std::string::npos);
  EXPECT_NE(got.find("[yyy"), std::string::npos) << "nothing of the body was taken for a request, or lost";
}

TEST_F(Http1Server, AnEndlessUnreadBodyEndsTheConnection) {
  say("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  const std::string got = hear();
  EXPECT_NE(got.find("Connection: close"), std::string::npos);
  EXPECT_NE(hear(3s).find("(closed)"), std::string::npos);
  st.settle(3s);
  EXPECT_EQ(service->connections(), 0u);
}

TEST_F(Http1Server, AnUnfinishedAnswerIsCutSoThatNobodyTakesItForWhole) {
  say("GET /unfinished HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string got = hear();
  EXPECT_NE(got.find("Content-Length: 10\r\n"), std::string::npos);
  EXPECT_NE(got.find("xxxxx(closed)"), std::string::npos) << got;
}

TEST_F(Http1Server, HeadAndOldClientsGetWhatTheyUnderstand) {
  say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = hear();
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << "no body: " << head;
  say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(hear().find("Connection: keep-alive\r\n"), std::string::npos);
  say("GET / HTTP/1.0\r\n\r\n");
  EXPECT_NE(hear().find("[](closed)"), std::string::npos);
}

TEST_F(Http1Server, APeerThatLeavesWithinARequestIsForgotten) {
  say(post + "Content-Length: 5\r\n\r\nab");
  st.settle(200ms);
  peer.set("reset_on_close", 1);
  peer.close();
  st.settle(2s);
  EXPECT_EQ(service->connections(), 0u);
  EXPECT_EQ(service->ends.back().status, THARSIS_E_RESET);
}
