// Goal: a dead path is noticed within the promised time, a live one hardly ever taken for dead, and whatever happens there
// is at most one second connection, which is taken only when it has proved itself.
#include "plugins/stn/core/second_way.h"

#include <deque>
#include <optional>
#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::second_reason;
using stn::second_way;
using stn::second_way_settings;
using action = stn::second_way::action;

namespace {

constexpr duration second_trip = 100ms;
constexpr instant second_start = instant{} + 1h;

second_way::sight sees(uint64_t confirmed, uint64_t outstanding) { return {confirmed, outstanding, second_trip}; }

// A connection that has been up, and quiet for `idle`.
struct quiet {
  explicit quiet(duration idle, const second_way_settings& s = {}) : way(s) {
    way.on_up(sees(1000, 0), second_start);
    now = second_start + idle;
  }
  action ask(size_t bytes = 100, bool request = true) {
    if (way.on_written(bytes, request, now)) way.on_look(sees(1000, bytes), now);
    return way.take_action();
  }
  action look(uint64_t confirmed, uint64_t outstanding) {
    way.on_look(sees(confirmed, outstanding), now);
    return way.take_action();
  }
  second_way way;
  instant now;
};

}  // namespace

TEST(SecondWay, TheFirstRequestAfterALongIdleTimeDialsAtOnce) {
  quiet q(31s);
  EXPECT_EQ(q.ask(), action::dial);
  EXPECT_EQ(q.way.why(), second_reason::idle);
  quiet lively(29s);
  EXPECT_EQ(lively.ask(), action::none);
  quiet ping(31s);
  EXPECT_EQ(ping.ask(20, false), action::none) << "nobody waits for a pong";
}

TEST(SecondWay, WhatIsNotConfirmedInTimeDialsAndWhatIsDoesNot) {
  quiet dead(5s);
  EXPECT_EQ(dead.ask(), action::none);
  EXPECT_EQ(dead.way.deadline() - dead.now, 160ms) << "100 ms and what a peer may hold its confirmation back";
  dead.now = dead.way.deadline();
  EXPECT_EQ(dead.look(1000, 100), action::dial);
  EXPECT_EQ(dead.way.why(), second_reason::unconfirmed);
  quiet slow(5s);
  EXPECT_EQ(slow.ask(), action::none);
  slow.now = slow.way.deadline();
  EXPECT_EQ(slow.look(1100, 0), action::none) << "its server thinks, its system has answered";
  EXPECT_EQ(slow.way.deadline(), never);
}

TEST(SecondWay, APingMayBeLostOnceUnlessSomethingIsInDoubt) {
  quiet q(210s);
  EXPECT_EQ(q.ask(20, false), action::none);
  EXPECT_EQ(q.way.deadline() - q.now, 640ms);
  q.now += 50ms;
  EXPECT_EQ(q.ask(), action::none);
  EXPECT_EQ(q.way.deadline() - q.now, 110ms) << "now somebody waits";
  quiet doubted(1s);
  doubted.way.on_doubt(second_reason::network, false, doubted.now);
  EXPECT_EQ(doubted.ask(20, false), action::none);
  EXPECT_EQ(doubted.way.deadline() - doubted.now, 160ms);
}

TEST(SecondWay, PatienceFollowsTheRoundTrip) {
  second_way way({});
  EXPECT_EQ(way.patience(), 1s);
  way.on_up({0, 0, 400ms}, second_start);
  EXPECT_EQ(way.patience(), 600ms);
  way.on_up({0, 0, 20ms}, second_start);
  EXPECT_EQ(way.patience(), 80ms);
}

// The first bytes are confirmed; younger ones are not yet, which looks the same at one look.
TEST(SecondWay, YoungBytesAreNotTakenForOldOnes) {
  quiet q(1s);
  EXPECT_EQ(q.ask(), action::none);
  q.now += 150ms;
  EXPECT_EQ(q.ask(), action::none);
  q.now += 10ms;
  EXPECT_EQ(q.look(1100, 100), action::none);
  EXPECT_EQ(q.way.deadline() - q.now, 150ms) << "160 ms after the younger ones";
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(1200, 0), action::none);
  EXPECT_EQ(q.way.deadline(), never);
}

