#include "plugins/stn/core/task_queue.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>
#include "tests/plugins/stn/requests.h"

using namespace tharsis;
using stn::answer;
using stn::request;
using stn::task_queue;

namespace {

constexpr instant t0 = instant(1h);

using bytes = std::vector<uint8_t>;

std::unique_ptr<request> keyed(uint64_t id, instant deadline = t0 + 10s) {
  return test::make_request(id, {'b'}, {'k'}, deadline);
}
std::unique_ptr<request> keyless(uint64_t id, instant deadline = t0 + 10s) {
  return test::make_request(id, {'b'}, {}, deadline);
}

duration in_all(const stn::task_times& t) {
  return t.queued + t.resolve + t.connect + t.tls + t.prove + t.first_byte + t.rest + t.lost;
}

// A queue and its link's clock; what it writes is read as the server would.
struct stage {
  explicit stage(task_queue::counts c = {}) : q("main", phases, c) {}

  std::optional<mars::frame> send(instant now = t0) {
    bytes out;
    if (!q.write_next(out, frames, now)) return std::nullopt;
    mars::frame_reader server;
    EXPECT_EQ(server.on_bytes(out), THARSIS_OK);
    return server.take_frame();
  }
  void reply(uint32_t sequence, instant now = t0) { refuse(sequence, {}, now); }
  void refuse(uint32_t sequence, std::string words, instant now = t0) {
    said = {3, sequence, {'r'}, {}, std::move(words)};
    q.on_answer(mars::frame_view(said), now);
  }
  // It has too much to do.
  void put_off(uint32_t sequence, uint32_t ms, instant now = t0) {
    said = {3, sequence, {}, {}, "busy", ms};
    q.on_answer(mars::frame_view(said), now);
  }
  answer the_answer() {
    auto all = q.take_answers();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? answer{} : std::move(all.front());
  }

  mars::frame said;  // By the server, last.
  framing frames = std::move(*framing::open(*built_in_codec("mars"), THARSIS_STN_CLIENT, mars::client_version_default, {}));
  stn::phase_clock phases;
  task_queue q;
};

}  // namespace

TEST(TaskQueue, RequestsLeaveInTheOrderOfSubmissionWithSequencesOfTheirOwn) {
  stage s;
  for (uint64_t id : {5u, 7u, 6u}) s.q.submit(keyed(id), t0);
  const auto a = s.send(), b = s.send(), c = s.send();
  EXPECT_FALSE(s.send());
  EXPECT_EQ(a->sequence, 1u);
  EXPECT_EQ(b->sequence, 2u);
  EXPECT_EQ(c->sequence, 3u);
  s.reply(2);
  EXPECT_EQ(s.the_answer().of->id, 6u);
}

TEST(TaskQueue, AnAnswerEndsItsTaskAndASecondOneIsAStray) {
  uint64_t strays = 0;
  stage s({{}, {}, counter(&strays), {}});
  s.q.submit(keyed(1), t0);
  s.reply(s.send()->sequence);
  const answer a = s.the_answer();
  EXPECT_EQ(a.status, THARSIS_OK);
  EXPECT_EQ(bytes(a.body.begin(), a.body.end()), bytes{'r'});
  s.reply(1);
  EXPECT_TRUE(s.q.take_answers().empty());
  EXPECT_EQ(strays, 1u);
}

TEST(TaskQueue, ARefusalIsToldInTheServersWordsButOnASingleShortLine) {
  stage s;
  s.q.submit(keyed(1), t0);
  s.refuse(s.send()->sequence, "not\nyou " + std::string(1000, '!'));
  const answer a = s.the_answer();
  EXPECT_EQ(a.status, THARSIS_E_DENIED);
  EXPECT_EQ(a.reason.substr(0, 8), "not you ");
  EXPECT_LT(a.reason.size(), 400u);
  EXPECT_TRUE(a.body.empty());
}

TEST(TaskQueue, ACancelledTaskIsAnsweredOnceEvenWhenItsFrameIsOnTheWire) {
  stage s;
  s.q.submit(keyed(1), t0);
  const uint32_t sequence = s.send()->sequence;
  s.q.cancel(1, t0);
  EXPECT_EQ(s.the_answer().status, THARSIS_E_CANCELLED);
  s.q.cancel(1, t0);
  s.reply(sequence);
  EXPECT_TRUE(s.q.take_answers().empty());
}

