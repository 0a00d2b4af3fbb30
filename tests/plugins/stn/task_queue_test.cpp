#include "plugins/stn/core/task_queue.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::answer;
using stn::request;
using stn::task_queue;

namespace {

constexpr instant t0 = instant(1h);

request keyed(uint64_t id, instant deadline = t0 + 10s) { return {id, 3, {'b'}, {'k'}, deadline}; }
request keyless(uint64_t id, instant deadline = t0 + 10s) { return {id, 3, {'b'}, {}, deadline}; }

mars::frame reply(uint32_t sequence) { return {3, sequence, {'r'}, {}, {}}; }

answer the_answer(task_queue& q) {
  auto all = q.take_answers();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? answer{} : all.front();
}

}  // namespace

TEST(TaskQueue, RequestsLeaveInTheOrderOfSubmissionWithSequencesOfTheirOwn) {
  task_queue q("main");
  for (uint64_t id : {5, 7, 6}) q.submit(keyed(id));
  const auto a = q.take_frame({}), b = q.take_frame({}), c = q.take_frame({});
  EXPECT_FALSE(q.take_frame({}));
  EXPECT_EQ(a->sequence, 1u);
  EXPECT_EQ(b->sequence, 2u);
  EXPECT_EQ(c->sequence, 3u);
  q.on_answer(reply(2), {});
  EXPECT_EQ(the_answer(q).id, 6u);
}

TEST(TaskQueue, AnAnswerEndsItsTaskAndASecondOneIsAStray) {
  uint64_t strays = 0;
  task_queue q("main", {{}, {}, counter(&strays), {}});
  q.submit(keyed(1));
  q.on_answer(reply(q.take_frame({})->sequence), {});
  const answer a = the_answer(q);
  EXPECT_EQ(a.status, THARSIS_OK);
  EXPECT_EQ(a.body, std::vector<uint8_t>{'r'});
  q.on_answer(reply(1), {});
  EXPECT_TRUE(q.take_answers().empty());
  EXPECT_EQ(strays, 1u);
}

TEST(TaskQueue, ARefusalIsToldInTheServersWordsButOnASingleShortLine) {
  task_queue q("main");
  q.submit(keyed(1));
  q.on_answer({3, q.take_frame({})->sequence, {'x'}, {}, "not\nyou " + std::string(1000, '!')}, {});
  const answer a = the_answer(q);
  EXPECT_EQ(a.status, THARSIS_E_DENIED);
  EXPECT_EQ(a.reason.substr(0, 8), "not you ");
  EXPECT_LT(a.reason.size(), 400u);
  EXPECT_TRUE(a.body.empty());
}

TEST(TaskQueue, ACancelledTaskIsAnsweredOnceEvenWhenItsFrameIsOnTheWire) {
  task_queue q("main");
  q.submit(keyed(1));
  const uint32_t sequence = q.take_frame({})->sequence;
  q.cancel(1);
  EXPECT_EQ(the_answer(q).status, THARSIS_E_CANCELLED);
  q.cancel(1);
  q.on_answer(reply(sequence), {});
  EXPECT_TRUE(q.take_answers().empty());
}

TEST(TaskQueue, AfterALossTasksWithAKeyWaitAgainInTheirOldOrder) {
  task_queue q("main");
  for (uint64_t id = 1; id <= 3; ++id) q.submit(keyed(id));
  (void)q.take_frame({});
  (void)q.take_frame({});
  q.on_loss({THARSIS_E_RESET, "cut"});
  EXPECT_EQ(q.sent(), 0u);
  for (uint64_t id = 1; id <= 3; ++id) {
    q.on_answer(reply(q.take_frame({})->sequence), {});
    EXPECT_EQ(the_answer(q).id, id);
  }
}

TEST(TaskQueue, AfterALossATaskWithoutAKeyFailsIfItsRequestWasSentAndOnlyThen) {
  task_queue q("main");
  q.submit(keyless(1));
  q.submit(keyless(2));
  (void)q.take_frame({});
  q.on_loss({THARSIS_E_RESET, "the cable was cut"});
  const answer a = the_answer(q);
  EXPECT_EQ(a.id, 1u);
  EXPECT_EQ(a.status, THARSIS_E_NETWORK);
  EXPECT_NE(a.reason.find("the cable was cut"), std::string::npos) << a.reason;
  EXPECT_TRUE(q.take_frame({}));
}

