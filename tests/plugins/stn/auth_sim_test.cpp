// Goal: nothing overtakes the application's proof of who it is, on every connection; and who is refused does not
// hammer the server.
#include <deque>

#include "sdk/abi/stn_auth.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::link_world;

namespace {

// An application that says what a test wants.
class application {
 public:
  application() : table_{sizeof table_, this, begin, judge} {}
  const tharsis_stn_auth* table() const { return &table_; }

  struct asked {
    std::string link, user, answer;
    uint32_t attempt;
    bool judge;
  };
  std::vector<asked> questions;
  // What it says, in order; the last one again and again.
  std::deque<uint32_t> to_begin = {THARSIS_STN_AUTH_SEND};
  std::deque<uint32_t> to_judge = {THARSIS_STN_AUTH_ACCEPTED};
  uint32_t retry_after_ms = 0;
  uint32_t command = 2;
  bool silent = false;
  tharsis_status given = THARSIS_PENDING;
  tharsis_stn_auth_question last{};

  void give(const tharsis_stn_auth_question& q, uint32_t kind) {
    const std::string body = "token " + std::to_string(questions.size());
    const tharsis_stn_auth_word w{sizeof w, kind, command, retry_after_ms, bytes_of(as_bytes(body)), text_of("so be it")};
    given = q.give(q.context, q.question, &w);
  }

 private:
  static uint32_t next(std::deque<uint32_t>& words) {
    const uint32_t w = words.front();
    if (words.size() > 1) words.pop_front();
    return w;
  }
  void on_question(const tharsis_stn_auth_question& q, bool judge) {
    questions.push_back({std::string(view(q.link)), std::string(view(q.user)), std::string(as_text(view(q.answer))), q.attempt, judge});
    last = q;
    if (!silent) give(q, next(judge ? to_judge : to_begin));
  }
  static void begin(void* self, const tharsis_stn_auth_question* q) { static_cast<application*>(self)->on_question(*q, false); }
  static void judge(void* self, const tharsis_stn_auth_question* q) { static_cast<application*>(self)->on_question(*q, true); }

  const tharsis_stn_auth table_;
};

struct authenticated : link_world {
  explicit authenticated(uint64_t seed, std::string user = "ann") : link_world(seed) {
    link().user = std::move(user);
    host.provide_auth(app.table());
    serve();
  }
  application app;
};

}  // namespace

TEST(StnAuth, TasksWaitForItOnEveryConnection) {
  authenticated w(1);
  w.start();
  w.submit("early", "early");
  ASSERT_TRUE(w.wait_up()) << w.reason();
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_FALSE(w.server.proof_after_tasks) << "a task has overtaken the proof";
  ASSERT_EQ(w.app.questions.size(), 2u);
  EXPECT_EQ(w.app.questions[0].link, "main");
  EXPECT_EQ(w.app.questions[0].user, "ann");
  EXPECT_EQ(w.app.questions[1].answer, "token 1") << "the server's answer comes back to the application";
  w.world.forget_connections(w.client_machine, w.server_machine);
  w.submit("later", "later");
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.server.proofs.size(), 2u) << "once for each connection";
  ASSERT_EQ(w.host.auths.size(), 2u);
  EXPECT_EQ(w.host.auths[1].outcome, uint32_t{THARSIS_STN_AUTH_EVENT_ACCEPTED});
  bool seen = false;
  for (const auto& s : w.host.states) seen = seen || s.phase == THARSIS_STN_PHASE_AUTH;
  EXPECT_TRUE(seen) << "a phase of its own";
  EXPECT_GT(w.host.connects.front().auth, 0s);
}

TEST(StnAuth, WithoutAUserItIsAlsoTheProofThatTheServerIsThere) {
  authenticated w(2, "");
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  EXPECT_EQ(w.server.hellos, 0);
  EXPECT_EQ(w.server.pings, 0);
  EXPECT_EQ(w.server.proofs.size(), 1u);
}

