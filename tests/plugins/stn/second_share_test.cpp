// Goal: whatever two connections do with the requests that are on both, each task has one answer, what has no key is sent once,
// and a connection that dies takes only what it alone carried.
#include "plugins/stn/core/second_share.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "tests/plugins/stn/requests.h"

using namespace tharsis;

namespace {

struct two_ways {
  two_ways() { tasks.on_up(1, now); }
  void submit(uint64_t id, bool keyed = true) {
    tasks.submit(test::make_request(id, {static_cast<uint8_t>(id)}, keyed ? std::vector<uint8_t>{'k'} : std::vector<uint8_t>{}, now + 60s), now);
  }
  // What a connection writes now, by the first byte of the body.
  std::map<int, uint32_t> written(stn::session_tasks& by) {
    std::vector<uint8_t> out;
    while (by.write_next(out, frames, now)) {}
    mars::frame_reader reader;
    EXPECT_EQ(reader.on_bytes(out), THARSIS_OK);
    std::map<int, uint32_t> all;
    while (auto f = reader.take_frame()) EXPECT_TRUE(all.emplace(f->body[0], f->sequence).second) << "twice in one place";
    return all;
  }
  void answer(stn::session_tasks& by, uint32_t sequence, std::string refusal = {}) {
    mars::frame_view f;
    f.sequence = sequence;
    f.refusal = refusal;
    by.on_answer(f, now);
  }
  std::map<int, uint32_t> ended() {  // By id: why.
    std::map<int, uint32_t> all;
    for (const stn::answer& a : tasks.take_answers()) EXPECT_TRUE(all.emplace(static_cast<int>(a.of->id), a.why).second);
    return all;
  }

  instant now{1h};
  const error cut{THARSIS_E_NETWORK, "cut"};
  stn::phase_clock phases;
  framing frames = test::frames_of({});
  stn::task_queue tasks{"main", phases};
  stn::second_share second{tasks};
};
using ids = std::map<int, uint32_t>;

}  // namespace

TEST(SecondShare, OnlyWhatMayBeSentTwiceGoesOnBoth) {
  two_ways w;
  w.submit(1);
  w.submit(2, false);
  const ids first = w.written(w.tasks);
  EXPECT_EQ(first.size(), 2u);
  EXPECT_TRUE(w.written(w.second).empty()) << "not yet";
  EXPECT_FALSE(w.second.next_is_keyed());
  w.second.copy();
  EXPECT_TRUE(w.second.next_is_keyed());
  EXPECT_EQ(w.written(w.second), (ids{{1, first.at(1)}})) << "with the same sequence";
  w.submit(3);
  EXPECT_TRUE(w.written(w.second).empty()) << "before the first connection has it";
  EXPECT_EQ(w.written(w.tasks).size(), 1u);
  EXPECT_EQ(w.written(w.second).count(3), 1u);
  w.answer(w.second, first.at(1));
  w.answer(w.tasks, first.at(1));
  EXPECT_EQ(w.ended(), (ids{{1, THARSIS_STN_ANSWERED}})) << "once";
  EXPECT_EQ(w.second.copies_in_all(), 2u);
}

TEST(SecondShare, AConnectionThatDiesTakesOnlyWhatItAloneCarried) {
  two_ways w;
  w.submit(1);
  w.submit(2, false);
  w.written(w.tasks);
  w.second.copy();
  w.written(w.second);
  w.second.lead();
  EXPECT_TRUE(w.tasks.needs_first()) << "2 is there alone";
  w.submit(3, false);
  EXPECT_EQ(w.written(w.second).count(3), 1u);
  w.tasks.on_loss(w.cut, w.now);
  EXPECT_EQ(w.ended(), (ids{{2, THARSIS_STN_LOST}}));
  w.tasks.on_up(2, w.now);
  w.second.end();
  EXPECT_EQ(w.tasks.sent(), 2u);
  w.tasks.on_loss(w.cut, w.now);  // The second one, which is the link's own now.
  EXPECT_EQ(w.ended(), (ids{{3, THARSIS_STN_LOST}}));
  w.tasks.on_up(3, w.now);
  EXPECT_EQ(w.written(w.tasks).count(1), 1u);
}

TEST(SecondShare, WhenTheSecondOneDiesTheFirstKeepsItsOwn) {
  two_ways w;
  w.submit(1);
  w.written(w.tasks);
  w.second.copy();
  w.written(w.second);
  w.second.lead();
  w.submit(2);
  w.submit(3, false);
  w.written(w.second);
  w.second.end();
  w.tasks.on_second_loss(w.cut, w.now);
  EXPECT_EQ(w.ended(), (ids{{3, THARSIS_STN_LOST}}));
  EXPECT_EQ(w.tasks.sent(), 1u) << "1 is on the first one still";
  EXPECT_EQ(w.written(w.tasks).count(2), 1u);
}

