// The outbox's decisions: what may go, when, and who is told.
#include "plugins/stn/core/outbox.h"

#include <gtest/gtest.h>
#include <random>

#include "sdk/abi/stn.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::stn;
using verdict = outbox_book::verdict;

namespace {

constexpr instant t0 = instant(1h);
constexpr int64_t w0 = 1'700'000'000'000'000'000;

kept_task task_of(const std::string& key, uint64_t order = 0, uint32_t command = 3, const std::string& user = {}) {
  kept_task t;
  t.command = command;
  t.order = order;
  t.link = "main";
  t.user = user;
  t.key = {key.begin(), key.end()};
  t.body = {1, 2, 3};
  return t;
}

outbox_settings small() {
  outbox_settings s;
  s.use = true;
  s.count = 4;
  s.bytes = 4000;
  s.ttl = 1h;
  return s;
}

uint64_t put(outbox_book& b, const std::string& key, uint64_t order = 0, duration life = {}, instant now = t0) {
  const auto n = b.put(task_of(key, order), life, w0, now);
  EXPECT_TRUE(n) << n.failure().text;
  b.on_disk(*n);
  return *n;
}

kept_answer fine_answer() { return {THARSIS_OK, THARSIS_STN_ANSWERED, 0, 1, {9}, {}}; }

// As the next process finds it.
outbox_book restarted(const outbox_book& b, outbox_settings s, int64_t wall, instant now = t0) {
  outbox_book next(s);
  next.load(b.snapshot(), wall, now);
  return next;
}

}  // namespace

TEST(Outbox, ATaskGoesOnceItIsOnTheDisk) {
  outbox_book b(small());
  const auto n = b.put(task_of("a"), {}, w0, t0);
  ASSERT_TRUE(n);
  EXPECT_TRUE(b.take_due(t0).empty());
  b.on_disk(*n);
  EXPECT_EQ(b.take_due(t0), std::vector<uint64_t>{*n});
  EXPECT_TRUE(b.take_due(t0).empty()) << "twice";
}

TEST(Outbox, RefusesASecondTaskOfAKeyAndTellsWhereTheFirstIs) {
  outbox_book b(small());
  const auto n = put(b, "a");
  const auto again = b.put(task_of("a"), {}, w0, t0);
  EXPECT_EQ(again.status(), THARSIS_E_IN_USE);
  EXPECT_NE(again.failure().text.find("entry " + std::to_string(n)), std::string::npos);
  b.remove(n);
  EXPECT_TRUE(b.put(task_of("a"), {}, w0, t0));
  EXPECT_EQ(b.put(task_of(""), {}, w0, t0).status(), THARSIS_E_INVALID);
}

TEST(Outbox, IsBoundedInCountAndBytes) {
  outbox_book b(small());
  for (int i = 0; i < 4; ++i) put(b, std::to_string(i));
  const auto more = b.put(task_of("x"), {}, w0, t0);
  EXPECT_EQ(more.status(), THARSIS_E_BUSY);
  EXPECT_NE(more.failure().text.find("outbox.count"), std::string::npos);
  b.remove(1);
  kept_task large = task_of("large");
  large.body.resize(4000);
  EXPECT_NE(b.put(large, {}, w0, t0).failure().text.find("outbox.bytes"), std::string::npos);
  for (uint64_t n = 2; n <= 4; ++n) b.remove(n);
  EXPECT_EQ(b.bytes(), 0);
}

