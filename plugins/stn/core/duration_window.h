// The last times of a kind, kept in order of size beside the order in which they came, so that each costs a few moved words
// and not a sort.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>

#include "sdk/pure/time.h"

namespace tharsis::stn {

template <size_t Most>
class duration_window {
 public:
  void add(duration d) {
    auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(size());
    if (count_ >= Most) {
      const auto oldest = std::lower_bound(sorted_.begin(), end, came_[count_ % Most]);
      end = std::move(oldest + 1, end, oldest);
    }
    const auto at = std::upper_bound(sorted_.begin(), end, d);
    std::move_backward(at, end, end + 1);
    *at = d;
    came_[count_++ % Most] = d;
  }
  size_t size() const { return std::min(count_, Most); }
  // With size() > 0. Loss does not move it, a slow server does.
  duration lower_quartile() const { return sorted_[size() / 4]; }

 private:
  std::array<duration, Most> came_{}, sorted_{};
  size_t count_ = 0;
};

}  // namespace tharsis::stn