TEST(TaskQueue, AfterALossTasksWithAKeyWaitAgainInTheirOldOrder) {
  stage s;
  for (uint64_t id = 1; id <= 3; ++id) s.q.submit(keyed(id), t0);
  (void)s.send();
  (void)s.send();
  s.q.on_loss({THARSIS_E_RESET, "cut"}, t0);
  EXPECT_EQ(s.q.sent(), 0u);
  for (uint64_t id = 1; id <= 3; ++id) {
    s.reply(s.send()->sequence);
    EXPECT_EQ(s.the_answer().of->id, id);
  }
}

TEST(TaskQueue, AfterALossATaskWithoutAKeyFailsIfItsRequestWasSentAndOnlyThen) {
  stage s;
  s.q.submit(keyless(1), t0);
  s.q.submit(keyless(2), t0);
  (void)s.send();
  s.q.on_loss({THARSIS_E_RESET, "the cable was cut"}, t0);
  const answer a = s.the_answer();
  EXPECT_EQ(a.of->id, 1u);
  EXPECT_EQ(a.status, THARSIS_E_NETWORK);
  EXPECT_NE(a.reason.find("the cable was cut"), std::string::npos) << a.reason;
  EXPECT_TRUE(s.send());
}

TEST(TaskQueue, AnAnswerOfTheOldConnectionIsAStray) {
  stage s;
  s.q.submit(keyed(1), t0);
  const uint32_t old = s.send()->sequence;
  s.q.on_loss({THARSIS_E_RESET, "cut"}, t0);
  EXPECT_NE(s.send()->sequence, old);
  s.reply(old);
  EXPECT_TRUE(s.q.take_answers().empty());
}

TEST(TaskQueue, ADeadlineEndsWhatWaitsAndWhatWasSentAndSaysWhich) {
  stage s;
  s.q.submit(keyed(1, t0 + 2s), t0);
  s.q.on_loss({THARSIS_E_REFUSED, "nobody listens"}, t0);
  (void)s.send();
  s.q.submit(keyed(2, t0 + 1s), t0);
  EXPECT_EQ(s.q.deadline(), t0 + 1s);
  s.q.on_deadline(t0 + 1s - 1ns);
  EXPECT_TRUE(s.q.take_answers().empty());
  s.q.on_deadline(t0 + 2s);
  const auto all = s.q.take_answers();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].of->id, 2u);
  EXPECT_NE(all[0].reason.find("nobody listens"), std::string::npos) << all[0].reason;
  EXPECT_EQ(all[1].status, THARSIS_E_TIMEOUT);
  EXPECT_NE(all[1].reason.find("no answer"), std::string::npos) << all[1].reason;
  EXPECT_EQ(s.q.deadline(), never);
}

TEST(TaskQueue, TheMoreUrgentLeaveFirstAndEqualsInTheirOrder) {
  stage s;
  const std::vector<int32_t> priorities = {0, -2, 3, 0, 3, 1};
  for (size_t i = 0; i < priorities.size(); ++i) {
    auto r = keyed(i + 1);
    r->body = {static_cast<uint8_t>(i + 1)};
    r->priority = priorities[i];
    s.q.submit(std::move(r), t0);
  }
  bytes order;
  while (const auto f = s.send()) order.push_back(f->body.front());
  EXPECT_EQ(order, (bytes{3, 5, 6, 1, 4, 2}));
  s.q.on_loss({THARSIS_E_RESET, "cut"}, t0);
  order.clear();
  while (const auto f = s.send()) order.push_back(f->body.front());
  EXPECT_EQ(order, (bytes{3, 5, 6, 1, 4, 2}));
}

TEST(TaskQueue, ATaskThatIsOnlySentIsDoneWhenItIs) {
  stage s;
  auto r = keyless(1);
  r->flags = THARSIS_STN_SEND_ONLY;
  s.q.submit(std::move(r), t0);
  EXPECT_TRUE(s.q.take_answers().empty());
  const auto f = s.send();
  ASSERT_TRUE(f);
  EXPECT_EQ(f->body, bytes{'b'});
  const answer a = s.the_answer();
  EXPECT_EQ(a.status, THARSIS_OK);
  EXPECT_EQ(a.of->sends, 1u);
  EXPECT_TRUE(a.body.empty());
  s.reply(f->sequence);
  s.q.on_loss({THARSIS_E_RESET, "cut"}, t0);
  EXPECT_TRUE(s.q.take_answers().empty());
}