TEST(SecondWay, AnUploadThatMovesIsAlive) {
  quiet q(1s);
  EXPECT_EQ(q.ask(500'000), action::none);
  uint64_t confirmed = 1000;
  for (; confirmed < 400'000; confirmed += 3000) {
    q.now = q.way.deadline();
    ASSERT_NE(q.now, never);
    EXPECT_EQ(q.look(confirmed + 3000, 501'000 - confirmed), action::none);
  }
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(confirmed, 100'000), action::dial) << "and one that stands still is not";
}

TEST(SecondWay, TheOldOneStaysWhenItAnswersAndTheNextOneWaits) {
  quiet q(31s);
  EXPECT_EQ(q.ask(), action::dial);
  EXPECT_EQ(q.look(1000, 100), action::none);
  q.now += 100ms;
  q.way.on_heard(false, q.now);
  q.way.on_second_up();
  EXPECT_NE(q.way.take_action(), action::take);
  EXPECT_FALSE(q.way.races());
  EXPECT_EQ(q.way.totals().needless, 1u);
  int dials = 1;
  for (int i = 0; i < 600; ++i) {  // Six hours, a request each 36 s.
    q.now += 36s;
    if (q.ask() == action::dial) ++dials;
    q.now += 100ms;
    q.way.on_heard(false, q.now);
    EXPECT_NE(q.way.take_action(), action::take);
    EXPECT_FALSE(q.way.races());
  }
  EXPECT_LE(dials, 7 + 12);
  EXPECT_GE(dials, 7 + 8);
}

TEST(SecondWay, AConfirmationAloneIsASignOfLifeToo) {
  quiet q(31s);
  EXPECT_EQ(q.ask(), action::dial);
  EXPECT_EQ(q.look(1000, 100), action::none);
  q.now += 100ms;
  q.way.on_look(sees(1100, 0), q.now);
  q.way.on_heard(false, q.now);
  EXPECT_EQ(q.way.take_action(), action::drop);
  EXPECT_EQ(q.way.totals(), (stn::second_totals{1, 0, 1, 0})) << "both signs are of one";
}

TEST(SecondWay, ANeededOneIsTakenAndTheNextOneDoesNotWait) {
  quiet q(31s);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(q.ask(), action::dial) << i;
    EXPECT_EQ(q.look(1000, 100), action::none);
    q.now += 200ms;
    EXPECT_EQ(q.look(1000, 100), action::none);
    q.way.on_second_up();
    EXPECT_EQ(q.way.take_action(), action::take);
    q.way.on_up(sees(1000, 0), q.now);
    q.now += 35s;
  }
  EXPECT_EQ(q.way.totals().needed, 5u);
}

TEST(SecondWay, OneThatDoesNotComeAboutIsTriedAgainSoonAndThenLater) {
  quiet q(31s);
  EXPECT_EQ(q.ask(), action::dial);
  EXPECT_EQ(q.look(1000, 100), action::none);
  q.now += 10ms;
  q.way.on_second_lost(q.now);
  EXPECT_EQ(q.way.take_action(), action::none);
  EXPECT_EQ(q.way.deadline() - q.now, 160ms);
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(1000, 100), action::dial);
  q.way.on_second_lost(q.now);
  const instant lost = q.now;
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(1000, 100), action::none);
  EXPECT_EQ(q.way.deadline() - lost, 30s);
  EXPECT_EQ(q.way.totals().failed, 2u);
}

// Else the next request after a long idle time would not be the first one since a sign of life.
TEST(SecondWay, WhatIsConfirmedInAPauseIsNotAwaitedUntilItIsOver) {
  quiet q(31s);
  EXPECT_EQ(q.ask(), action::dial);
  EXPECT_EQ(q.look(1000, 100), action::none);
  q.way.on_second_lost(q.now);
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(1000, 100), action::dial);
  q.way.on_second_lost(q.now);
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(1100, 0), action::none);
  EXPECT_EQ(q.way.deadline(), never);
}

TEST(SecondWay, AChangeOfTheNetworkAndSleepMakeRequestsDialAtOnce) {
  for (const auto why : {second_reason::network, second_reason::woke}) {
    quiet q(1s);
    q.way.on_doubt(why, false, q.now);
    EXPECT_EQ(q.way.take_action(), action::none) << "nobody waits";
    EXPECT_EQ(q.ask(), action::dial);
    EXPECT_EQ(q.way.why(), why);
    quiet busy(1s);
    EXPECT_EQ(busy.ask(), action::none);
    busy.way.on_doubt(why, true, busy.now);
    EXPECT_EQ(busy.way.take_action(), action::dial);
    quiet heard(1s);
    heard.way.on_doubt(why, false, heard.now);
    heard.way.on_heard(false, heard.now);
    EXPECT_EQ(heard.ask(), action::none) << "it has lived through it";
  }
}

TEST(SecondWay, WhereBytesCostMoneySomethingMustHaveShownThatItIsNeeded) {
  quiet q(31s);
  q.way.on_metered(true);
  EXPECT_EQ(q.ask(), action::none);
  q.now = q.way.deadline();
  EXPECT_EQ(q.look(1000, 100), action::dial);
}

TEST(SecondWay, ItCanBeSwitchedOff) {
  second_way_settings s;
  s.when = second_way_settings::use::unconfirmed;
  quiet some(31s, s);
  EXPECT_EQ(some.ask(), action::none);
  EXPECT_EQ(some.way.deadline() - some.now, 160ms);
  s.when = second_way_settings::use::never;
  quiet none(31s, s);
  EXPECT_EQ(none.ask(), action::none);
  EXPECT_EQ(none.way.deadline(), never);
  none.way.on_doubt(second_reason::woke, true, none.now);
  EXPECT_EQ(none.look(1000, 100), action::none);
}

