// How many copies may be made: tasks earn them, more where more tasks need one.
#pragma once
#include <algorithm>
#include <cstddef>

#include "plugins/stn/core/copy_settings.h"

namespace tharsis::stn {

class copy_budget {
 public:
  explicit copy_budget(const copy_settings& s) : settings_(s), tokens_(s.bucket) {}

  // `need`: the share of tasks that need a copy now, 0 to 1.
  void on_task(double need) {
    tokens_ = std::min(settings_.bucket, tokens_ + settings_.earn + std::min(settings_.earn_max, settings_.earn_for_need * need));
  }
  // Small ones that may be made now.
  uint64_t left() const { return static_cast<uint64_t>(tokens_); }
  [[nodiscard]] bool spend(size_t bytes) {
    const double cost = std::max(1.0, static_cast<double>(bytes) / settings_.copy_bytes);
    if (tokens_ < cost) return false;
    tokens_ -= cost;
    return true;
  }

 private:
  copy_settings settings_;
  double tokens_;
};

}  // namespace tharsis::stn
