// Which region of a table is near: the one that was given, or the one that connects fastest. A change of mind costs users their
// connections, so another region has to be clearly faster, several times in a row. Pure.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::dns {

class region_choice {
 public:
  // `given`: empty, the fastest.
  explicit region_choice(std::string given = {}) : given_(std::move(given)) {}

  // Connecting to an address of `region` took so long.
  void on_connected(const std::string& region, duration took) {
    if (region.empty()) return;
    seen& s = seen_[region];
    s.usual = s.usual == duration::zero() ? took : (3 * s.usual + took) / 4;
    if (chosen_.empty()) {
      chosen_ = region;
      return;
    }
    if (region == chosen_) return;
    s.better = clearly_faster(s.usual, seen_[chosen_].usual) ? s.better + 1 : 0;
    if (s.better < samples_needed) return;
    chosen_ = region;
    for (auto& [name, other] : seen_) other.better = 0;
  }
  // Another network, other ways.
  void on_network() { seen_.clear(), chosen_.clear(); }

  const std::string& chosen() const { return given_.empty() ? chosen_ : given_; }

  // Of these regions, the one to begin with. Once in twenty times it is the one that was not looked at for longest, so that there is
  // something to compare. Empty: nothing is known of any.
  std::string first(const std::vector<std::string>& regions) {
    if (!given_.empty()) return given_;
    if (chosen_.empty()) return {};
    if (++asked_ % explore_each == 0) {
      const std::string* longest = nullptr;
      for (const std::string& r : regions)
        if (r != chosen_ && !r.empty() && (longest == nullptr || seen_[r].missed > seen_[*longest].missed)) longest = &r;
      for (auto& [name, s] : seen_) ++s.missed;
      if (longest != nullptr) return seen_[*longest].missed = 0, *longest;
    }
    return chosen_;
  }

 private:
  static constexpr int samples_needed = 3;
  static constexpr uint64_t explore_each = 20;
  static constexpr duration gain_min = 15ms;

  // More than a fifth and more than 15 ms.
  static bool clearly_faster(duration a, duration b) { return b - a > b / 5 && b - a > gain_min; }

  struct seen {
    duration usual{};  // Smoothed.
    int better = 0;    // Samples in a row that were clearly faster than the chosen one.
    uint64_t missed = 0;
  };
  const std::string given_;
  std::string chosen_;
  std::map<std::string, seen> seen_;
  uint64_t asked_ = 0;
};

}  // namespace tharsis::dns
