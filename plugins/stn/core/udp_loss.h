// Which share of datagrams is lost, the way there and back together, and how many at a time that is worth.
#pragma once
#include <algorithm>

#include "plugins/stn/core/udp_settings.h"

namespace tharsis::stn {

class udp_loss {
 public:
  // `share`: what was known of this network before.
  udp_loss(const udp_settings& s, double share) : settings_(s), share_(share), weight_(share > 0 ? weight_max : weight_first) { look(); }

  void on_judged(bool answered) {
    weight_ = std::min(weight_ + 1, weight_max);
    share_ += ((answered ? 0.0 : 1.0) - share_) / weight_;
    look();
  }
  double share() const { return share_; }
  int at_a_time() const { return 1 + twins_ + triples_; }

 private:
  static constexpr double weight_first = 4, weight_max = 32;
  void look() {
    twins_ = share_ > (twins_ ? settings_.twins_until : settings_.twins_at);
    triples_ = share_ > (triples_ ? settings_.triples_until : settings_.triples_at);
  }

  udp_settings settings_;
  double share_;
  double weight_;
  bool twins_ = false, triples_ = false;
};

}  // namespace tharsis::stn