TEST(StnAuth, WithNothingToProveAPingIsTheProof) {
  authenticated w(3, "");
  w.app.to_begin = {THARSIS_STN_AUTH_NOT_NEEDED};
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  EXPECT_EQ(w.server.pings, 1);
  EXPECT_EQ(w.host.auths.at(0).outcome, uint32_t{THARSIS_STN_AUTH_EVENT_NOT_NEEDED});
}

TEST(StnAuth, MarsModeNextIsAskedAgainAtThePing) {
  authenticated w(4);
  w.app.to_begin = {THARSIS_STN_AUTH_NEXT, THARSIS_STN_AUTH_SEND};
  w.start();
  ASSERT_TRUE(w.wait_up());
  EXPECT_TRUE(w.server.proofs.empty());
  w.world.run_for(w.link().heartbeat.interval_min + 5s);
  EXPECT_EQ(w.server.proofs.size(), 1u);
  EXPECT_TRUE(w.up());
  EXPECT_EQ(w.app.questions.size(), 3u);
  w.world.run_for(w.link().heartbeat.interval_min + 5s);
  EXPECT_EQ(w.app.questions.size(), 3u) << "and then no more";
}

TEST(StnAuth, WhoIsRefusedPausesAndDoesNotHammerAlsoWhileTasksWait) {
  authenticated w(5);
  w.app.to_judge = {THARSIS_STN_AUTH_REFUSED};
  w.start();
  w.submit("x", "x", 600'000);
  w.world.run_for(10min);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_AUTH_REFUSED});
  EXPECT_NE(w.reason().find("the server did not accept who we are: so be it"), std::string::npos) << w.reason();
  EXPECT_LE(w.server.proofs.size(), 10u) << "2, 4, 8 ... 300 s";
  EXPECT_GE(w.server.proofs.size(), 5u);
  ASSERT_GE(w.host.auths.size(), 3u);
  EXPECT_EQ(w.host.auths[0].pause, 2s);
  EXPECT_EQ(w.host.auths[2].pause, 8s);
}

TEST(StnAuth, AServerThatRefusesTheMessageItselfIsHeard) {
  authenticated w(6);
  w.server.refuse_proof = "token expired";
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.reason(), "the server refused the authentication: token expired");
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_AUTH_REFUSED});
}

TEST(StnAuth, AStaleProofIsRefreshedOnTheSameConnectionAndNotForEver) {
  authenticated w(7);
  w.app.to_judge = {THARSIS_STN_AUTH_AGAIN, THARSIS_STN_AUTH_ACCEPTED};
  w.start();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.server.connections, 1);
  EXPECT_EQ(w.server.proofs.size(), 2u);
  EXPECT_EQ(w.app.questions[2].attempt, 2u);
  authenticated never_good(8);
  never_good.app.to_judge = {THARSIS_STN_AUTH_AGAIN};
  never_good.start();
  ASSERT_TRUE(never_good.wait_down());
  EXPECT_EQ(never_good.server.proofs.size(), 3u);
  EXPECT_EQ(never_good.down().why, uint32_t{THARSIS_STN_WHY_AUTH_REFUSED});
}

TEST(StnAuth, WhoCannotNowIsAskedAgainAfterHisOwnTime) {
  authenticated w(9);
  w.app.to_begin = {THARSIS_STN_AUTH_LATER, THARSIS_STN_AUTH_SEND};
  w.app.retry_after_ms = 60'000;
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_AUTH_LATER});
  const instant began = w.world.now();
  ASSERT_TRUE(w.wait_up(10min));
  EXPECT_GE(w.world.now() - began, 59s);
}

TEST(StnAuth, AnApplicationThatNeverAnswersCostsTheConnectTimeoutAndNothingElse) {
  authenticated w(10);
  w.app.silent = true;
  w.start();
  const instant began = w.world.now();
  w.submit("x", "", 60'000);
  ASSERT_TRUE(w.wait_down(60s));
  EXPECT_GE(w.world.now() - began, w.link().connect_timeout);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_AUTH_UNANSWERED});
  EXPECT_EQ(w.reason(), "the application did not say in time how to authenticate");
  w.client.on_strand([&] {
    const tharsis_stn_auth_question late = w.app.last;
    w.app.give(late, THARSIS_STN_AUTH_SEND);
  });
  EXPECT_TRUE(w.app.given == THARSIS_E_GONE || w.app.questions.size() > 1);
  ASSERT_TRUE(w.wait_answers(1, 2min));
}