// Answers too: each is kept whole as long as there is room, and else without its body, and the sum stays within what is allowed.
TEST(Outbox, AnAnswerWithoutRoomIsKeptWithoutItsBodyAndTheSumIsBounded) {
  outbox_book b(small());
  std::vector<uint64_t> all;
  for (int i = 0; i < 4; ++i) all.push_back(put(b, std::to_string(i)));
  kept_answer large = fine_answer();
  large.body.resize(1500);
  ASSERT_TRUE(b.has_room_for(all[0], large));
  b.answer(all[0], large, w0, t0);
  EXPECT_FALSE(b.has_room_for(all[1], large));
  for (size_t i = 1; i < 4; ++i) b.answer(all[i], outbox_book::without_body(large), w0, t0);
  EXPECT_LE(b.bytes(), small().bytes);
  const kept_answer& cut = *b.find(all[1])->answer;
  EXPECT_EQ(cut.status, THARSIS_E_FULL);
  EXPECT_EQ(cut.why, uint32_t{THARSIS_STN_BODY_NOT_KEPT});
  EXPECT_NE(cut.reason.find("1500 bytes"), std::string::npos) << cut.reason;
  EXPECT_LE(cut.reason.size(), static_cast<size_t>(outbox_sentence_room));
  EXPECT_TRUE(cut.body.empty());
  EXPECT_EQ(b.find(all[0])->answer->body.size(), 1500u);
}

TEST(Outbox, AFailureWithoutRoomStaysTheFailureThatItWas) {
  const kept_answer busy{THARSIS_E_BUSY, THARSIS_STN_HTTP_STATUS, 503, 2, std::vector<uint8_t>(5000), std::string(255, 'x') + "\xc3\xa4"};
  const kept_answer cut = outbox_book::without_body(busy);
  EXPECT_EQ(cut.status, THARSIS_E_BUSY);
  EXPECT_EQ(cut.why, uint32_t{THARSIS_STN_HTTP_STATUS});
  EXPECT_EQ(cut.http_status, 503u);
  EXPECT_EQ(cut.reason, std::string(255, 'x')) << "cut in the middle of a letter";
}

TEST(Outbox, AnEntryIsNeverLargerThanARecordMayBe) {
  outbox_settings s = small();
  s.bytes = 256 << 20;
  outbox_book b(s);
  const auto n = put(b, "a");
  kept_answer huge = fine_answer();
  huge.body.resize(16 << 20);
  EXPECT_TRUE(b.has_room_for(n, huge)) << "links answer with so much";
  huge.body.resize(outbox_record_max);
  EXPECT_FALSE(b.has_room_for(n, huge));
  kept_task task = task_of("b");
  task.body.resize(outbox_record_max);
  EXPECT_EQ(b.put(std::move(task), {}, w0, t0).status(), THARSIS_E_INVALID);
}

TEST(Outbox, WhereNothingSaysWhichNumbersAreFreeTheyBeginWithTheClock) {
  outbox_book lost(small());
  lost.load({}, w0, t0);
  const uint64_t first = put(lost, "a");
  EXPECT_GT(first, static_cast<uint64_t>(w0) / 1000);
  outbox_book later_on(small());
  later_on.load({}, w0 + 1'000'000'000, t0);
  EXPECT_GT(put(later_on, "b"), first) << "given twice";
  outbox_book early(small());
  early.load({}, -5, t0);
  EXPECT_GE(put(early, "c"), 1u);
}

TEST(Outbox, OfOneOrderOneGoesAtATimeAlsoAfterAFailedTry) {
  outbox_book b(small());
  const auto first = put(b, "a", 7), second = put(b, "b", 7), other = put(b, "c", 8);
  EXPECT_EQ(b.take_due(t0), (std::vector<uint64_t>{first, other}));
  EXPECT_EQ(b.on_try(first, THARSIS_E_NETWORK, THARSIS_STN_LOST, 1, t0, 0), verdict::again);
  EXPECT_TRUE(b.take_due(t0).empty());
  EXPECT_EQ(b.deadline(), t0 + outbox_pause_min);
  EXPECT_EQ(b.take_due(t0 + outbox_pause_min), std::vector<uint64_t>{first});
  b.answer(first, fine_answer(), w0, t0);
  EXPECT_EQ(b.take_due(t0 + outbox_pause_min), std::vector<uint64_t>{second});
}

TEST(Outbox, OneThatWasWithdrawnMakesWayForTheNextOfItsOrder) {
  outbox_book b(small());
  const auto first = put(b, "a", 7), second = put(b, "b", 7);
  EXPECT_EQ(b.take_due(t0), std::vector<uint64_t>{first});
  EXPECT_EQ(b.on_try(first, THARSIS_E_CANCELLED, THARSIS_STN_CLEARED, 0, t0, 0), verdict::withdrawn);
  b.remove(first);
  EXPECT_EQ(b.take_due(t0), std::vector<uint64_t>{second});
}

TEST(Outbox, PausesGrowUpToTheirMost) {
  outbox_book b(small());
  const auto n = put(b, "a", 0, 24h);
  instant now = t0;
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(b.take_due(now).size(), 1u) << i;
    EXPECT_EQ(b.on_try(n, THARSIS_E_BUSY, THARSIS_STN_HTTP_STATUS, 1, now, static_cast<uint64_t>(i) * 7919), verdict::again);
    EXPECT_LE(b.deadline() - now, outbox_pause_max);
    EXPECT_GE(b.deadline() - now, std::min<duration>(outbox_pause_min * (1 << std::min(i, 6)), outbox_pause_max) * 3 / 4 - 1us);
    now = b.deadline();
  }
}