TEST(TaskQueue, TheTimesTellWhatATaskWaitedFor) {
  stage s;
  s.phases.enter(stn::phase::resolve, t0);
  s.q.submit(keyed(1, t0 + 1h), t0 + 1s);
  s.phases.enter(stn::phase::connect, t0 + 3s);
  s.phases.enter(stn::phase::tls, t0 + 6s);
  s.phases.enter(stn::phase::prove, t0 + 10s);
  s.phases.enter(stn::phase::up, t0 + 15s);
  (void)s.send(t0 + 21s);
  s.q.on_loss({THARSIS_E_RESET, "cut"}, t0 + 28s);
  s.phases.enter(stn::phase::down, t0 + 28s);
  s.phases.enter(stn::phase::connect, t0 + 36s);
  const auto f = s.send(t0 + 45s);
  s.q.on_answer_begun(f->sequence, t0 + 55s);
  s.q.on_answer_begun(f->sequence, t0 + 56s);
  s.reply(f->sequence, t0 + 66s);
  const answer a = s.the_answer();
  const stn::task_times& t = a.of->times;
  EXPECT_EQ(a.of->sends, 2u);
  EXPECT_EQ(t.resolve, 2s);
  EXPECT_EQ(t.connect, 3s + 9s);
  EXPECT_EQ(t.tls, 4s);
  EXPECT_EQ(t.prove, 5s);
  EXPECT_EQ(t.queued, 6s + 8s);
  EXPECT_EQ(t.lost, 7s);
  EXPECT_EQ(t.first_byte, 10s);
  EXPECT_EQ(t.rest, 11s);
}

TEST(TaskQueue, DeadlinesOfAnsweredTasksDoNotPileUpBehindALateOne) {
  stage s;
  s.q.submit(keyed(1, t0 + 1s), t0);
  for (uint64_t id = 2; id <= 10'000; ++id) {
    s.q.submit(keyed(id, t0 + 1h), t0);
    s.q.cancel(id, t0);
    (void)s.q.take_answers();
    ASSERT_LE(s.q.deadlines_kept(), 80u);
  }
  EXPECT_EQ(s.q.deadline(), t0 + 1s);
}

// Mars keeps a copy of each task that it sent for as long as its connection lives, where the system does not say how
// much of it is on the wire.
TEST(TaskQueue, MarsDefect22NothingStaysOfWhatWasAnsweredOrSentOnly) {
  stage s;
  s.q.on_up(1, t0);
  for (uint64_t i = 1; i <= 10'000; ++i) {
    s.q.submit(keyless(i, t0 + 1h), t0);
    if (i % 3 == 0) {
      auto only = keyless(1'000'000 + i, t0 + 1h);
      only->flags = THARSIS_STN_SEND_ONLY;
      s.q.submit(std::move(only), t0);
    }
    while (const auto f = s.send())
      if (s.q.expects(f->sequence)) s.reply(f->sequence);
    ASSERT_FALSE(s.q.take_answers().empty());
    ASSERT_EQ(s.q.unanswered(), 0u);
    ASSERT_EQ(s.q.sent(), 0u);
    ASSERT_LT(s.q.deadlines_kept(), 100u);
  }
}

