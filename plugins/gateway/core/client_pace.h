// How many requests each client may make: a bucket that fills with time. Who has used up his is told after how long the next
// one will be taken. Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "sdk/pure/time.h"

namespace tharsis::gateway {

class client_pace {
 public:
  // `per_second`: 0: any number. A second's worth may come at once. Of clients that are remembered those that came last.
  explicit client_pace(int64_t per_second, size_t clients_max = 10000) : per_second_(per_second), clients_max_(clients_max) {}

  // Zero: it is taken. Else after how long it would be.
  duration on_request(const std::string& client, instant now) {
    if (per_second_ == 0) return {};
    bucket& b = of(client, now);
    const double most = static_cast<double>(per_second_);
    b.left = std::min(most, b.left + std::chrono::duration<double>(now - b.at).count() * most);
    b.at = now;
    if (b.left >= 1) return b.left -= 1, duration::zero();
    return std::max(duration(static_cast<int64_t>((1 - b.left) / most * 1e9) + 1), duration(1ms));
  }
  size_t clients() const { return known_.size(); }

 private:
  struct bucket {
    std::string client;
    double left;
    instant at;
  };
  bucket& of(const std::string& client, instant now) {
    const auto known = known_.find(client);
    if (known != known_.end()) {
      used_.splice(used_.begin(), used_, known->second);
      return used_.front();
    }
    used_.push_front({client, static_cast<double>(per_second_), now});
    known_[client] = used_.begin();
    if (used_.size() > clients_max_) {
      known_.erase(used_.back().client);
      used_.pop_back();
    }
    return used_.front();
  }

  int64_t per_second_;
  size_t clients_max_;
  std::list<bucket> used_;  // The last one that came stands first.
  std::unordered_map<std::string, std::list<bucket>::iterator> known_;
};

}  // namespace tharsis::gateway
