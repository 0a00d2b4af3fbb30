#include "tests/lab/peers/load_loop.h"

using namespace tharsis;
using namespace tharsis::lab;

namespace {

const instant start = instant(1h);

load_loop four_per_second(uint32_t count, duration deadline = 15s) { return {{count, 4, deadline}, start}; }

std::vector<uint32_t> all_due(load_loop& loop, instant now) {
  std::vector<uint32_t> due;
  while (const auto request = loop.take_due(now)) due.push_back(*request);
  return due;
}

std::vector<uint32_t> all_expired(load_loop& loop, instant now) {
  std::vector<uint32_t> expired;
  while (const auto request = loop.take_expired(now)) expired.push_back(*request);
  return expired;
}

}  // namespace

TEST(LoadLoop, RequestsAreDueAtTheirTimesWhateverBecameOfTheOthers) {
  load_loop loop = four_per_second(4);
  EXPECT_EQ(loop.deadline(), start);
  EXPECT_EQ(all_due(loop, start), std::vector<uint32_t>{0});
  EXPECT_EQ(loop.deadline(), start + 250ms);
  EXPECT_EQ(all_due(loop, start + 249ms), std::vector<uint32_t>{});
  EXPECT_EQ(all_due(loop, start + 750ms), (std::vector<uint32_t>{1, 2, 3})) << "a late look misses none";
  EXPECT_EQ(all_due(loop, start + 1h), std::vector<uint32_t>{});
}