TEST(TaskQueue, TheEndAnswersEverything) {
  stage s;
  for (uint64_t id = 1; id <= 3; ++id) s.q.submit(keyed(id), t0);
  (void)s.send();
  s.q.end({THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stop"}, t0);
  EXPECT_EQ(s.q.take_answers().size(), 3u);
  EXPECT_EQ(s.q.unanswered(), 0u);
  EXPECT_EQ(s.q.sent(), 0u);
}

// Goal: every task is answered exactly once, whatever happens, and nothing is left behind. Method:
// seeds draw submissions, sending, answers (also wrong ones), losses, cancellations and time.
TEST(TaskQueue, EveryTaskHasExactlyOneAnswerUnderRandomEvents) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    stage s;
    std::map<uint64_t, int> answers;
    std::vector<uint32_t> flying;
    uint64_t last = 0;
    instant now = t0;
    size_t open = 0;
    const auto collect = [&] {
      for (const answer& a : s.q.take_answers()) {
        ASSERT_TRUE(answers.count(a.of->id));
        ASSERT_EQ(++answers[a.of->id], 1) << a.of->id;
        ASSERT_EQ(a.status == THARSIS_OK, a.reason.empty());
        ASSERT_EQ(in_all(a.of->times), now - a.of->since);
        --open;
      }
      ASSERT_EQ(s.q.unanswered(), open);
    };
    for (int step = 0; step < 200; ++step) {
      if (random() % 4 == 0) s.phases.enter(static_cast<stn::phase>(random() % stn::phase_count), now);
      now += random() % 20 * 1ms;
      switch (random() % 8) {
        case 0:
        case 1: {
          auto r = random() % 3 ? keyed(++last) : keyless(++last);
          r->deadline = now + random() % 5000 * 1ms;
          r->priority = static_cast<int32_t>(random() % 6) - 2;
          r->flags = random() % 8 == 0 ? THARSIS_STN_SEND_ONLY : 0;
          r->since = now;
          answers[r->id] = 0;
          ++open;
          s.q.submit(std::move(r), now);
          break;
        }
        case 2:
        case 3:
          if (const auto f = s.send(now)) flying.push_back(f->sequence);
          break;
        case 4:
        case 5:
          if (!flying.empty()) s.reply(flying[random() % flying.size()], now);
          break;
        case 6:
          if (last > 0) s.q.cancel(random() % last + 1, now);
          break;
        case 7:
          if (random() % 4 == 0) s.q.on_loss({THARSIS_E_RESET, "cut"}, now);
          collect();
          now += random() % 1000 * 1ms;
          s.q.on_deadline(now);
          break;
      }
      collect();
    }
    s.q.end({THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stop"}, now);
    collect();
    for (const auto& [id, count] : answers) ASSERT_EQ(count, 1) << id;
    ASSERT_EQ(s.q.deadline(), never);
  }
}

// Links that carry each task by itself: HTTP.
TEST(TaskQueue, WhatIsCarriedByItselfIsEndedByItsCarrierAndNotByTheClock) {
  stage s;
  s.q.submit(keyed(1, t0 + 10s), t0);
  s.q.submit(keyed(2, t0 + 10s), t0);
  request* const first = s.q.send_next(t0);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->id, 1u);
  EXPECT_EQ(first->sends, 0u) << "whoever carries it counts";
  s.q.on_deadline(t0 + 10s);
  const answer late = s.the_answer();
  EXPECT_EQ(late.of->id, 2u) << "it waits, so its time ends it";
  EXPECT_EQ(s.q.deadline(), never);
  s.q.on_end(*first, {THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, "late"}, {}, t0 + 10s);
  EXPECT_EQ(s.the_answer().reason, "late");
  EXPECT_EQ(s.q.unanswered(), 0u);
}

TEST(TaskQueue, TriesThatAreOverParkATaskThatWishesItAndEndAnyOther) {
  stage s;
  auto parked = keyed(1, t0 + 200s);
  parked->flags = THARSIS_STN_PARK;
  s.q.submit(std::move(parked), t0);
  s.q.submit(keyed(2), t0);
  request* const one = s.q.send_next(t0);
  request* const two = s.q.send_next(t0);
  const stn::ending failure{THARSIS_E_NETWORK, THARSIS_STN_NO_ANSWER, "nobody answers"};
  s.q.on_tries_over(*one, failure, t0 + 1s);
  s.q.on_tries_over(*two, failure, t0 + 1s);
  EXPECT_EQ(s.the_answer().of->id, 2u);
  EXPECT_EQ(s.q.send_next(t0 + 1s), nullptr) << "nothing looks better";
  s.q.on_deadline(t0 + 1s + stn::parked_max);
  EXPECT_EQ(s.q.send_next(t0 + 62s), one);
  s.q.on_tries_over(*one, failure, t0 + 200s);
  EXPECT_EQ(s.the_answer().of->id, 1u) << "its time is over, so it is not parked again";
}

TEST(TaskQueue, WhatIsSentAgainAtItsDeadlineIsNot) {
  stage s;
  auto mine = keyed(1, t0 + 10s);
  mine->user = "ann";
  mine->retries = 30;
  s.q.submit(std::move(mine), t0);
  request* const r = s.q.send_next(t0);
  s.q.send_again("ann", t0 + 10s);
  EXPECT_EQ(r->at, stn::stage::sent);
  s.q.on_end(*r, {THARSIS_OK, THARSIS_STN_ANSWERED, {}}, {}, t0 + 10s);
  EXPECT_EQ(s.the_answer().status, THARSIS_OK);
}

TEST(TaskQueueSpares, ATaskThatABusyServerPutOffIsSentAgainWhenItSaidWithoutAKeyToo) {
  stage s;
  s.q.submit(keyless(1), t0);
  s.put_off(s.send()->sequence, 2000);
  EXPECT_FALSE(s.q.has_answers());
  EXPECT_FALSE(s.send());
  const instant again = s.q.deadline();
  EXPECT_GE(again, t0 + 2s);
  EXPECT_LE(again, t0 + 2400ms);
  s.q.on_deadline(again - 1ns);
  EXPECT_FALSE(s.send(again - 1ns));
  s.q.on_deadline(again);
  const auto sent = s.send(again);
  ASSERT_TRUE(sent);
  s.reply(sent->sequence, again);
  const answer a = s.the_answer();
  EXPECT_EQ(a.status, THARSIS_OK);
  EXPECT_EQ(a.of->sends, 2u);
}

TEST(TaskQueueSpares, OthersOfTheCommandWaitAndOtherCommandsGoOn) {
  stage s;
  s.q.submit(keyed(1), t0);
  s.put_off(s.send()->sequence, 3000);
  s.q.submit(keyed(2), t0);
  auto other = keyed(3);
  other->command = 4;
  s.q.submit(std::move(other), t0);
  const auto sent = s.send();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->command, 4u);
  EXPECT_FALSE(s.send());
  s.q.on_deadline(t0 + 4s);
  EXPECT_TRUE(s.send(t0 + 4s));
  EXPECT_TRUE(s.send(t0 + 4s));
}

