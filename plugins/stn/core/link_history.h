// What happened to a link, for whoever asks why: the chain of causes that grows while something is wrong, and
// the last times that it went down, each with its chain.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "sdk/abi/stn_links.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct cause {
  int64_t wall = 0;  // When, the last time.
  uint32_t why = THARSIS_STN_WHY_NONE;
  std::string text;    // "the network changed from eth0 to wlan0"
  uint32_t times = 1;  // In a row.
};

// Bounded: of a long chain the beginning, which explains the rest, and the end stay.
class cause_chain {
 public:
  static constexpr size_t most = 8;

  void note(int64_t wall, uint32_t why, std::string text) {
    if (!causes_.empty() && causes_.back().why == why) {
      causes_.back() = {wall, why, std::move(text), causes_.back().times + 1};
      return;
    }
    if (causes_.size() == most) causes_.erase(causes_.begin() + most / 2);
    causes_.push_back({wall, why, std::move(text), 1});
  }
  void clear() { causes_.clear(); }
  bool empty() const { return causes_.empty(); }
  const std::vector<cause>& all() const { return causes_; }

 private:
  std::vector<cause> causes_;
};

inline std::string chain_text(const std::vector<cause>& causes) {
  std::string text;
  for (const cause& c : causes) {
    text += (text.empty() ? "" : "; ") + c.text;
    if (c.times > 1) text += " (" + std::to_string(c.times) + " times)";
  }
  return text;
}

struct incident {
  int64_t wall = 0;  // When it went down, the last time.
  uint32_t why = THARSIS_STN_WHY_NONE;
  std::string text, endpoint, address;
  duration lived{};    // How long it had been up; 0: it did not come up.
  uint32_t times = 1;  // In a row.
  std::vector<cause> causes;
};

// The last ones. An attempt that fails as the one before only adds to it, so that an hour without a server does
// not push out what it began with.
class link_history {
 public:
  static constexpr size_t most = 16;

  void add(incident i) {
    if (!all_.empty() && repeats(all_.back(), i)) {
      i.times += all_.back().times;
      all_.pop_back();
    }
    all_.push_back(std::move(i));
    if (all_.size() > most) all_.pop_front();
  }
  const std::deque<incident>& all() const { return all_; }  // The oldest first.

 private:
  static bool repeats(const incident& before, const incident& now) {
    return now.why == before.why && now.lived == duration::zero() && before.lived == duration::zero() &&
           now.endpoint == before.endpoint;
  }
  std::deque<incident> all_;
};

}  // namespace tharsis::stn
