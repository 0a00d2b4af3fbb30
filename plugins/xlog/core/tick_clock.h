// What time a tick was. The processor's counter is measured against the system's clocks again and again, and anew when the
// machine has slept, since the counter may have run on or begun again while the steady clock stood still; where there is no
// counter to rely on, as in the simulator, a tick is a nanosecond of wall time.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "plugins/xlog/core/clock_anchor.h"

namespace tharsis::xlog {

class tick_clock {
 public:
  // Of one moment: ticks, the steady clock, and the wall's, both in nanoseconds.
  struct reading {
    uint64_t tick = 0;
    int64_t steady = 0;
    int64_t wall = 0;
  };
  // Two readings, some milliseconds apart.
  tick_clock(const reading& first, const reading& second) : first_(first), last_(first) { refine(second); }
  // Ticks are wall time.
  tick_clock() { set({0, 0, 1e9}); }

  // A later reading. [one thread at a time]
  void refine(const reading& now) {
    if (now.steady <= last_.steady || now.tick == last_.tick) return;
    if (has_slept_until(now)) {
      first_ = now;
      measured_least_ = measured_again_least;
    }
    last_ = now;
    const int64_t measured = now.steady - first_.steady;
    clock_anchor a = anchor();
    a.tick = now.tick;
    a.wall = now.wall;
    if (measured > measured_least_) a.ticks_per_second = static_cast<double>(now.tick - first_.tick) * 1e9 / static_cast<double>(measured);
    set(a);
  }

  // Without a lock: a signal handler may ask while its thread refines. [any thread]
  clock_anchor anchor() const {
    for (;;) {
      const uint32_t turn = turn_.load(std::memory_order_acquire);
      const kept& k = kept_[turn % 2];
      const clock_anchor a{k.tick.load(std::memory_order_acquire), k.wall.load(std::memory_order_acquire),
                           k.ticks_per_second.load(std::memory_order_acquire)};
      if (turn_.load(std::memory_order_relaxed) == turn) return a;
    }
  }
  // [any thread]
  uint64_t tick_at(int64_t wall) const {
    const clock_anchor a = anchor();
    return a.tick + static_cast<uint64_t>(static_cast<int64_t>(static_cast<double>(wall - a.wall) * (a.ticks_per_second / 1e9)));
  }

 private:
  // A reading is not taken in one moment: a thread that has to wait in the middle of it may be so far off.
  static constexpr double slept_least = 1e9;
  // Before that the speed of before is better.
  static constexpr int64_t measured_again_least = 10'000'000'000;

  // Counter and steady clock contradict each other.
  bool has_slept_until(const reading& now) const {
    if (now.tick < last_.tick) return true;
    if (!(anchor().ticks_per_second > 0)) return false;
    const double counted = static_cast<double>(now.tick - last_.tick) * 1e9 / anchor().ticks_per_second;
    const double passed = static_cast<double>(now.steady - last_.steady);
    return counted > passed + slept_least;
  }

  struct kept {
    std::atomic<uint64_t> tick{0};
    std::atomic<int64_t> wall{0};
    std::atomic<double> ticks_per_second{0};
  };

  // Into the one that nobody reads. Who has begun to read it before sees any of these stores, and then another turn.
  void set(const clock_anchor& a) {
    const uint32_t next = turn_.load(std::memory_order_relaxed) + 1;
    kept& k = kept_[next % 2];
    k.tick.store(a.tick, std::memory_order_release);
    k.wall.store(a.wall, std::memory_order_release);
    k.ticks_per_second.store(a.ticks_per_second, std::memory_order_release);
    turn_.store(next, std::memory_order_release);
  }

  reading first_, last_;
  int64_t measured_least_ = 0;
  std::atomic<uint32_t> turn_{0};
  std::array<kept, 2> kept_;  // By turn: the anchor of now, and the one before.
};

// The wall time of a tick, by this anchor.
inline int64_t wall_of(uint64_t tick, const clock_anchor& a) {
  if (!(a.ticks_per_second > 0)) return a.wall;
  const auto ticks = static_cast<double>(static_cast<int64_t>(tick - a.tick));
  const double nanoseconds = ticks * 1e9 / a.ticks_per_second;
  return nanoseconds > -9e18 && nanoseconds < 9e18 ? a.wall + static_cast<int64_t>(nanoseconds) : a.wall;
}

}  // namespace tharsis::xlog