TEST(TaskQueueSpares, WhoseTimeIsOverBeforeOrWhoIsImpatientFailsAtOnce) {
  stage s;
  s.q.submit(keyed(1, t0 + 1s), t0);
  s.put_off(s.send()->sequence, 2000);
  answer a = s.the_answer();
  EXPECT_EQ(a.status, THARSIS_E_BUSY);
  EXPECT_EQ(a.why, uint32_t{THARSIS_STN_BUSY});
  EXPECT_NE(a.reason.find("the server has too much to do (busy)"), std::string::npos) << a.reason;
  auto impatient = keyed(2);
  impatient->flags = THARSIS_STN_IMPATIENT;
  s.q.submit(std::move(impatient), t0);
  EXPECT_FALSE(s.send());
  a = s.the_answer();
  EXPECT_EQ(a.why, uint32_t{THARSIS_STN_BUSY});
  EXPECT_EQ(a.of->sends, 0u);
}

TEST(TaskQueueSpares, SwitchedOffItIsARefusalAsAnyOther) {
  stage s;
  stn::rest_settings off;
  off.use = false;
  s.q.spare(off, {}, 1);
  s.q.submit(keyed(1), t0);
  s.put_off(s.send()->sequence, 2000);
  EXPECT_EQ(s.the_answer().status, THARSIS_E_DENIED);
}

TEST(TaskQueueSpares, WhatALostConnectionHadUnderWayGoesAgainForNothing) {
  stage s;
  for (uint64_t id = 1; id <= 500; ++id) s.q.submit(keyed(id), t0);
  while (s.send()) {}
  s.q.on_loss({THARSIS_E_RESET, "gone"}, t0);
  EXPECT_FALSE(s.q.has_answers());
  EXPECT_EQ(s.q.budget().taken(), 0u);
}

