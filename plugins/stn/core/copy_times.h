// How long answers take now, and whether a queue stands in the network.
#pragma once
#include <algorithm>
#include <array>

#include "plugins/stn/core/copy_settings.h"

namespace tharsis::stn {

class copy_times {
 public:
  // `guess`: until enough is known.
  copy_times(const copy_settings& s, duration guess) : settings_(s), guess_(guess) {}

  void on_answer(duration took) {
    times_[count_++ % many] = took;
    const size_t known = std::min(count_, many);
    expected_ = quartile(known);
    // Once a queue has stood for long nobody remembers the path without it; a longer path is believed slowly.
    least_ = least_ == duration::zero() ? took : std::min(took, least_ + std::max(expected_ - least_, duration::zero()) / belief);
    const auto limit = std::chrono::duration_cast<duration>(least_ * settings_.queue_ratio) + settings_.queue_slack;
    queue_ = known >= few && quartile(few) > limit;
  }

  // Enough have come that a copy makes sense: the first ones queue behind what a new connection says.
  bool known() const { return count_ >= enough; }
  duration expected() const { return count_ > 0 ? expected_ : guess_; }
  // No copies while this is so: they would make it longer.
  bool queue_stands() const { return queue_; }
  // Until a copy is due.
  duration patience() const {
    const auto wait = std::chrono::duration_cast<duration>(expected() * settings_.again_after);
    return std::max(wait, expected() + settings_.slack) * (known() ? 1 : 2);
  }

  // Until one that was refused may be asked for again.
  duration again() const { return std::max(expected() / 2, settings_.slack); }

 private:
  static constexpr size_t many = 64, few = 16, enough = 6;
  static constexpr int64_t belief = 256;

  // Of the last `n`. Loss does not move it, a slow server does.
  duration quartile(size_t n) const {
    std::array<duration, many> last;
    for (size_t i = 0; i < n; ++i) last[i] = times_[(count_ - 1 - i) % many];
    const auto at = last.begin() + static_cast<std::ptrdiff_t>(n / 4);
    std::nth_element(last.begin(), at, last.begin() + static_cast<std::ptrdiff_t>(n));
    return *at;
  }

  copy_settings settings_;
  duration guess_;
  duration expected_{};
  duration least_{};
  std::array<duration, many> times_{};
  size_t count_ = 0;
  bool queue_ = false;
};

}  // namespace tharsis::stn