TEST(SecondShare, WhereBothDieOneAfterTheOtherNothingIsForgotten) {
  two_ways w;
  w.submit(1);
  w.submit(2, false);
  w.written(w.tasks);
  w.second.copy();
  w.written(w.second);
  w.second.lead();
  w.tasks.on_loss(w.cut, w.now);
  w.second.end();
  w.tasks.on_second_loss(w.cut, w.now);
  EXPECT_EQ(w.ended(), (ids{{2, THARSIS_STN_LOST}}));
  EXPECT_EQ(w.tasks.sent(), 0u);
  w.tasks.on_up(2, w.now);
  EXPECT_EQ(w.written(w.tasks).count(1), 1u);
}

namespace {

// Has a copy of each request.
struct third_lane final : stn::side_way {
  bool take(const stn::request&, instant) override { return false; }
  void on_gone(uint32_t, instant) override {}
  bool carries(uint32_t) const override { return alive; }
  bool alive = true;
};

}  // namespace

TEST(SecondShare, WhatALaneHasAsWellIsLostWithThatOnly) {
  two_ways w;
  third_lane lane;
  w.tasks.spread_by(&lane);
  w.second.copy();
  w.second.lead();
  w.submit(1, false);
  const uint32_t sequence = w.written(w.second).at(1);
  w.second.end();
  w.tasks.on_second_loss(w.cut, w.now);
  EXPECT_TRUE(w.ended().empty());
  EXPECT_EQ(w.tasks.on_second(), 0u);
  lane.alive = false;
  w.tasks.on_lane_loss({sequence}, w.cut, w.now);
  EXPECT_EQ(w.ended(), (ids{{1, THARSIS_STN_LOST}}));
  w.tasks.spread_by(nullptr);
}

TEST(SecondShare, ACopyThatIsRefusedIsNoAnswer) {
  two_ways w;
  w.submit(1);
  const uint32_t sequence = w.written(w.tasks).at(1);
  w.second.copy();
  w.written(w.second);
  w.answer(w.second, sequence, "busy");
  EXPECT_TRUE(w.ended().empty());
  w.answer(w.tasks, sequence, "busy");
  EXPECT_EQ(w.ended(), (ids{{1, THARSIS_STN_SERVER_REFUSED}})) << "on the first connection it is the server's word";
}

TEST(SecondShare, WhatIsMadeForAConnectionOrBoundToItWaitsForTheLinksOwn) {
  two_ways w;
  auto bound = test::make_request(1, {1}, {'k'}, w.now + 60s);
  bound->bound = 1;
  w.tasks.submit(std::move(bound), w.now);
  w.second.copy();
  w.second.lead();
  EXPECT_TRUE(w.written(w.second).empty());
  EXPECT_EQ(w.written(w.tasks).size(), 1u);
  EXPECT_TRUE(w.written(w.second).empty());
}

// Whose turn it is shows only when those before it have been set aside.
TEST(SecondShare, SoDoesOneThatComesBehindATaskThatTheServerDoesNotWantNow) {
  const stn::own_keys keys(4711);
  stn::server_memory memory;
  memory.name = 7;
  memory.kept = 1h;
  enum class kind { own_key, bound, made };
  for (const kind what : {kind::own_key, kind::bound, kind::made}) {
    SCOPED_TRACE(static_cast<int>(what));
    two_ways w;
    w.tasks.on_memory(memory, keys);
    auto one = test::make_request(1, {1}, {}, w.now + 60s);
    if (what == kind::bound) one->bound = 2;
    if (what == kind::made) one->from.encode = [](void*, tharsis_handle, const tharsis_stn_turn*, uint8_t*, size_t) { return int64_t{0}; };
    if (what == kind::own_key) w.tasks.submit(std::move(one), w.now);
    auto busy = test::make_request(2, {2}, {'k'}, w.now + 60s);
    busy->command = 20;
    w.tasks.submit(std::move(busy), w.now);
    mars::frame_view refused;
    refused.sequence = w.written(w.tasks).at(2);
    refused.refusal = "busy";
    refused.retry_after_ms = 10'000;
    w.tasks.on_answer(refused, w.now);
    w.tasks.on_loss(w.cut, w.now);
    w.tasks.on_up(2, w.now);
    w.tasks.on_memory(memory, keys);
    if (what != kind::own_key) w.tasks.submit(std::move(one), w.now);
    auto urgent = test::make_request(3, {3}, {'k'}, w.now + 60s);
    urgent->command = 20;
    urgent->priority = 1;
    w.tasks.submit(std::move(urgent), w.now);
    w.second.copy();
    w.second.lead();
    EXPECT_TRUE(w.written(w.second).empty());
    EXPECT_TRUE(w.ended().empty());
    EXPECT_TRUE(w.tasks.take_wishes().empty()) << "nobody makes it for a connection that is being left";
    if (what == kind::made) continue;
    EXPECT_EQ(w.written(w.tasks).count(1), 1u);
  }
}