TEST(StnAuth, AServerThatNeverAnswersItIsNamed) {
  authenticated w(11);
  w.server.how = manner::mute_after_hello;
  w.start();
  ASSERT_TRUE(w.wait_down(60s));
  EXPECT_EQ(w.reason(), "the server did not answer the authentication in time");
}

TEST(StnAuth, WordsThatDoNotFitAreRefused) {
  authenticated w(12);
  w.app.silent = true;
  w.start();
  ASSERT_TRUE(w.world.run_until([&] { return !w.app.questions.empty(); }, w.world.now() + 10s));
  w.client.on_strand([&] {
    const tharsis_stn_auth_question q = w.app.last;
    for (const uint32_t kind : {0u, 5u, 6u, 7u, 8u}) {
      w.app.give(q, kind);
      EXPECT_EQ(w.app.given, THARSIS_E_INVALID) << kind;
    }
    w.app.command = mars::command_noop;
    w.app.give(q, THARSIS_STN_AUTH_SEND);
    EXPECT_EQ(w.app.given, THARSIS_E_INVALID) << "a ping is no proof";
    w.app.command = 2;
    w.app.give(q, THARSIS_STN_AUTH_SEND);
    EXPECT_EQ(w.app.given, THARSIS_OK);
    w.app.give(q, THARSIS_STN_AUTH_SEND);
    EXPECT_EQ(w.app.given, THARSIS_E_GONE) << "once";
  });
}

TEST(StnAuth, WhereItIsRequiredTheLinkWaitsForSomebodyWhoKnowsHow) {
  link_world w(13);
  application app;
  w.link().auth.when = stn::auth_settings::use::required;
  w.serve();
  w.start();
  w.world.run_for(10s);
  EXPECT_EQ(w.server.connections, 0);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_AUTH_MISSING}) << w.reason();
  w.client.on_strand([&] { w.host.provide_auth(app.table()); });
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.server.proofs.size(), 1u);
}

TEST(StnAuth, SomebodyWhoComesLaterAuthenticatesOnANewConnection) {
  link_world w(14);
  application app;
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.client.on_strand([&] { w.host.provide_auth(app.table()); });
  ASSERT_TRUE(w.world.run_until([&] { return w.server.proofs.size() == 1; }, w.world.now() + 10s));
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_RECONNECT});
  w.client.on_strand([&] { w.host.provide_auth(nullptr); });
  w.world.run_for(10s);
  EXPECT_TRUE(w.up()) << "what was proved stays so";
}

TEST(StnAuth, SomebodyWhoGoesInTheMiddleIsNoHang) {
  authenticated w(15);
  w.app.silent = true;
  w.start();
  ASSERT_TRUE(w.world.run_until([&] { return !w.app.questions.empty(); }, w.world.now() + 10s));
  w.client.on_strand([&] { w.host.provide_auth(nullptr); });
  EXPECT_TRUE(w.wait_up(30s)) << "without anybody to ask it comes up without: " << w.reason();
}

TEST(StnAuth, StoppingWhileAQuestionIsOpenIsNoHang) {
  authenticated w(16);
  w.app.silent = true;
  w.start();
  ASSERT_TRUE(w.world.run_until([&] { return !w.app.questions.empty(); }, w.world.now() + 10s));
  w.submit("x", "x");
  w.stop();
  EXPECT_EQ(w.outcomes["x"].answers, 1);
  w.client.on_strand([&] {
    const tharsis_stn_auth_question late = w.app.last;
    w.app.give(late, THARSIS_STN_AUTH_SEND);
    EXPECT_EQ(w.app.given, THARSIS_E_GONE);
    w.dispatcher.reset();
  });
}