TEST(TaskQueueSpares, RepetitionsBeyondTheBudgetFailWithTheReasonAndAreTold) {
  uint64_t refused = 0;
  task_queue::counts counts;
  counts.no_budget = counter(&refused);
  stage s(counts);
  for (uint64_t id = 1; id <= 100; ++id) s.q.submit(keyed(id), t0);
  while (s.send()) {}
  for (int i = 0; i < 3; ++i) {
    s.q.on_loss({THARSIS_E_RESET, "gone"}, t0);
    EXPECT_FALSE(s.q.has_answers()) << i;
    while (s.send()) {}
  }
  s.q.on_loss({THARSIS_E_RESET, "gone again"}, t0);
  const auto failed = s.q.take_answers();
  ASSERT_GE(failed.size(), 80u) << "ten, and a tenth of a hundred";
  ASSERT_LE(failed.size(), 81u) << "less what rounding takes";
  EXPECT_EQ(failed[0].why, uint32_t{THARSIS_STN_NO_BUDGET});
  EXPECT_EQ(failed[0].status, THARSIS_E_BUSY);
  EXPECT_NE(failed[0].reason.find("tasks.budget allows no more"), std::string::npos) << failed[0].reason;
  EXPECT_EQ(refused, failed.size());
  const auto told = s.q.take_spared();
  ASSERT_EQ(told.size(), 1u) << "each second once";
}

namespace {

stn::budget_settings three_repetitions() {
  stn::budget_settings b;
  b.idle_most = 3;
  b.share = 10;
  return b;
}

// So many whose only try was lost.
void park(stage& s, uint64_t count) {
  for (uint64_t id = 1; id <= count; ++id) {
    auto r = keyed(id, t0 + 24h);
    r->flags = THARSIS_STN_PARK;
    r->retries = 0;
    s.q.submit(std::move(r), t0);
  }
  while (s.send()) {}
  s.q.on_loss({THARSIS_E_RESET, "gone"}, t0);
  ASSERT_FALSE(s.q.has_answers());
}

}  // namespace

// A slow server: others get their answers, and each of these would take all parked ones with it.
TEST(TaskQueueSpares, ParkedTasksGoAgainAsFarAsTheBudgetGoesHoweverManyAnswersAndConnectionsCome) {
  stage s;
  s.q.spare({}, three_repetitions(), 1);
  park(s, 40);
  int again = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    s.q.on_up(static_cast<uint32_t>(i), t0 + 1s);
    auto other = keyed(1000 + i, t0 + 24h);
    other->priority = 3;
    s.q.submit(std::move(other), t0 + 1s);
    const uint32_t answered = s.send(t0 + 1s)->sequence;
    s.reply(answered, t0 + 1s);
    (void)s.the_answer();
    while (s.send(t0 + 1s)) ++again;
    s.q.on_loss({THARSIS_E_RESET, "gone"}, t0 + 1s);
  }
  EXPECT_GE(again, 3);
  EXPECT_LE(again, 3 + 40 / 10 + 50 / 10) << "as many as three and a tenth of what was sent for the first time";
  EXPECT_FALSE(s.q.has_answers()) << "they wait on";
  EXPECT_GT(s.q.deadline(), t0 + 1s) << "it would be asked for ever";
}

TEST(TaskQueueSpares, WhenTheServerIsBackAllThatWereParkedGoOneAfterTheOther) {
  stage s;
  s.q.spare({}, three_repetitions(), 1);
  park(s, 40);
  s.q.on_up(2, t0 + 1s);
  size_t ended = 0, most = 0;
  for (int rounds = 0; rounds < 100 && ended < 40; ++rounds) {
    std::vector<uint32_t> out;
    while (const auto f = s.send(t0 + 1s)) out.push_back(f->sequence);
    most = std::max(most, out.size());
    for (const uint32_t sequence : out) s.reply(sequence, t0 + 1s);
    for (const answer& a : s.q.take_answers()) ended += a.status == THARSIS_OK;
  }
  EXPECT_EQ(ended, 40u);
  EXPECT_LE(most, 7u) << "three and a tenth of forty at a time";
}

TEST(TaskQueueSpares, AServerThatHasTooMuchToDoGetsNoParkedTasks) {
  stage s;
  park(s, 5);
  auto other = keyed(1000);
  other->priority = 3;
  s.q.submit(std::move(other), t0);
  s.put_off(s.send()->sequence, 2000);
  EXPECT_FALSE(s.send());
  auto short_one = keyed(1001);
  short_one->command = 4;
  s.q.submit(std::move(short_one), t0);
  s.q.on_end(*s.q.send_next(t0), {THARSIS_E_BUSY, THARSIS_STN_HTTP_STATUS, "503"}, {}, t0);
  EXPECT_EQ(s.q.send_next(t0), nullptr);
}

