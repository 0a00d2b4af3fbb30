// How many repetitions a link may add to what it is asked to send. When a server slows down, requests that are sent again
// are what keeps it down: with a budget they are a share of the first ones, whatever happens.
//
// First sends earn repetitions, a repetition takes one; a few come with time, for a link that is hardly used. What a lost
// connection had under way goes again without taking any, until it was sent three times: how often connections are lost and made is paced already
// (core/reconnect.h), and the answer may be all that was lost.
//
// Tasks that outlive their tries (parked ones, those of the outbox) may be many when a server comes back after an hour. Each takes a repetition
// too, but gives it back when it brings an answer: so they all go, one after the other, as soon as the server answers, and no more than the
// budget has while it does not.
//
// Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include "plugins/stn/core/overload_settings.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

class retry_budget {
 public:
  // A network that is only bad seldom takes three connections from one task, copies beside them included; a server that dies of
  // a request takes each.
  static constexpr uint32_t free_sends = 3;

  explicit retry_budget(const budget_settings& s) : settings_(s), left_(static_cast<double>(s.idle_most)) {}

  void change(const budget_settings& s) {
    settings_ = s;
    left_ = std::min(left_, static_cast<double>(std::max(s.most, s.idle_most)));
  }

  // A request went to the wire for the first time.
  void on_first(instant now) {
    ripen(now);
    left_ = std::max(left_, std::min(left_ + static_cast<double>(settings_.share) / 100, static_cast<double>(settings_.most)));
  }
  // One is to go again. False: the budget is used up.
  [[nodiscard]] bool take(instant now) {
    if (!settings_.use) return true;
    ripen(now);
    if (left_ < 1) return ++refused_, false;
    left_ -= 1;
    ++taken_;
    return true;
  }

  // As take() would say.
  bool has(instant now) {
    ripen(now);
    return !settings_.use || left_ >= 1;
  }
  // One that was taken has brought an answer, or did not go.
  void give_back() { left_ = std::min(left_ + 1, static_cast<double>(std::max(settings_.most, settings_.idle_most))); }

  int64_t left(instant now) {
    ripen(now);
    return static_cast<int64_t>(left_);
  }
  uint64_t taken() const { return taken_; }
  uint64_t refused() const { return refused_; }
  bool use() const { return settings_.use; }

 private:
  void ripen(instant now) {
    const instant since = std::exchange(ripened_at_, now);
    if (since == never || now <= since || settings_.idle_every <= duration::zero()) return;
    const double came = std::chrono::duration<double>(now - since) / std::chrono::duration<double>(settings_.idle_every);
    left_ = std::max(left_, std::min(left_ + came, static_cast<double>(settings_.idle_most)));
  }

  budget_settings settings_;
  double left_;
  instant ripened_at_ = never;
  uint64_t taken_ = 0, refused_ = 0;
};

}  // namespace tharsis::stn
