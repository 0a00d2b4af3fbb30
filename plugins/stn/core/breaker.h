// Whether a server that takes connections is worth the next one, judged by what it does after the connect: it does not
// prove itself, it breaks soon after, it says that it has too much to do. Whether it can be reached at all is
// address_score's affair, which orders addresses; this leaves one out.
//
//   closed     it is used as any other.
//   open       too many of the last results were failures: it is left alone for a time that doubles.
//   half open  that time is over: one connection is made as a probe, and decides.
//
// Pure: the owner says what has happened, and when.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "plugins/stn/core/overload_settings.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

class breaker {
 public:
  enum class state : uint8_t { closed, open, half_open };

  state is(instant now) const {
    if (open_until_ == never) return state::closed;
    return now < open_until_ ? state::open : state::half_open;
  }
  // May a connection be made to it? In the half open state to one at a time.
  bool passes(instant now) const { return is(now) == state::closed || (is(now) == state::half_open && now >= probe_until_); }
  // When that may be next; the past where it may be now.
  instant passes_at() const { return open_until_ == never ? instant{} : std::max(open_until_, probe_until_); }

  // One is made.
  void on_try(const breaker_settings& s, instant now) {
    if (is(now) == state::half_open) probe_until_ = later(now, s.probe);
  }
  // It has proved itself.
  void on_success(const breaker_settings& s, instant now) {
    if (is(now) != state::closed) {
      *this = {};
      return;
    }
    count(s, now).good += 1;
  }
  // `why`: what it did, for words(). `at_least`: its own wish to be left alone. `random`: any 64 bits; so clients do not come
  // back together. True: it is open now, and was not.
  bool on_failure(const breaker_settings& s, std::string why, duration at_least, uint64_t random, instant now) {
    why_ = std::move(why);
    if (is(now) == state::open) {
      if (at_least > duration::zero()) open_until_ = std::max(open_until_, later(now, at_least));
      return false;
    }
    const bool probed = is(now) == state::half_open;
    count(s, now).bad += 1;
    const slot all = sum(s, now);
    bad_ = all.bad;
    all_ = all.bad + all.good;
    if (!probed && (all_ < s.least || 100 * bad_ < s.share * all_)) return false;
    open(s, at_least, random, now);
    return true;
  }

  // "3 of 4 connections within 60 s failed, at last: ...; it is left alone for 5 s"; empty while it is closed.
  std::string words(const breaker_settings& s, instant now) const {
    if (open_until_ == never) return {};
    std::string text = std::to_string(bad_) + " of " + std::to_string(all_) + " results within " + wait_text(s.window) + " were failures";
    if (times_ > 1) text = "it was tried again, and failed " + std::to_string(times_) + " times in a row";
    text += why_.empty() ? "" : ", at last: " + why_;
    return text + (now < open_until_ ? "; it is left alone for " + wait_text(open_until_ - now) : "; it is tried again by one connection");
  }

 private:
  struct slot {
    int64_t number = -1;  // Of the time in which it was filled.
    int64_t good = 0, bad = 0;
  };
  static constexpr int64_t slots = 6;

  static int64_t number_of(const breaker_settings& s, instant now) { return now.time_since_epoch() / std::max(s.window / slots, duration(1)); }
  slot& count(const breaker_settings& s, instant now) {
    slot& here = results_[static_cast<size_t>(number_of(s, now) % slots)];
    if (here.number != number_of(s, now)) here = {number_of(s, now), 0, 0};
    return here;
  }
  slot sum(const breaker_settings& s, instant now) const {
    slot all;
    for (const slot& one : results_)
      if (one.number >= 0 && one.number > number_of(s, now) - slots) all.good += one.good, all.bad += one.bad;
    return all;
  }
  // From four fifths of the time to six.
  void open(const breaker_settings& s, duration at_least, uint64_t random, instant now) {
    duration pause = s.open_min;
    for (int i = 0; i < times_ && pause < s.open_max; ++i) pause *= 2;
    pause = std::min(pause, s.open_max);
    const auto fifth = static_cast<uint64_t>(pause.count() / 5);
    pause = duration(pause.count() - static_cast<int64_t>(fifth) + static_cast<int64_t>(random % (2 * fifth + 1)));
    times_ = std::min(times_ + 1, 64);
    open_until_ = later(now, std::max(pause, at_least));
    probe_until_ = instant{};
  }

  std::array<slot, slots> results_{};
  instant open_until_ = never;  // never: it is closed.
  instant probe_until_{};
  int times_ = 0;  // In a row that it was opened.
  int64_t bad_ = 0, all_ = 0;
  std::string why_;
};

}  // namespace tharsis::stn
