// Our client against our server over simulated networks.
#include <gtest/gtest.h>

#include "sdk/sim/network.h"
#include "tests/sdk/sim/http1_stage.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

// Says back what it got.
task<void> echo(http1_exchange& x) {
  if (x.path() == "/nothing") co_return;
  if (x.path() == "/refused") {
    co_await x.answer(413, "too much\n");
    co_return;
  }
  if (x.path() == "/pieces") {
    http1::response_head head;
    error e = co_await x.begin(std::move(head));
    for (int i = 0; i < 100 && e.status == THARSIS_OK; ++i) {
      const std::vector<uint8_t> piece(1000, static_cast<uint8_t>('a' + i % 26));
      e = co_await x.write(piece);
    }
    if (e.status == THARSIS_OK) co_await x.finish();
    co_return;
  }
  auto body = co_await x.read_all(1 << 20);
  if (!body) co_return;
  http1::response_head head;
  head.fields = {{"Content-Type", "application/octet-stream"}};
  co_await x.answer(std::move(head), std::move(*body));
}

class Http1Sim : public testing::Test {
 protected:
  void start(http1_server_settings how = {}) {
    st.on(there, [&] { service.emplace(there, echo, how); });
    st.on(here, [&] { user.emplace(here, "http://10.0.0.2"); });
  }
  ~Http1Sim() override {
    st.on(here, [&] { user.reset(); });
    st.on(there, [&] { service.reset(); });
  }
  result<http1_answer> ask(http1_request request, duration within = 10s) {
    http_outcome outcome;
    st.on(here, [&] { user->ask(std::move(request), &outcome, within); });
    EXPECT_TRUE(st.run_until([&] { return outcome.has_value(); }, within + 1s));
    return outcome ? std::move(*outcome) : error{THARSIS_E_INTERNAL, "no outcome"};
  }

  simulated_stage st{7};
  sim::machine& far_machine = st.w.add_machine("far", {"10.0.0.2"});
  const tharsis_strand& here = st.open();
  const tharsis_strand& there = st.open(far_machine.platform());
  std::optional<http_service> service;
  std::optional<http_user> user;
};

}  // namespace

TEST_F(Http1Sim, BodiesGoThereAndBackOverOneConnection) {
  start();
  for (const size_t size : {0u, 1u, 1000u, 16384u, 16385u, 300'000u, 1u << 20}) {
    SCOPED_TRACE(size);
    const std::string body(size, 'x');
    const auto answer = ask(request_of("POST", "/in?token=secret", body));
    ASSERT_TRUE(answer) << answer.failure().text;
    EXPECT_EQ(answer->head.status, 200);
    EXPECT_TRUE(answer->body == body) << answer->body.size();
    EXPECT_TRUE(http1::find(answer->head.fields, "Date") != nullptr);
  }
  EXPECT_EQ(service->accepted, 1u);
}

TEST_F(Http1Sim, AnAnswerInPiecesIsPutTogether) {
  start();
  const auto answer = ask(request_of("GET", "/pieces"));
  ASSERT_TRUE(answer) << answer.failure().text;
  EXPECT_EQ(answer->body.size(), 100'000u);
  EXPECT_EQ(http1::value_of(answer->head.fields, "Transfer-Encoding"), "chunked");
}

TEST_F(Http1Sim, AnEarlyAnswerEndsTheSendingOfALargeBody) {
  start();
  st.w.between(st.m, far_machine).bytes_per_second = 100'000;
  const instant begun = st.w.now();
  const auto answer = ask(request_of("POST", "/refused", std::string(10 << 20, 'x')), 300s);
  ASSERT_TRUE(answer) << answer.failure().text;
  EXPECT_EQ(answer->head.status, 413);
  EXPECT_LT(st.w.now() - begun, 60s) << "10 MiB would take 100 s";
  const auto next = ask(request_of("GET", "/again"));
  EXPECT_TRUE(next) << next.failure().text;
  EXPECT_EQ(service->accepted, 2u);
}

TEST_F(Http1Sim, AHandlerWithoutAnAnswerIs500) {
  start();
  const auto answer = ask(request_of("GET", "/nothing"));
  ASSERT_TRUE(answer) << answer.failure().text;
  EXPECT_EQ(answer->head.status, 500);
}

TEST_F(Http1Sim, ATooLargeBodyIs413AlsoWithExpect) {
  start();
  http1_request large = request_of("POST", "/in", std::string((1 << 20) + 1, 'x'));
  large.expect_continue = true;
  const auto answer = ask(std::move(large));
  ASSERT_TRUE(answer) << answer.failure().text;
  EXPECT_EQ(answer->head.status, 413);
  http1_request small = request_of("POST", "/in", "small");
  small.expect_continue = true;
  const auto second = ask(std::move(small));
  ASSERT_TRUE(second) << second.failure().text;
  EXPECT_EQ(second->body, "small");
}

TEST_F(Http1Sim, NobodyThereIsASentence) {
  start();
  st.on(here, [&] { user.reset(); });
  st.on(here, [&] { user.emplace(here, "http://10.0.0.2:81"); });
  const auto answer = ask(request_of("GET", "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().text, "cannot reach 10.0.0.2:81: connecting to 10.0.0.2:81 failed: refused");
}

TEST_F(Http1Sim, OverTlsTheServersNameIsProved) {
  constexpr int64_t wall = sim::wall_at_zero / 1'000'000'000;
  const identity authority = authority_named("Tests", 1, wall);
  start();
  st.w.add_name("logs.example.com", {"10.0.0.2"});
  st.w.add_name("other.example.com", {"10.0.0.2"});
  auto shown = issued(authority, {"logs.example.com"}, wall);
  service->tls = *tls_context::server({shown.certificate_pem, shown.private_key_pem, true});
  const auto trust = *tls_context::client({.ca_pem = authority.certificate_pem, .http1 = true});
  const auto ask_of = [&](const std::string& url, std::optional<tls_context> trusted) {
    st.on(here, [&] {
      user.reset();
      user.emplace(here, url, std::move(trusted));
    });
    return ask(request_of("POST", "/", std::string(100'000, 'x')));
  };
  const auto answer = ask_of("https://logs.example.com:80", trust);
  ASSERT_TRUE(answer) << answer.failure().text;
  EXPECT_EQ(answer->body.size(), 100'000u);
  const auto wrong = ask_of("https://other.example.com:80", trust);
  EXPECT_EQ(wrong.status(), THARSIS_E_UNTRUSTED);
  EXPECT_NE(wrong.failure().text.find("cannot reach other.example.com:80: the certificate of other.example.com is for logs.example.com"),
            std::string::npos) << wrong.failure().text;
  const auto nobody = ask_of("https://logs.example.com:80", {});
  EXPECT_EQ(nobody.status(), THARSIS_E_INVALID);
}
