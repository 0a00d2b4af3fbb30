#include "plugins/demo/core/tally.h"

#include <gtest/gtest.h>

#include <functional>

#include "plugins/demo/core/summary.h"

using namespace tharsis;
using demo::tally;

namespace {

constexpr size_t lines = 10;

// A run in which everything went as promised.
tally good_run() {
  tally t(lines);
  t.on_link_up(1, {});
  t.on_push();
  for (size_t i = 0; i < lines; ++i) t.on_sent();
  t.on_link_down("the peer reset the connection");
  t.on_verdict("nothing listens on 127.0.0.1:17443");
  t.on_link_down("connecting was refused");
  t.on_link_up(2, 2100ms);
  t.on_push();
  for (size_t i = 0; i < lines; ++i) t.on_answer(i, true, "");
  t.server = {lines, lines, 3, true, ""};
  t.log = {"/state/log/a.log", 40, lines, ""};
  t.dns = {2, 0, 1, 1, 0, 0};
  return t;
}

// What is missing once `damage` was done to a good run.
std::string missing(const std::function<void(tally&)>& damage) {
  tally t = good_run();
  damage(t);
  std::string all;
  for (const auto& sentence : t.shortfalls(1)) all += sentence + "\n";
  return all;
}

}  // namespace

TEST(DemoTally, AGoodRunLacksNothing) {
  EXPECT_TRUE(good_run().shortfalls(1).empty());
  EXPECT_TRUE(good_run().satisfied(1));
  EXPECT_FALSE(good_run().satisfied(2));
}

TEST(DemoTally, EveryPromiseThatWasNotKeptIsNamed) {
  EXPECT_EQ(missing([](tally& t) { t.on_answer(3, true, ""); }), "1 answers came for tasks that had one\n");
  EXPECT_EQ(missing([](tally& t) { t.on_answer(lines, true, ""); }), "1 answers came for tasks that had one\n");
  EXPECT_EQ(missing([](tally& t) { t.headline.clear(); }), "sdt gave no verdict about the outage\n");
  EXPECT_EQ(missing([](tally& t) { t.log.tasks_found = 9; }), "the log holds 9 of 10 tasks\n");
  EXPECT_EQ(missing([](tally& t) { t.log.failure = "no such file"; }), "the log could not be read back: no such file\n");
  EXPECT_EQ(missing([](tally& t) { t.server.known = false, t.server.failure = "timeout"; }),
            "the gateway did not tell what it executed: timeout\n");
  EXPECT_EQ(missing([](tally& t) { t.server.executions = 11; }),
            "the gateway executed 11 messages under 10 keys, for 10 that were sent\n");
}

// A gateway that forgot a key and carried it out again counts it as another key.
TEST(DemoTally, AnExecutionTooManyIsADuplicateHoweverTheGatewayCountsKeys) {
  tally t = good_run();
  t.server.executions = t.server.keys = 11;
  EXPECT_EQ(t.duplicates(), 1u);
  EXPECT_FALSE(t.shortfalls(1).empty());
}

TEST(DemoTally, AnAnswerThatTheGatewayNeverExecutedIsMissed) {
  EXPECT_EQ(missing([](tally& t) { t.server.executions = t.server.keys = 9; }),
            "the gateway executed 9 messages under 9 keys, for 10 that were sent\n");
}

TEST(DemoTally, AnUnfinishedRunSaysHowMuchIsMissing) {
  tally t(lines);
  t.on_link_down("no route leads to it");
  for (int i = 0; i < 4; ++i) t.on_sent();
  t.on_answer(0, false, "timeout");
  const auto sentences = t.shortfalls(1);
  ASSERT_EQ(sentences.size(), 7u);
  EXPECT_EQ(sentences[0], "9 of 10 tasks have no answer");
  EXPECT_EQ(sentences[1], "1 tasks failed, the first one at line 1: timeout");
  EXPECT_EQ(sentences[2], "the link never came up: no route leads to it");
  EXPECT_EQ(sentences[4], "no push arrived from the second client");
}

TEST(DemoTally, TheReasonOfAnOutageIsWhatEndedTheLink) {
  EXPECT_EQ(good_run().link_reason, "the peer reset the connection");
}

TEST(DemoTally, AVerdictBeforeTheLinkWasUpIsNotTheOnePromised) {
  tally t(lines);
  t.on_verdict("nothing listens yet");
  EXPECT_TRUE(t.headline.empty());
  t.on_link_up(1, {});
  t.on_verdict("nothing listens any more");
  EXPECT_EQ(t.headline, "nothing listens any more");
}

TEST(DemoTally, TheJsonHasTheShapeThatOthersRead) {
  EXPECT_EQ(good_run().json(),
            R"({"tasks":{"sent":10,"ok":10,"failed":0,"duplicates":0},"pushes":2,)"
            R"("link":{"connects":2,"longest_gap_ms":2100},)"
            R"("dns":{"queries":2,"literal":0,"pinned":1,"cached":1,"system":0,"failed":0},)"
            R"("sdt":{"headline":"nothing listens on 127.0.0.1:17443"},)"
            R"("log":{"file":"/state/log/a.log","lines":40,"tasks_found":10}})");
}

TEST(DemoSummary, SaysWhatHappenedWhatIsLeftAndWhatToTry) {
  const std::string text = demo::summary(good_run(), {8200ms, "/state", "build/bin/tharsis", 1, false});
  for (const char* part : {"every line was answered exactly once (8.2 s)", "10 lines sent, 10 answered",
                           "3 were sent again and answered from memory", "1 of them after the outage",
                           "was away for 2.1 s: the peer reset the connection", "nothing listens on 127.0.0.1:17443",
                           "1 pinned by the profile, 1 from memory", "10 of 10 tasks found",
                           "/state  (", "build/bin/tharsis xlog cat /state/log/a.log"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(DemoSummary, ListsWhatIsMissingInsteadOfPraise) {
  tally t = good_run();
  t.headline.clear();
  const std::string text = demo::summary(t, {8200ms, "/state", "tharsis", 1, true});
  EXPECT_EQ(text.find("All is well"), std::string::npos);
  EXPECT_NE(text.find("  - sdt gave no verdict"), std::string::npos);
}

TEST(DemoSummary, TheLiveLineTellsOfTheOutage) {
  tally t(lines);
  constexpr instant t0{};
  EXPECT_EQ(demo::progress_line(t, t0, t0), "sending: 0 of 10 lines answered, 0 pushes, link not up yet");
  t.on_link_up(1, {});
  t.on_push();
  EXPECT_EQ(demo::progress_line(t, t0, t0), "sending: 0 of 10 lines answered, 1 push, link up");
  t.on_link_down("reset");
  EXPECT_EQ(demo::progress_line(t, t0 + 1300ms, t0), "sending: 0 of 10 lines answered, 1 push, link down for 1.3 s");
  EXPECT_EQ(demo::event_line(4230ms, "link down"), "  after 4.2 s: link down");
}
