// How many bytes of streams may be under way, so that they fill the line and nobody waits behind them.
//
// As LEDBAT (RFC 6817): the quickest way there and back is the line's own; what it takes longer now is a queue, and the
// flight follows it: it grows while the queue is shorter than wanted, and shrinks while it is longer. At first it doubles
// each round trip, until the queue is half as long as wanted. Besides, the link's own answers are watched, since they
// may wait in a queue that streams do not see: of a slow one the flight is cut to a part, once in a round trip.
//
// Pure: no clock, no socket.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "plugins/stn/core/stream_settings.h"

namespace tharsis::stn {

class stream_pace {
 public:
  explicit stream_pace(const stream_pace_settings& s) : settings_(s), flight_(static_cast<double>(s.flight_first)) {}

  // Another connection, or another network: nothing is known of its way.
  void begin() {
    flight_ = static_cast<double>(settings_.flight_first);
    before_ = now_ = duration::max();
    turned_at_ = instant{};
    doubling_ = true;
    known_ = 0;
    round_trip_ = duration{};
  }
  // The network changed: nor of the link's answers.
  void on_network() {
    count_ = 0;
    begin();
  }

  // So many bytes arrived there, `took` after they had left here. `full`: the flight was what held more of them back.
  void on_arrived(uint64_t bytes, duration took, bool full, instant now) {
    note_way(took, now);
    known_ = std::min(known_ + 1, known_min);
    round_trip_ = took;
    const duration queue = took - shortest();
    if (queue > settings_.queue / 2) doubling_ = false;
    const double wanted = static_cast<double>(settings_.queue.count());
    const double off = (wanted - static_cast<double>(queue.count())) / wanted;  // 1: no queue; 0: as wanted.
    if (doubling_) {
      if (full) add(static_cast<double>(bytes));
      return;
    }
    // Never more than a full step of a packet in each round trip up, nor more than half the flight down.
    const double share = static_cast<double>(bytes) / flight_;
    if (off > 0 && full) add(off * share * step(flight_));
    if (off < 0) add(std::max(off, -1.0) * share * flight_ / 2);
  }

  // An answer of the link itself took so long. Whether streams give way for it.
  bool on_answer(duration took, bool streaming, instant now) {
    const bool known = count_ >= answers_min;
    const duration quickest = known ? *std::min_element(answers_.begin(), answers_.begin() + static_cast<std::ptrdiff_t>(std::min(count_, answers_.size()))) : duration::max();
    answers_[count_++ % answers_.size()] = took;
    if (!known || !streaming) return false;
    const auto limit = duration(static_cast<int64_t>(settings_.slow_times * static_cast<double>(quickest.count()))) + settings_.slow_more;
    if (took <= limit || now < later(yielded_at_, std::max(round_trip_, took))) return false;
    yielded_at_ = now;
    doubling_ = false;
    flight_ = std::max(flight_ * settings_.yield, static_cast<double>(settings_.flight_min));
    return true;
  }

  uint64_t flight() const { return static_cast<uint64_t>(flight_); }
  // Of one message: a short flight is made of several, so that one that is lost or waits is not all of it. The first ones are small:
  // a long one takes its time on a thin line, and the way would be taken for that much longer.
  size_t piece() const { return known_ < known_min ? piece_min : std::clamp<size_t>(static_cast<size_t>(flight_ / 4), piece_min, 64 * 1024); }
  duration shortest() const { return std::min(before_, now_); }
  duration round_trip() const { return round_trip_; }

 private:
  static constexpr size_t answers_min = 4;  // The first ones wait for handshakes.
  static constexpr size_t piece_min = 1024;
  static constexpr int known_min = 4;
  // In a round trip without any queue: about a packet on a thin line, and more on a fast one, which else took minutes.
  static double step(double flight) { return std::max(1400.0, flight / 16); }

  void add(double bytes) { flight_ = std::clamp(flight_ + bytes, static_cast<double>(settings_.flight_min), static_cast<double>(settings_.flight_max)); }
  // The quickest of this stretch of time and of the one before.
  void note_way(duration took, instant now) {
    if (turned_at_ == instant{} || now - turned_at_ > settings_.way_memory / 2) {
      before_ = now_;
      now_ = took;
      turned_at_ = now;
    }
    now_ = std::min(now_, took);
  }

  stream_pace_settings settings_;
  double flight_;
  duration before_ = duration::max(), now_ = duration::max();
  instant turned_at_{};
  bool doubling_ = true;
  int known_ = 0;  // So many ways were measured, of those that matter.
  duration round_trip_{};
  std::array<duration, 64> answers_{};
  size_t count_ = 0;
  instant yielded_at_{};
};

}  // namespace tharsis::stn