TEST(TaskQueue, AnAnswerOfTheOldConnectionIsAStray) {
  task_queue q("main");
  q.submit(keyed(1));
  const uint32_t old = q.take_frame({})->sequence;
  q.on_loss({THARSIS_E_RESET, "cut"});
  EXPECT_NE(q.take_frame({})->sequence, old);
  q.on_answer(reply(old), {});
  EXPECT_TRUE(q.take_answers().empty());
}

TEST(TaskQueue, ADeadlineEndsWhatWaitsAndWhatWasSentAndSaysWhich) {
  task_queue q("main");
  q.submit(keyed(1, t0 + 2s));
  q.on_loss({THARSIS_E_REFUSED, "nobody listens"});
  (void)q.take_frame({});
  q.submit(keyed(2, t0 + 1s));
  EXPECT_EQ(q.deadline(), t0 + 1s);
  q.on_deadline(t0 + 1s - 1ns);
  EXPECT_TRUE(q.take_answers().empty());
  q.on_deadline(t0 + 2s);
  const auto all = q.take_answers();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, 2u);
  EXPECT_NE(all[0].reason.find("nobody listens"), std::string::npos) << all[0].reason;
  EXPECT_EQ(all[1].status, THARSIS_E_TIMEOUT);
  EXPECT_NE(all[1].reason.find("no answer"), std::string::npos) << all[1].reason;
  EXPECT_EQ(q.deadline(), never);
}

TEST(TaskQueue, TheEndAnswersEverything) {
  task_queue q("main");
  for (uint64_t id = 1; id <= 3; ++id) q.submit(keyed(id));
  (void)q.take_frame({});
  q.end(THARSIS_E_CANCELLED, "stop");
  EXPECT_EQ(q.take_answers().size(), 3u);
  EXPECT_EQ(q.unanswered(), 0u);
  EXPECT_EQ(q.sent(), 0u);
}

// Goal: every task is answered exactly once, whatever happens, and nothing is left behind. Method:
// seeds draw submissions, sending, answers (also wrong ones), losses, cancellations and time.
TEST(TaskQueue, EveryTaskHasExactlyOneAnswerUnderRandomEvents) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    task_queue q("main");
    std::map<uint64_t, int> answers;
    std::vector<uint32_t> flying;
    uint64_t last = 0;
    instant now = t0;
    size_t open = 0;
    const auto collect = [&] {
      for (const answer& a : q.take_answers()) {
        ASSERT_TRUE(answers.count(a.id));
        ASSERT_EQ(++answers[a.id], 1) << a.id;
        ASSERT_EQ(a.status == THARSIS_OK, a.reason.empty());
        --open;
      }
      ASSERT_EQ(q.unanswered(), open);
    };
    for (int step = 0; step < 200; ++step) {
      switch (random() % 8) {
        case 0:
        case 1: {
          request r = random() % 3 ? keyed(++last) : keyless(++last);
          r.deadline = now + random() % 5000 * 1ms;
          answers[r.id] = 0;
          ++open;
          q.submit(std::move(r));
          break;
        }
        case 2:
        case 3:
          if (const auto f = q.take_frame({})) flying.push_back(f->sequence);
          break;
        case 4:
        case 5:
          if (!flying.empty()) q.on_answer(reply(flying[random() % flying.size()]), {});
          break;
        case 6:
          if (last > 0) q.cancel(random() % last + 1);
          break;
        case 7:
          if (random() % 4 == 0) q.on_loss({THARSIS_E_RESET, "cut"});
          now += random() % 1000 * 1ms;
          q.on_deadline(now);
          break;
      }
      collect();
    }
    q.end(THARSIS_E_CANCELLED, "stop");
    collect();
    for (const auto& [id, count] : answers) ASSERT_EQ(count, 1) << id;
    ASSERT_EQ(q.deadline(), never);
  }
}
