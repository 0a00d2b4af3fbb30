// How much is lost, and how many copies that is worth.
#pragma once
#include <algorithm>

#include "plugins/stn/core/udp_settings.h"

namespace tharsis::stn {

class udp_budget {
 public:
  // `loss`: what was known of this network before.
  udp_budget(const udp_settings& s, double loss) : settings_(s), loss_(loss), tokens_(s.bucket), weight_(loss > 0 ? weight_max : weight_first) {
    look();
  }

  void on_task() {
    tokens_ = std::min(settings_.bucket, tokens_ + settings_.earn + std::min(settings_.earn_max, settings_.earn_for_loss * loss_));
  }
  // Whether a datagram was answered, the way there and back together.
  void on_judged(bool answered) {
    weight_ = std::min(weight_ + 1, weight_max);
    loss_ += ((answered ? 0.0 : 1.0) - loss_) / weight_;
    look();
  }
  [[nodiscard]] bool spend(size_t bytes) {
    const double cost = std::max(1.0, static_cast<double>(bytes) / settings_.copy_bytes);
    if (tokens_ < cost) return false;
    tokens_ -= cost;
    return true;
  }
  double loss() const { return loss_; }
  bool twins() const { return twins_; }

 private:
  static constexpr double weight_first = 4, weight_max = 32;
  void look() { twins_ = loss_ > (twins_ ? settings_.twins_until : settings_.twins_at); }

  udp_settings settings_;
  double loss_;
  double tokens_;
  double weight_;
  bool twins_ = false;
};

}  // namespace tharsis::stn