// It may be what they die of; and somebody who cares now gets it sent now, once.
TEST(Outbox, OneThatConnectionsDieUnderPausesLongerAndLonger) {
  outbox_book b(small());
  const auto n = put(b, "a", 0, 72h);
  instant now = t0;
  int tries = 0;
  for (; now < t0 + 24h; ++tries) {
    ASSERT_EQ(b.take_due(now).size(), 1u);
    EXPECT_EQ(b.on_try(n, THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, 1, now, 0, true), verdict::again);
    now = b.deadline();
  }
  EXPECT_LT(tries, 40);
  EXPECT_EQ(b.on_try(n, THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, 0, now, 0), verdict::again);
  EXPECT_EQ(b.deadline(), now + outbox_pause_lost_max) << "a try that did not go made the pause short";
  b.hurry();
  EXPECT_EQ(b.take_due(now).size(), 1u);
  EXPECT_EQ(b.on_try(n, THARSIS_E_NETWORK, THARSIS_STN_LOST, 1, now, 0, true), verdict::again);
  EXPECT_EQ(b.deadline(), now + outbox_pause_lost_max);
}

TEST(Outbox, ARefusalEndsATaskAndABadPathDoesNot) {
  outbox_book b(small());
  const auto n = put(b, "a");
  const std::pair<tharsis_status, uint32_t> passing[] = {
      {THARSIS_E_TIMEOUT, THARSIS_STN_NO_FIRST_BYTE}, {THARSIS_E_NETWORK, THARSIS_STN_LOST}, {THARSIS_E_BUSY, THARSIS_STN_FLOOD},
      {THARSIS_E_CANCELLED, THARSIS_STN_STOPPING},    {THARSIS_E_UNTRUSTED, THARSIS_STN_NO_ANSWER}, {THARSIS_E_NOT_FOUND, THARSIS_STN_NOT_ROUTED}};
  for (const auto& [status, why] : passing) EXPECT_EQ(b.on_try(n, status, why, 1, t0, 0), verdict::again) << status;
  for (const auto& [status, why] : {std::pair<tharsis_status, uint32_t>{THARSIS_OK, THARSIS_STN_ANSWERED}, {THARSIS_E_DENIED, THARSIS_STN_SERVER_REFUSED},
                                    {THARSIS_E_INVALID, THARSIS_STN_NOT_CARRIED}})
    EXPECT_EQ(b.on_try(n, status, why, 1, t0, 0), verdict::over) << status;
  EXPECT_EQ(b.find(n)->sends, 9u);
}

TEST(Outbox, ALifeEnds) {
  outbox_book b(small());
  const auto n = put(b, "a", 0, 10s);
  EXPECT_EQ(b.take_due(t0).size(), 1u);
  EXPECT_TRUE(b.expired(t0 + 10s).empty()) << "its try ends by itself";
  EXPECT_EQ(b.on_try(n, THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, 1, t0 + 10s, 0), verdict::over);
  const auto m = put(b, "b", 0, 20s);
  EXPECT_EQ(b.deadline(), instant::min());
  EXPECT_EQ(b.expired(t0 + 20s).back(), m);
  EXPECT_TRUE(b.take_due(t0 + 20s).empty());
}

