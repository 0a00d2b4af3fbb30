// How many of a link's tasks are late, and how many spare lanes that is worth.
#pragma once
#include <algorithm>
#include <memory>
#include <utility>

#include "plugins/stn/core/lane_memory.h"
#include "plugins/stn/core/lane_settings.h"

namespace tharsis::stn {

class lane_need {
 public:
  explicit lane_need(const lane_numbers& n) : numbers_(n) {}

  // Traffic goes through this network now.
  void begin(std::shared_ptr<lane_memory::network> known) {
    const bool same = known == known_;
    known_ = std::move(known);
    const double remembered = std::min(known_->need, numbers_.remembered_max);
    share_ = same ? std::max(share_, remembered) : remembered;
  }

  // A task had no answer when a copy of it was due; or has ended without.
  void on_late() { add(1); }
  void on_prompt() { add(0); }

  double share() const { return share_; }
  double remembered() const { return known_ ? known_->need : 0; }
  // What connecting has to reckon with: datagrams tell it where tasks that go by them are never late.
  double bad() const { return std::max(share_, known_ ? known_->datagrams.loss : 0.0); }
  bool weak() const { return share_ >= numbers_.weak_at; }
  size_t idle() const { return weak() ? static_cast<size_t>(std::min(numbers_.idle_max, numbers_.idle_for_need * share_ + 1)) : 0; }

 private:
  // The memory follows a weak network soon and a good hour slowly.
  void add(double late) {
    share_ += (late - share_) / numbers_.weight;
    if (known_ == nullptr) return;
    known_->need += (share_ - known_->need) / (share_ > known_->need ? numbers_.weight / 4 : numbers_.weight * 16);
  }

  lane_numbers numbers_;
  std::shared_ptr<lane_memory::network> known_;
  double share_ = 0;
};

}  // namespace tharsis::stn