TEST(LoadLoop, TimesDoNotDriftWithTheNumberOfRequests) {
  const load_loop thirds({1'000'000, 3, 1s}, start);
  EXPECT_EQ(thirds.due(900'000), start + 300'000s);
}

TEST(LoadLoop, LatencyCountsFromWhenTheRequestWasDue) {
  load_loop loop = four_per_second(2);
  all_due(loop, start + 1s);  // Both are sent late.
  loop.on_answer(0, start + 1100ms);
  loop.on_answer(1, start + 1100ms);
  EXPECT_TRUE(loop.done());
  EXPECT_EQ(loop.percentile(1), 1100ms);
  EXPECT_EQ(loop.percentile(0.5), 850ms);
  EXPECT_EQ(loop.first_answer(), 1100ms);
}

TEST(LoadLoop, InAClosedLoopTheNextOneIsDueWhenOneHasEnded) {
  load_loop loop({.count = 5, .deadline = 2s, .in_flight = 2}, start);
  EXPECT_EQ(all_due(loop, start + 1s), (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(loop.next_due(), never);
  EXPECT_EQ(loop.deadline(), start + 3s);
  loop.on_answer(1, start + 1500ms);
  EXPECT_LE(loop.next_due(), start + 1500ms);
  EXPECT_EQ(all_due(loop, start + 1600ms), std::vector<uint32_t>{2});
  EXPECT_EQ(loop.due(2), start + 1600ms) << "its latency counts from then";
  EXPECT_EQ(all_expired(loop, start + 3s), std::vector<uint32_t>{0});
  EXPECT_EQ(all_due(loop, start + 3s), std::vector<uint32_t>{3});
  loop.on_failure(2, "reset");
  EXPECT_EQ(all_due(loop, start + 3s), std::vector<uint32_t>{4});
  loop.on_answer(3, start + 3100ms);
  loop.on_answer(4, start + 3200ms);
  EXPECT_TRUE(loop.done());
  EXPECT_EQ(loop.next_due(), never);
  EXPECT_EQ(loop.percentile(1), 500ms);
  EXPECT_EQ(loop.elapsed(), 1700ms);
}

TEST(LoadLoop, WhatIsNotAnsweredByItsDeadlineHasFailed) {
  load_loop loop = four_per_second(3, 2s);
  all_due(loop, start + 500ms);
  loop.on_answer(1, start + 600ms);
  EXPECT_EQ(loop.deadline(), start + 2s);
  EXPECT_EQ(all_expired(loop, start + 2s - 1ns), std::vector<uint32_t>{});
  EXPECT_EQ(all_expired(loop, start + 2s), std::vector<uint32_t>{0});
  EXPECT_EQ(loop.deadline(), start + 2500ms);
  EXPECT_EQ(all_expired(loop, start + 1h), std::vector<uint32_t>{2});
  EXPECT_EQ(loop.deadline(), never);
  EXPECT_TRUE(loop.done());
  EXPECT_EQ(loop.reasons(), (std::map<std::string, uint32_t>{{"deadline", 2}}));
}

TEST(LoadLoop, AnAnswerBehindTheDeadlineIsNoneEvenIfNobodyLookedInBetween) {
  load_loop loop = four_per_second(1, 2s);
  all_due(loop, start);
  loop.on_answer(0, start + 2s + 1ns);
  EXPECT_EQ(loop.answered(), 0u);
  EXPECT_EQ(loop.failed(), 1u);
}

TEST(LoadLoop, TheFirstWordAboutARequestCounts) {
  load_loop loop = four_per_second(2);
  all_due(loop, start + 1s);
  loop.on_failure(0, "reset");
  loop.on_failure(0, "deadline");
  loop.on_answer(0, start + 1s);
  loop.on_answer(1, start + 1s);
  loop.on_answer(1, start + 2s);
  loop.on_failure(1, "reset");
  EXPECT_EQ(loop.answered(), 1u);
  EXPECT_EQ(loop.failed(), 1u);
  EXPECT_EQ(loop.reasons(), (std::map<std::string, uint32_t>{{"reset", 1}}));
  EXPECT_EQ(loop.percentile(1), 750ms);
}

TEST(LoadLoop, PercentilesAreLatenciesThatWereMeasured) {
  load_loop loop({100, 1000, 15s}, start);
  all_due(loop, start + 1s);
  for (uint32_t i = 0; i < 100; ++i) loop.on_answer(99 - i, loop.due(99 - i) + (100 - i) * 1ms);
  EXPECT_EQ(loop.percentile(0), 1ms);
  EXPECT_EQ(loop.percentile(0.50), 50ms);
  EXPECT_EQ(loop.percentile(0.95), 95ms);
  EXPECT_EQ(loop.percentile(0.99), 99ms);
  EXPECT_EQ(loop.percentile(1), 100ms);
}

TEST(LoadLoop, TheJsonOfALoopWithoutAnswersHasNulls) {
  load_loop loop = four_per_second(2, 1s);
  all_due(loop, start + 1s);
  loop.on_failure(1, "connection \"lost\"");
  all_expired(loop, start + 1h);
  EXPECT_EQ(outcome_json(loop, {.connects = 3, .bytes_sent = 20, .bytes_received = 0}),
            R"({"sent":2,"ok":0,"failed":2,"reasons":{"connection \"lost\"":1,"deadline":1},)"
            R"("p50_us":null,"p95_us":null,"p99_us":null,"max_us":null,"first_answer_us":null,)"
            R"("elapsed_us":null,"connects":3,"bytes_sent":20,"bytes_received":0})");
}

TEST(LoadLoop, TheJsonHasMicroseconds) {
  load_loop loop = four_per_second(1);
  all_due(loop, start);
  loop.on_answer(0, start + 1234567ns);
  EXPECT_EQ(outcome_json(loop, {}),
            R"({"sent":1,"ok":1,"failed":0,"reasons":{},"p50_us":1234,"p95_us":1234,"p99_us":1234,"max_us":1234,)"
            R"("first_answer_us":1234,"elapsed_us":0,"connects":0,"bytes_sent":0,"bytes_received":0})");
}

TEST(LoadLoop, EachRequestHasItsTimeWhereTheyAreKept) {
  load_loop loop({.count = 2, .rate = 4, .times = true}, start);
  all_due(loop, start + 1s);
  loop.on_failure(0, "x");
  loop.on_answer(1, start + 300ms);
  const std::string json = outcome_json(loop, {});
  EXPECT_TRUE(json.ends_with("\"began_us\":3600000000,\"times_us\":[null,50000]}")) << json;
}
