// Goal: the schedule of an open loop does not move whatever happens, a closed loop never has more open than it may,
// each task has one outcome, and the figures are exact.
#include "plugins/stn/core/send_schedule.h"

#include <gtest/gtest.h>

#include "plugins/stn/core/answer_order.h"
#include "plugins/stn/core/send_report.h"

using namespace tharsis;
using stn::send_schedule;

namespace {

constexpr instant t0 = instant(1h);

int take_all(send_schedule& s, instant now) {
  int taken = 0;
  while (s.take(now)) ++taken;
  return taken;
}

}  // namespace

TEST(SendSchedule, AClosedLoopStartsTheNextTaskWhenOneIsOver) {
  send_schedule s({.count = 4, .in_flight = 2}, t0);
  EXPECT_EQ(take_all(s, t0), 2);
  EXPECT_EQ(s.due(), never);
  EXPECT_TRUE(s.on_outcome(1, THARSIS_OK, t0 + 5ms));
  const auto next = s.take(t0 + 7ms);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->number, 2);
  EXPECT_EQ(next->due, t0 + 7ms);
  EXPECT_EQ(next->deadline, t0 + 7ms + 15s);
  EXPECT_FALSE(s.take(t0 + 8ms));
}

TEST(SendSchedule, AnOpenLoopKeepsItsTimesWhateverTheAnswersAndTheDriverDo) {
  send_schedule s({.count = 1000, .rate = 3, .deadline = 2s}, t0);
  EXPECT_EQ(take_all(s, t0), 1);
  EXPECT_EQ(take_all(s, t0 + 1s - 1ns), 2);
  EXPECT_EQ(s.due(), t0 + 1s) << "a sum of thirds would be late by now";
  EXPECT_EQ(take_all(s, t0 + 10s), 28) << "a late driver catches up";
  EXPECT_EQ(s.due(), t0 + std::chrono::nanoseconds(31'000'000'000 / 3));
  take_all(s, t0 + 333s);
  EXPECT_EQ(s.due(), never);
  EXPECT_EQ(s.report().sent, 1000);
}

TEST(SendSchedule, AnAnswerBehindTheDeadlineIsNone) {
  send_schedule s({.count = 2, .rate = 10, .deadline = 2s}, t0);
  take_all(s, t0 + 150ms);  // The second was due at 100 ms; that the driver came late gives it no more time.
  EXPECT_EQ(s.on_outcome(0, THARSIS_OK, t0 + 2s), THARSIS_OK);
  EXPECT_EQ(s.on_outcome(1, THARSIS_OK, t0 + 2100ms + 1ns), THARSIS_E_TIMEOUT);
  EXPECT_EQ(s.on_outcome(1, THARSIS_OK, t0 + 3s), std::nullopt);
  EXPECT_TRUE(s.over());
  EXPECT_FALSE(s.all_answered());
  EXPECT_EQ(s.report().ok, 1);
  EXPECT_EQ(s.report().max, 2s);
  EXPECT_EQ(s.report().reasons, (std::map<std::string, int64_t>{{"timeout", 1}}));
}

TEST(SendSchedule, AnOpenLoopMeasuresFromTheMomentThatWasPlanned) {
  send_schedule s({.count = 2, .rate = 10, .deadline = 2s}, t0);
  EXPECT_EQ(take_all(s, t0), 1);
  const auto late = s.take(t0 + 150ms);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->due, t0 + 100ms);
  EXPECT_EQ(late->deadline, t0 + 2100ms);
  s.on_outcome(1, THARSIS_OK, t0 + 170ms);
  EXPECT_EQ(s.report().max, 70ms);
  EXPECT_EQ(s.report().first_answer, 170ms);
}

TEST(SendSchedule, EachTaskHasOneOutcome) {
  send_schedule s({.count = 3, .in_flight = 3}, t0);
  take_all(s, t0);
  EXPECT_FALSE(s.on_outcome(3, THARSIS_OK, t0)) << "it was never sent";
  EXPECT_TRUE(s.on_outcome(0, THARSIS_OK, t0 + 1ms));
  EXPECT_FALSE(s.on_outcome(0, THARSIS_E_TIMEOUT, t0 + 2ms));
  EXPECT_TRUE(s.on_outcome(2, THARSIS_E_TIMEOUT, t0 + 2ms));
  EXPECT_FALSE(s.over());
  EXPECT_TRUE(s.on_outcome(1, THARSIS_E_NETWORK, t0 + 3ms));
  EXPECT_TRUE(s.over());
  EXPECT_FALSE(s.all_answered());
  const auto r = s.report();
  EXPECT_EQ(r.sent, 3);
  EXPECT_EQ(r.ok, 1);
  EXPECT_EQ(r.failed, 2);
  EXPECT_EQ(r.reasons, (std::map<std::string, int64_t>{{"network", 1}, {"timeout", 1}}));
}

TEST(SendSchedule, WhatIsOpenAtAnEarlyEndWasCancelledAndNothingMoreIsSent) {
  send_schedule s({.count = 10, .rate = 1}, t0);
  take_all(s, t0 + 2s);
  s.on_outcome(1, THARSIS_OK, t0 + 2s);
  EXPECT_EQ(s.end(), (std::vector<int64_t>{0, 2}));
  EXPECT_FALSE(s.on_outcome(0, THARSIS_OK, t0 + 3s));
  EXPECT_FALSE(s.take(t0 + 1h));
  const auto r = s.report();
  EXPECT_EQ(r.sent, 3);
  EXPECT_EQ(r.ok + r.failed, 3);
  EXPECT_EQ(r.reasons, (std::map<std::string, int64_t>{{"cancelled", 2}}));
}

TEST(SendSchedule, PercentilesAreThoseOfAllAnswers) {
  send_schedule s({.count = 200, .in_flight = 200}, t0);
  take_all(s, t0);
  for (int i = 199; i >= 0; --i) s.on_outcome(i, THARSIS_OK, t0 + std::chrono::milliseconds(i + 1));
  EXPECT_TRUE(s.all_answered());
  const auto r = s.report();
  EXPECT_EQ(r.p50, 100ms);
  EXPECT_EQ(r.p95, 190ms);
  EXPECT_EQ(r.p99, 198ms);
  EXPECT_EQ(r.max, 200ms);
}

TEST(SendSchedule, OneAnswerIsEveryPercentile) {
  send_schedule s({}, t0);
  take_all(s, t0);
  s.on_outcome(0, THARSIS_OK, t0 + 3ms);
  const auto r = s.report();
  for (const auto& figure : {r.p50, r.p95, r.p99, r.max}) EXPECT_EQ(figure, 3ms);
}

TEST(SendReport, IsTheObjectOfTheContract) {
  send_schedule s({.count = 2, .in_flight = 2}, t0);
  take_all(s, t0);
  s.on_outcome(0, THARSIS_OK, t0 + 1500us);
  s.on_outcome(1, THARSIS_E_TIMEOUT, t0 + 15s);
  EXPECT_EQ(report_json(s.report(), {1, 20, 30, 4}, "ab"),
            "{\"sent\":2,\"ok\":1,\"failed\":1,\"reasons\":{\"timeout\":1},\"p50_us\":1500,\"p95_us\":1500,\"p99_us\":1500,"
            "\"max_us\":1500,\"first_answer_us\":1500,\"elapsed_us\":0,\"connects\":1,\"bytes_sent\":20,\"bytes_received\":30,\"repeated\":4,\"sha256\":\"ab\"}");
  EXPECT_EQ(report_table(s.report(), {1, 20, 30}),
            "tasks    2 sent, 1 answered, 1 timeout\n"
            "answers  p50 1.500 ms  p95 1.500 ms  p99 1.500 ms  max 1.500 ms; the first after 1.500 ms\n"
            "link     1 connect, 20 bytes sent, 30 received\n");
}

TEST(SendReport, ShortTimesHaveTenthsAndTheAnswersTookFromTheFirstToTheLast) {
  send_schedule s({.count = 2, .in_flight = 2}, t0);
  take_all(s, t0);
  s.on_outcome(1, THARSIS_OK, t0 + 23'456ns);
  s.on_outcome(0, THARSIS_OK, t0 + 30'006ns);
  const std::string json = report_json(s.report(), {}, std::nullopt);
  EXPECT_NE(json.find("\"p50_us\":23.4,\"p95_us\":30,"), std::string::npos) << json;
  EXPECT_NE(json.find("\"elapsed_us\":6.5,"), std::string::npos) << json;
}

TEST(SendReport, EachTaskHasItsTimeWhereTheyAreKept) {
  send_schedule s({.count = 3, .in_flight = 3, .times = true}, t0);
  take_all(s, t0);
  s.on_outcome(2, THARSIS_OK, t0 + 2ms);
  s.on_outcome(0, THARSIS_OK, t0 + 1500us);
  s.on_outcome(1, THARSIS_E_TIMEOUT, t0 + 15s);
  const std::string json = report_json(s.report(), {}, std::nullopt);
  EXPECT_NE(json.find("\"began_us\":3600000000,\"times_us\":[1500,null,2000]"), std::string::npos) << json;
}

TEST(SendReport, WithoutAnAnswerTimesAreNull) {
  const std::string json = report_json(send_schedule({}, t0).report(), {}, std::nullopt);
  EXPECT_EQ(json,
            "{\"sent\":0,\"ok\":0,\"failed\":0,\"reasons\":{},\"p50_us\":null,\"p95_us\":null,\"p99_us\":null,\"max_us\":null,"
            "\"first_answer_us\":null,\"elapsed_us\":null,\"connects\":0,\"bytes_sent\":0,\"bytes_received\":0,\"repeated\":0}");
}

TEST(AnswerOrder, WhatIsEarlyWaitsForItsTurn) {
  stn::answer_order order;
  order.on_over(1, {1});
  EXPECT_TRUE(order.take().empty());
  order.on_over(2, {});
  order.on_over(0, {0});
  EXPECT_EQ(order.take(), (std::vector<std::vector<uint8_t>>{{0}, {1}, {}}));
  order.on_over(3, {3});
  EXPECT_EQ(order.take(), (std::vector<std::vector<uint8_t>>{{3}}));
}