TEST(TaskQueueSpares, OneThatNeverWentToTheWireIsTakenBackForNothing) {
  stage s;
  s.q.spare({}, three_repetitions(), 1);
  auto r = keyed(1, t0 + 24h);
  r->flags = THARSIS_STN_PARK;
  s.q.submit(std::move(r), t0);
  for (int i = 0; i < 20; ++i) {
    request* const one = s.q.send_next(t0);
    ASSERT_NE(one, nullptr) << i;
    s.q.on_tries_over(*one, {THARSIS_E_NETWORK, THARSIS_STN_NO_ANSWER, "no way there"}, t0);
    s.q.on_network(false, true, t0);
  }
  EXPECT_EQ(s.q.budget().taken(), 0u);
  EXPECT_EQ(s.q.budget().left(t0), 3) << "it was counted as sent for the first time each time";
}

// What comes back from the outbox is no first send, and beyond three it is a repetition like any other.
TEST(TaskQueueSpares, ADurableTaskEarnsOnceAndIsChargedAfterThreeSends) {
  stage s;
  stn::budget_settings b = three_repetitions();
  b.share = 100;
  b.idle_most = 1;
  s.q.spare({}, b, 1);
  const auto durable = [&](uint64_t id, uint32_t earlier) {
    auto r = keyed(id);
    r->entry = id;
    r->earlier_sends = earlier;
    s.q.submit(std::move(r), t0);
    return s.send();
  };
  EXPECT_TRUE(durable(1, 1));
  EXPECT_TRUE(durable(2, 2));
  EXPECT_EQ(s.q.budget().left(t0), 1) << "a retry has earned another one";
  const auto third = durable(3, 3);
  ASSERT_TRUE(third);
  EXPECT_EQ(s.q.budget().left(t0), 0);
  EXPECT_FALSE(durable(4, 3));
  const answer a = s.the_answer();
  EXPECT_EQ(a.why, uint32_t{THARSIS_STN_NO_BUDGET});
  EXPECT_EQ(a.of->sends, 0u);
  s.reply(third->sequence);
  EXPECT_EQ(s.q.budget().left(t0), 1) << "an answer gives it back";
  EXPECT_TRUE(durable(5, 3));
  s.q.on_loss({THARSIS_E_RESET, "gone"}, t0);
  EXPECT_EQ(s.q.budget().left(t0), 0);
}

// Goal: however often a server puts tasks off, each gets one answer, and none is sent while its command is spared.
TEST(TaskQueueSpares, NoOrderOfRefusalsLosesATask) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    stage s;
    s.q.spare({}, {}, seed);
    instant now = t0;
    std::map<uint64_t, int> answers;
    std::map<uint32_t, instant> spared;
    uint64_t id = 0;
    for (int i = 0; i < 200; ++i) {
      now += std::chrono::milliseconds(random() % 300);
      if (random() % 2) {
        auto r = random() % 2 ? keyed(++id, now + 8s) : keyless(++id, now + 8s);
        r->command = static_cast<uint32_t>(3 + random() % 3);
        s.q.submit(std::move(r), now);
      }
      s.q.on_deadline(now);
      if (const auto f = s.send(now)) {
        EXPECT_GE(now, spared[f->command]) << "sent while it is spared";
        if (random() % 3 == 0) {
          const auto ms = static_cast<uint32_t>(1 + random() % 2000);
          s.put_off(f->sequence, ms, now);
          spared[f->command] = std::max(spared[f->command], now + std::chrono::milliseconds(ms));
        } else {
          s.reply(f->sequence, now);
        }
      }
      if (random() % 40 == 0) s.q.on_loss({THARSIS_E_RESET, "gone"}, now), s.q.on_up(static_cast<uint32_t>(i), now);
      for (const answer& a : s.q.take_answers()) ++answers[a.of->id];
    }
    s.q.on_deadline(now + 60s);
    for (const answer& a : s.q.take_answers()) ++answers[a.of->id];
    EXPECT_EQ(s.q.unanswered(), 0u);
    EXPECT_EQ(answers.size(), id);
    for (const auto& [number, times] : answers) EXPECT_EQ(times, 1) << number;
  }
}