namespace {

// A path and a server, as far as a client's system sees them.
class second_path {
 public:
  explicit second_path(uint64_t seed) : chance_(seed) {
    trip_ = 1ms * below(5, 600);
    thinks_ = below(0, 2) == 0 ? 1ms * below(0, 3000) : duration::zero();
    loss_ = below(0, 2) == 0 ? 0 : below(0, 20);
    way_.emplace(settings_);
    way_->on_up({0, 0, trip_}, now_);
  }
  void run() {
    next_request_ = now_ + 1ms * below(0, 100'000);
    dies_ = below(0, 1) == 0 ? never : now_ + 1ms * below(0, 300'000);
    for (int step = 0; step < 3000 && taken_ == 0; ++step) once();
    if (dead_since_ != never && loss_ == 0) {
      EXPECT_EQ(taken_, 1) << "it was never noticed";
    }
  }

 private:
  struct write {
    instant at;
    uint64_t end;
    instant confirmed, answered;
  };
  int64_t below(int64_t from, int64_t to) { return from + static_cast<int64_t>(chance_() % static_cast<uint64_t>(to - from + 1)); }

  // To the next thing that happens.
  void once() {
    instant next = std::min({next_request_, way_->deadline(), second_up_});
    for (const write& w : out_) next = std::min(next, w.answered);
    ASSERT_NE(next, never);
    turns_ = next <= now_ ? turns_ + 1 : 0;
    ASSERT_LT(turns_, 20) << "it turns round and round";
    now_ = std::max(next, now_);
    hear();
    if (now_ >= way_->deadline() || now_ >= second_up_) look();
    if (now_ >= second_up_) second_up_ = never, way_->on_second_up();
    if (now_ >= next_request_) send();
    act();
  }
  void hear() {
    const size_t before = out_.size();
    while (!out_.empty() && out_.front().answered <= now_) out_.pop_front();
    if (out_.size() != before) way_->on_heard(!out_.empty(), now_);
  }
  void look() {
    for (const write& w : all_)
      if (w.confirmed <= now_) confirmed_ = std::max(confirmed_, w.end);
    way_->on_look({confirmed_, total_ - confirmed_, trip_}, now_);
  }
  void send() {
    const uint64_t size = static_cast<uint64_t>(below(20, 900));
    total_ += size;
    write w{now_, total_, never, never};
    if (now_ < dies_ && dead_since_ == never) {
      const duration late = below(1, 100) <= loss_ ? duration(trip_ + 200ms) : duration::zero();
      w.answered = now_ + trip_ + late + thinks_;
      w.confirmed = std::min(w.answered, now_ + trip_ + late + 40ms);
      if (!all_.empty() && all_.back().confirmed != never) w.confirmed = std::max(w.confirmed, all_.back().confirmed), w.answered = std::max(w.answered, all_.back().answered);
      if (w.confirmed >= dies_) w.confirmed = never;
      if (w.answered >= dies_) w.answered = never;
    } else if (dead_since_ == never) {
      dead_since_ = now_;
    }
    out_.push_back(w);
    all_.push_back(w);
    if (way_->on_written(size, true, now_)) look();
    next_request_ = now_ + 1ms * (below(0, 3) == 0 ? below(10'000, 90'000) : below(1, 1000));
  }
  void act() {
    const action a = way_->take_action();
    if (a == action::dial) {
      ASSERT_FALSE(beside_) << "two at once";
      beside_ = true;
      second_up_ = now_ + 2 * trip_ + 1ms;
      if (loss_ == 0 && now_ < dies_ && way_->why() == second_reason::unconfirmed) ADD_FAILURE() << "a live path was taken for a dead one";
      if (dead_since_ != never && loss_ == 0) {
        EXPECT_LE(now_ - dead_since_, std::max(3 * trip_, trip_ + 120ms) + 1ms) << "too late";
      }
      look();
    } else if (a == action::drop) {
      ASSERT_TRUE(beside_);
      beside_ = false;
      second_up_ = never;
    } else if (a == action::take) {
      ASSERT_TRUE(beside_);
      EXPECT_EQ(second_up_, never) << "it has not proved itself";
      ++taken_;
    }
    EXPECT_EQ(beside_ && taken_ == 0, way_->races());
  }

  std::mt19937_64 chance_;
  second_way_settings settings_;
  std::optional<second_way> way_;
  duration trip_, thinks_;
  int64_t loss_;
  instant now_ = second_start, next_request_{}, dies_ = never, second_up_ = never, dead_since_ = never;
  std::deque<write> out_, all_;
  uint64_t total_ = 0, confirmed_ = 0;
  bool beside_ = false;
  int taken_ = 0, turns_ = 0;
};

}  // namespace

TEST(SecondWay, OverManySeedsADeadPathIsNoticedInTimeAndALiveOneIsNotTakenForDead) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    second_path(seed).run();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}