TEST(Outbox, AnAnswerCountsOnceAndIsKeptForATime) {
  outbox_book b(small());
  const auto n = put(b, "a");
  EXPECT_TRUE(b.answer(n, fine_answer(), w0, t0));
  EXPECT_FALSE(b.answer(n, fine_answer(), w0, t0));
  EXPECT_TRUE(b.unwanted(t0 + 1h - 1ns).empty());
  EXPECT_EQ(b.unwanted(t0 + 1h), std::vector<uint64_t>{n});
}

TEST(Outbox, TheNextProcessHasWhatIsOpenAndNumbersAreNeverUsedAgain) {
  outbox_book b(small());
  b.set_client("me");
  const auto gone = put(b, "a"), open = put(b, "b", 7), answered = put(b, "c"), last = put(b, "d");
  b.remove(gone);
  b.answer(answered, fine_answer(), w0, t0);
  b.remove(last);
  outbox_book c = restarted(b, small(), w0 + 1);
  EXPECT_EQ(c.client(), "me");
  ASSERT_EQ(c.entries().size(), 2u);
  EXPECT_EQ(c.take_due(t0), std::vector<uint64_t>{open});
  EXPECT_EQ(c.find(open)->task.body.size(), 3u);
  EXPECT_EQ(c.find(answered)->answer->body, std::vector<uint8_t>{9});
  EXPECT_EQ(put(c, "e"), last + 1);
}

TEST(Outbox, ClocksThatJumpKillNobodyAtOnceAndMakeNobodyImmortal) {
  outbox_book b(small());
  const auto n = put(b, "a", 0, 1h);
  const auto left = [&](int64_t wall) { return restarted(b, small(), wall).find(n)->deadline - t0; };
  EXPECT_EQ(left(w0 + duration(20min).count()), 40min);
  EXPECT_EQ(left(w0 - duration(24h * 365).count()), 1h) << "a clock that went back";
  EXPECT_EQ(left(0), 1h) << "a clock that starts in 1970";
  EXPECT_EQ(left(w0 + duration(24h * 365 * 50).count()), outbox_grace) << "a clock that went ahead";
  EXPECT_EQ(left(std::numeric_limits<int64_t>::max()), outbox_grace);
}

TEST(Outbox, AnAdopterIsToldOfWhatIsHisOnce) {
  outbox_book b(small());
  const auto open = put(b, "a"), answered = put(b, "b");
  b.answer(answered, fine_answer(), w0, t0);
  outbox_book c = restarted(b, small(), w0);
  EXPECT_TRUE(c.adopt(10, 99, {}).empty());
  const auto news = c.adopt(11, 3, {});
  ASSERT_EQ(news.size(), 2u);
  EXPECT_EQ(news[0].entry, open);
  EXPECT_FALSE(news[0].answered);
  EXPECT_EQ(news[1].entry, answered);
  EXPECT_TRUE(news[1].answered);
  EXPECT_TRUE(c.adopt(12, 0, {}).empty()) << "they have somebody";
  c.answer(open, fine_answer(), w0, t0);
  ASSERT_EQ(c.on_answered(open).size(), 1u);
  EXPECT_TRUE(c.on_answered(open).empty()) << "told twice";
}

TEST(Outbox, WhatWasNotAcknowledgedGoesToTheNextAdopter) {
  outbox_book b(small());
  const auto first = put(b, "a"), second = put(b, "b");
  b.answer(first, fine_answer(), w0, t0);
  b.answer(second, fine_answer(), w0, t0);
  outbox_book c = restarted(b, small(), w0);
  EXPECT_EQ(c.adopt(10, 0, {}).size(), 2u);
  c.remove(first);
  EXPECT_TRUE(c.release(10).empty());
  const auto again = c.adopt(11, 0, {});
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].entry, second);
}