TEST(SecondShare, OverManySeedsEachTaskHasOneAnswerAndKeylessOnesAreSentOnce) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 chance(seed);
    two_ways w;
    std::map<int, int> sent, answers;
    std::vector<uint32_t> on_first, on_second;
    bool racing = false, leads = false;
    uint32_t connection = 1;
    int id = 0;
    const auto note = [&](const ids& all, std::vector<uint32_t>& on) {
      for (const auto& [body, sequence] : all) ++sent[body], on.push_back(sequence);
    };
    const auto collect = [&] {
      for (const auto& [task, why] : w.ended()) ++answers[task];
    };
    const auto end_second = [&] {
      w.second.end();
      w.tasks.on_second_loss(w.cut, w.now);
      racing = leads = false;
      on_second.clear();
    };
    for (int step = 0; step < 120; ++step) {
      w.now += 1ms * (chance() % 50);
      switch (chance() % 8) {
        case 0:
        case 1:
          ++id;
          w.submit(static_cast<uint64_t>(id), id % 3 != 0);
          break;
        case 2:
          if (!leads) note(w.written(w.tasks), on_first);
          if (racing) note(w.written(w.second), on_second);
          break;
        case 3:
          for (const uint32_t s : on_first)
            if (chance() % 2 == 0) w.answer(w.tasks, s);
          break;
        case 4:
          for (const uint32_t s : on_second)
            if (chance() % 2 == 0) w.answer(w.second, s, chance() % 9 == 0 ? "busy" : "");
          break;
        case 5:
          if (!racing) racing = true, w.second.copy();
          else if (!leads) leads = true, w.second.lead();
          break;
        case 6:
          if (racing) end_second();
          break;
        default:
          w.tasks.on_loss(w.cut, w.now);
          on_first.clear();
          if (leads && chance() % 2 == 0) {
            w.second.end();
            racing = leads = false;
            on_first.swap(on_second);
          } else if (racing) {
            end_second();
          }
          w.tasks.on_up(++connection, w.now);
      }
      collect();
      EXPECT_LE(w.tasks.on_second(), w.tasks.sent());
      if (!racing) {
        EXPECT_EQ(w.tasks.on_second(), 0u);
      }
    }
    if (racing) end_second();
    w.written(w.tasks);
    w.tasks.end({THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "over"}, w.now);
    collect();
    for (int task = 1; task <= id; ++task) {
      EXPECT_EQ(answers[task], 1) << task;
      if (task % 3 == 0) {
        EXPECT_LE(sent[task], 1) << task;
      }
    }
    if (testing::Test::HasFailure()) return;
  }
}

TEST(SecondShare, WhatWentByDatagramAndMayNotGoToAnotherServerWaitsForTheFirst) {
  const stn::own_keys keys(4711);
  stn::server_memory memory;
  memory.name = 7;
  memory.kept = 1h;
  for (const bool own_key : {true, false}) {
    SCOPED_TRACE(own_key);
    two_ways w;
    w.tasks.on_memory(memory, keys);
    auto one = test::make_request(1, {1}, own_key ? std::vector<uint8_t>{} : std::vector<uint8_t>{'k'}, w.now + 60s);
    if (!own_key) one->bound = 1;
    w.tasks.submit(std::move(one), w.now);
    w.submit(2);
    const ids first = w.written(w.tasks);
    w.second.copy();
    w.written(w.second);
    w.second.lead();
    for (const auto& [id, sequence] : first) id == 1 ? w.tasks.carry_too(sequence) : w.tasks.write_too(sequence);
    EXPECT_EQ(w.written(w.second), (ids{{2, first.at(2)}})) << "the other one's server may not have it";
    EXPECT_EQ(w.written(w.tasks), (ids{{1, first.at(1)}}));
    EXPECT_TRUE(w.written(w.tasks).empty());
    w.answer(w.tasks, first.at(1));
    EXPECT_EQ(w.ended().at(1), uint32_t{THARSIS_STN_ANSWERED});
  }
}
