// How long answers take now, and whether a queue stands in the network.
#pragma once
#include <algorithm>

#include "plugins/stn/core/copy_settings.h"
#include "plugins/stn/core/duration_window.h"

namespace tharsis::stn {

class copy_times {
 public:
  // `guess`: until enough is known.
  copy_times(const copy_settings& s, duration guess) : settings_(s), guess_(guess) {}

  void on_answer(duration took) {
    last_.add(took);
    latest_.add(took);
    // Once a queue has stood for long nobody remembers the path without it; a longer path is believed slowly.
    least_ = least_ == duration::zero() ? took : std::min(took, least_ + std::max(expected() - least_, duration::zero()) / belief);
    const auto limit = std::chrono::duration_cast<duration>(least_ * settings_.queue_ratio) + settings_.queue_slack;
    queue_ = latest_.size() == few && latest_.lower_quartile() > limit;
  }

  // Enough have come that a copy makes sense: the first ones queue behind what a new connection says.
  bool known() const { return last_.size() >= enough; }
  duration expected() const { return last_.size() > 0 ? last_.lower_quartile() : guess_; }
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

  copy_settings settings_;
  duration guess_;
  duration_window<many> last_;
  duration_window<few> latest_;
  duration least_{};
  bool queue_ = false;
};

}  // namespace tharsis::stn