TEST(Outbox, ACallerThatIsGoneMakesRoomForAnAdopterOfItsUser) {
  outbox_book b(small());
  const auto n = b.put(task_of("a", 0, 3, "ann"), {}, w0, t0);
  b.on_disk(*n);
  EXPECT_TRUE(b.adopt(10, 0, "bob").empty());
  EXPECT_TRUE(b.adopt(11, 0, "ann").empty()) << "its caller waits";
  EXPECT_TRUE(b.on_answered(*n).empty());
  const auto news = b.on_caller_gone(*n);
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].adopter, 11u);
}

TEST(Outbox, RecordsThatMakeNoSenseTogetherDoNoHarm) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<outbox_record> records(30);
    for (auto& r : records) {
      r.what = static_cast<outbox_record::kind>(1 + random() % 5);
      r.entry = 1 + random() % 5;
      r.wall = static_cast<int64_t>(random());
      r.life = duration(static_cast<int64_t>(random() >> 1));
      r.task = task_of(std::to_string(random() % 4), random() % 2);
    }
    outbox_book b(small());
    b.load(std::move(records), static_cast<int64_t>(random()), t0);
    (void)b.take_due(t0);
    (void)b.adopt(10, 0, {});
    int64_t bytes = 0;
    for (const auto& [n, e] : b.entries()) bytes += e.size;
    EXPECT_EQ(bytes, b.bytes()) << "seed " << seed;
    EXPECT_EQ(restarted(b, small(), w0).entries().size(), b.entries().size()) << "seed " << seed;
  }
}

// Goal: whatever order things come in, each task is answered and told once, of one order one is under way, nothing is lost.
// Method: random puts, failures, deaths and adoptions; at the end all entries are acknowledged, and the counts must agree.
TEST(Outbox, RandomLivesLoseNothing) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    outbox_settings s = small();
    s.count = 1000, s.bytes = 1 << 20, s.ttl = 24h;
    outbox_book b(s);
    std::map<uint64_t, int> acknowledged;
    std::set<uint64_t> all, running;
    instant now = t0;
    uint64_t adopter = 10;
    const auto take = [&](const std::vector<outbox_book::news>& news) {
      for (const auto& n : news)
        if (n.answered && random() % 2) ++acknowledged[n.entry], b.remove(n.entry);
    };
    for (int step = 0; step < 400 || !b.entries().empty(); ++step) {
      ASSERT_LT(step, 20000) << "seed " << seed;
      now += 100ms;
      const uint64_t what = random() % 100;
      if (what < 20 && step < 400) all.insert(put(b, "k" + std::to_string(step), random() % 4, {}, now));
      if (what >= 20 && what < 23) {
        now += 1h;
        b = restarted(b, s, w0, now);
        running.clear();
      }
      if (what >= 23 && what < 26) take(b.adopt(++adopter, 0, {}));
      if (what == 26) take(b.release(adopter));
      for (const uint64_t n : b.take_due(now)) {
        const auto& t = b.find(n)->task;
        for (const uint64_t other : running)
          EXPECT_FALSE(t.order != 0 && b.find(other) != nullptr && b.find(other)->task.order == t.order) << "seed " << seed;
        running.insert(n);
      }
      if (running.empty() || what < 40) continue;
      const uint64_t n = *std::next(running.begin(), static_cast<std::ptrdiff_t>(random() % running.size()));
      running.erase(n);
      if (what < 70) {
        EXPECT_EQ(b.on_try(n, THARSIS_E_NETWORK, THARSIS_STN_LOST, 1, now, random()), verdict::again);
      } else {
        EXPECT_EQ(b.on_try(n, THARSIS_OK, THARSIS_STN_ANSWERED, 1, now, random()), verdict::over);
        EXPECT_TRUE(b.answer(n, fine_answer(), w0, now));
        if (b.find(n)->holder == outbox_book::caller_here && random() % 2) ++acknowledged[n], b.remove(n);
        else take(b.on_caller_gone(n)), take(b.on_answered(n));
      }
    }
    EXPECT_EQ(acknowledged.size(), all.size()) << "seed " << seed;
    for (const auto& [n, times] : acknowledged) EXPECT_EQ(times, 1) << "seed " << seed << " entry " << n;
  }
}
