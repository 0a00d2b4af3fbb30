// How many copies may be made: tasks earn them, more where more tasks need one.
//
// The network and the server carry the copies, whichever link or connection makes them: what was spent and is not earned again
// is theirs. So another connection, another link to the same server, or coming back to a network brings no new bucket.
#pragma once
#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "plugins/stn/core/copy_settings.h"

namespace tharsis::stn {

// Copies that are missing in every bucket here.
struct copy_debt {
  double missing = 0;
};

// Of those networks and servers that were of use last, by any name for both.
class copy_debts {
 public:
  // Stays as long as anybody has it.
  std::shared_ptr<copy_debt> of(const std::string& name) {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const auto& e) { return e.first == name; });
    if (found != known_.end()) {
      known_.splice(known_.begin(), known_, found);
    } else {
      known_.emplace_front(name, std::make_shared<copy_debt>());
      if (known_.size() > kept_max) known_.pop_back();
    }
    return known_.front().second;
  }

 private:
  static constexpr size_t kept_max = 64;
  std::list<std::pair<std::string, std::shared_ptr<copy_debt>>> known_;  // Used last first.
};

class copy_budget {
 public:
  explicit copy_budget(const copy_settings& s) : settings_(s) {}

  void change(const copy_settings& s) { settings_ = s; }
  // From now on it is this network and this server. Never null.
  void share(std::shared_ptr<copy_debt> d) { debt_ = std::move(d); }
  void on_metered(bool metered) { metered_ = metered; }
  bool metered() const { return metered_; }

  // `need`: the share of tasks that need a copy now, 0 to 1.
  void on_task(double need) {
    debt_->missing = std::max(0.0, debt_->missing - settings_.earn - std::min(settings_.earn_max, settings_.earn_for_need * need));
  }
  // Small ones that may be made now.
  uint64_t left() const { return static_cast<uint64_t>(tokens() + rounding); }
  [[nodiscard]] bool spend(size_t bytes) {
    const double cost = std::max(1.0, static_cast<double>(bytes) / settings_.copy_bytes);
    if (tokens() < cost - rounding) return false;
    debt_->missing += cost;
    return true;
  }

 private:
  static constexpr double rounding = 1e-6;  // Ten tenths are one.
  double tokens() const { return std::max(0.0, settings_.bucket * (metered_ ? settings_.bucket_metered : 1) - debt_->missing); }

  copy_settings settings_;
  std::shared_ptr<copy_debt> debt_ = std::make_shared<copy_debt>();
  bool metered_ = false;
};

}  // namespace tharsis::stn
