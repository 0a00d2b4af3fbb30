// Requests that go another way than by the connection: they count as sent, are written only when that is asked for, and
// the other way hears when nobody waits for them any more.
#include "plugins/stn/core/side_way.h"

#include <gtest/gtest.h>

#include <set>

#include "plugins/stn/core/task_queue.h"
#include "sdk/pure/views.h"
#include "tests/plugins/stn/requests.h"

using namespace tharsis;

namespace {

struct beside final : stn::side_way {
  bool take(const stn::request& r, instant) override {
    if (!willing) return false;
    EXPECT_NE(r.sequence, 0u);
    taken.push_back(r.sequence);
    return true;
  }
  void on_gone(uint32_t sequence, instant) override { gone.insert(sequence); }
  bool willing = true;
  std::vector<uint32_t> taken;
  std::multiset<uint32_t> gone;
};

struct queue {
  queue() {
    tasks.use(&other);
    tasks.on_up(1, now);
  }
  ~queue() { tasks.use(nullptr); }
  void submit(uint64_t id, std::vector<uint8_t> key) { tasks.submit(test::make_request(id, {'b', static_cast<uint8_t>(id)}, std::move(key), now + 60s), now); }
  // What the connection writes now.
  std::vector<mars::frame> written() {
    std::vector<uint8_t> out;
    while (tasks.write_next(out, frames, now)) {}
    mars::frame_reader reader;
    EXPECT_EQ(reader.on_bytes(out), THARSIS_OK);
    std::vector<mars::frame> all;
    while (auto f = reader.take_frame()) all.push_back(std::move(*f));
    return all;
  }
  void answer(uint32_t sequence) {
    mars::frame_view f;
    f.sequence = sequence;
    tasks.on_answer(f, now);
  }

  instant now{1h};
  stn::phase_clock phases;
  stn::link_settings settings;
  framing frames = test::frames_of(settings);
  beside other;
  stn::task_queue tasks{"main", phases};
};

}  // namespace

TEST(SideWay, WhatItTakesIsNotWrittenAndCountsAsSent) {
  queue q;
  q.submit(1, {'k'});
  EXPECT_TRUE(q.written().empty());
  EXPECT_EQ(q.other.taken.size(), 1u);
  EXPECT_EQ(q.tasks.sent(), 1u);
  q.answer(q.other.taken[0]);
  const auto answers = q.tasks.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, THARSIS_OK);
  EXPECT_EQ(answers[0].of->sends, 1u);
  EXPECT_EQ(q.other.gone.count(q.other.taken[0]), 1u);
  q.answer(q.other.taken[0]);
  EXPECT_TRUE(q.tasks.take_answers().empty()) << "the second answer is nobody's";
}

TEST(SideWay, WhatItDoesNotTakeGoesAsEver) {
  queue q;
  q.other.willing = false;
  q.submit(1, {'k'});
  EXPECT_EQ(q.written().size(), 1u);
}

TEST(SideWay, TheConnectionWritesItTooWhenAskedWithTheSameSequenceAndKey) {
  queue q;
  q.submit(1, {'k'});
  q.written();
  const uint32_t sequence = q.other.taken.at(0);
  q.tasks.write_too(sequence);
  const auto frames = q.written();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].sequence, sequence);
  EXPECT_EQ(frames[0].key, std::vector<uint8_t>{'k'});
  EXPECT_TRUE(q.written().empty()) << "once";
  q.answer(sequence);
  EXPECT_EQ(q.tasks.take_answers().size(), 1u);
}

TEST(SideWay, WhatWasAnsweredMeanwhileIsNotWritten) {
  queue q;
  q.submit(1, {'k'});
  q.written();
  q.tasks.write_too(q.other.taken.at(0));
  q.answer(q.other.taken.at(0));
  EXPECT_TRUE(q.written().empty());
  q.tasks.write_too(4711);
  EXPECT_TRUE(q.written().empty());
}

TEST(SideWay, ItHearsOfEveryEnd) {
  queue q;
  for (uint64_t id = 1; id <= 4; ++id) q.submit(id, {static_cast<uint8_t>(id)});
  q.written();
  ASSERT_EQ(q.other.taken.size(), 4u);
  q.tasks.cancel(1, q.now);
  EXPECT_EQ(q.other.gone.size(), 1u);
  q.tasks.on_loss({THARSIS_E_NETWORK, "cut"}, q.now);  // They wait again, under other sequences.
  EXPECT_EQ(q.other.gone.size(), 4u);
  EXPECT_EQ(q.tasks.sent(), 0u);
  q.tasks.on_up(2, q.now);
  q.written();
  EXPECT_EQ(q.other.taken.size(), 7u);
  q.now += 61s;
  q.tasks.on_deadline(q.now);
  EXPECT_EQ(q.other.gone.size(), 7u);
  EXPECT_EQ(q.tasks.take_answers().size(), 4u);
}

// Under a key that the link gave because the server said that it knows such keys.
TEST(SideWay, WhatWentTwiceUnderAKeyOfTheLinksOwnIsCountedByItsReason) {
  queue q;
  const stn::own_keys keys(7);
  q.tasks.on_memory({1, 1h}, keys);
  q.submit(1, {});
  q.written();
  q.tasks.write_too(q.other.taken.at(0));
  q.written();
  q.tasks.on_copy(q.other.taken.at(0));
  q.tasks.on_loss({THARSIS_E_NETWORK, "cut"}, q.now);
  q.tasks.on_up(2, q.now);
  q.written();
  q.tasks.write_too(q.other.taken.at(1), false);  // Instead of the other way, which has not sent it.
  q.written();
  q.answer(q.other.taken.at(1));
  const auto answers = q.tasks.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].of->keyed_copies, 2u);
  EXPECT_EQ(answers[0].of->keyed_again, 1u);
}

// What a server has refused, with the word when to come again, was not carried out: it goes for the first time under its next key.
TEST(SideWay, WhatTheServerPutOffDidNotGoTwiceUnderItsKey) {
  queue q;
  q.tasks.spare({}, {}, 1);
  const stn::own_keys keys(7);
  q.tasks.on_memory({1, 1h}, keys);
  q.submit(1, {});
  q.written();
  mars::frame_view busy;
  busy.sequence = q.other.taken.at(0);
  busy.refusal = "too much to do";
  busy.retry_after_ms = 1000;
  q.tasks.on_answer(busy, q.now);
  q.now += 10s;
  q.tasks.on_deadline(q.now);
  q.written();
  ASSERT_EQ(q.other.taken.size(), 2u);
  q.answer(q.other.taken.at(1));
  const auto answers = q.tasks.take_answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].of->sends, 2u);
  EXPECT_EQ(answers[0].of->keyed_again, 0u);
  EXPECT_EQ(answers[0].of->keyed_copies, 0u);
}
