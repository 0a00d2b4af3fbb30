// How long the answer to a request may take: until it begins, between two of its pieces, and in all.
//
// From what is sent, what goes before it on the same link and how the network has done lately. A request that
// takes longer fails by itself, or is sent again; its link is only asked for a sign of life.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::stn {

// For one kind of network. Mars' numbers, which came from years of messages over bad mobile networks.
struct network_times {
  // Until the first byte, for a request of no bytes,
  duration first_byte;
  // and for one of any length.
  duration first_byte_max;
  // Where the last ten answers came quickly, large ones among them.
  duration first_byte_excellent;
  // A slower network moves what is sent, and what is received, at this rate at least: bytes per second.
  int64_t rate;
  // For each request that was sent before and has no answer, of five at most.
  duration each_ahead;
  // Between two pieces of one answer.
  duration gap;
  // What is quick: answers of at most 3, 10, 30 KiB, and larger ones.
  duration quick[4];
  bool operator==(const network_times&) const = default;
};

struct answer_time_settings {
  network_times fast{12s, 22s, 7s, 12288, 1500ms, 8s, {500ms, 2s, 4s, 6s}};        // Cables and Wi-Fi.
  network_times cellular{15s, 30s, 10s, 4096, 3s, 12s, {1s, 3s, 5s, 7s}};
  // Of which length an answer may be without more time for it.
  int64_t response_size = 64 * 1024;
  int64_t ahead_max = 5;
  // Good answers in a row, a large one among them within `window`, make a network excellent;
  int64_t excellent_after = 10;
  // so few that did not fail of the last ten make it bad.
  int64_t bad_at = 6;
  duration window = 5min;
  bool operator==(const answer_time_settings&) const = default;
};

class answer_times {
 public:
  enum class quality { judging, excellent, bad };
  struct limits {
    duration first_byte, gap, whole;
  };

  explicit answer_times(const answer_time_settings& s = {}) : settings_(s) {}

  void on_network(bool cellular) {
    cellular_ = cellular;
    quality_ = quality::judging;
    forget(all_good);
  }

  // An answer of `bytes`, with its request, came within `cost`.
  void on_answer(size_t bytes, duration cost, instant now) {
    refresh(now);
    const int size = bytes <= small ? 0 : bytes <= middle ? 1 : bytes <= large ? 2 : 3;
    remember(true);
    if (cost > times().quick[size]) {
      good_ = 0;
      large_at_ = never;
    } else if (quality_ == quality::judging) {
      ++good_;
      if (size > 0) large_at_ = now;
    }
    judge(now);
  }

  void on_failure(instant now) {
    refresh(now);
    good_ = 0;
    large_at_ = never;
    remember(false);
    judge(now);
  }

  // Of a request of so many bytes, behind `ahead` others. `server_time`: what the server may need; zero: unknown.
  limits of(size_t bytes, size_t ahead, duration server_time) const {
    const network_times& t = times();
    const duration queue = std::min(static_cast<int64_t>(ahead), settings_.ahead_max) * t.each_ahead;
    const duration upload = at_rate(static_cast<int64_t>(bytes), t.rate);
    duration first = std::min(t.first_byte + upload, t.first_byte_max);
    if (server_time > duration::zero())
      first = server_time + upload;
    else if (quality_ == quality::excellent)
      first = t.first_byte_excellent;
    first += queue;
    return {first, t.gap, first + at_rate(settings_.response_size, t.rate)};
  }

  // None is shorter.
  duration shortest() const {
    const network_times& t = times();
    return std::min({t.first_byte, t.first_byte_max, t.first_byte_excellent, t.gap});
  }
  quality now() const { return quality_; }

 private:
  static constexpr size_t small = 3 * 1024, middle = 10 * 1024, large = 30 * 1024;
  static constexpr uint32_t all_good = 0x3ff;  // The last ten, one bit each.

  static duration at_rate(int64_t bytes, int64_t rate) {
    constexpr int64_t most = int64_t{1} << 32;  // No message is as long, and no sum overflows.
    return std::chrono::milliseconds(std::clamp<int64_t>(bytes, 0, most) * 1000 / rate);
  }
  const network_times& times() const { return cellular_ ? settings_.cellular : settings_.fast; }
  void forget(uint32_t past) {
    past_ = past;
    good_ = 0;
    large_at_ = never;
  }
  // What is old says nothing about now.
  void refresh(instant now) {
    if (changed_at_ != never && now - changed_at_ > settings_.window) past_ = quality_ == quality::bad ? 0 : all_good;
    changed_at_ = now;
  }
  void remember(bool good) { past_ = ((past_ << 1) | (good ? 1 : 0)) & all_good; }
  int64_t successes() const {
    int64_t n = 0;
    for (uint32_t bits = past_; bits != 0; bits &= bits - 1) ++n;
    return n;
  }
  void judge(instant now) {
    const bool bad = successes() <= settings_.bad_at;
    if (quality_ == quality::judging && bad)
      quality_ = quality::bad;
    else if (quality_ == quality::judging && good_ >= settings_.excellent_after && large_at_ != never &&
             now - large_at_ <= settings_.window)
      quality_ = quality::excellent;
    else if ((quality_ == quality::bad && !bad) ||
             (quality_ == quality::excellent && good_ == 0 && large_at_ == never))
      quality_ = quality::judging;
  }

  answer_time_settings settings_;
  bool cellular_ = false;
  quality quality_ = quality::judging;
  uint32_t past_ = all_good;
  int64_t good_ = 0;
  instant large_at_ = never, changed_at_ = never;
};

}  // namespace tharsis::stn
