// What is known of networks' datagrams: where nothing comes through, and how much is lost. Outlives connections; not the process.
#pragma once
#include <algorithm>
#include <list>
#include <string>
#include <utility>

#include "plugins/stn/core/udp_settings.h"

namespace tharsis::stn {

class udp_memory {
 public:
  struct network {
    double loss = 0;
    bool worked = false;           // A datagram has come back.
    instant blocked_until{};       // Not tried before.
    int failures = 0;              // Since a task was answered.
  };

  network& of(const std::string& id) {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const auto& k) { return k.first == id; });
    if (found != known_.end()) {
      known_.splice(known_.begin(), known_, found);
    } else {
      known_.emplace_front(id, network());
      if (known_.size() > networks_max) known_.pop_back();
    }
    return known_.front().second;
  }

 private:
  static constexpr size_t networks_max = 64;
  std::list<std::pair<std::string, network>> known_;  // Used last first.
};

// Nothing comes through; when it is worth trying again.
inline void block(udp_memory::network& n, const udp_settings& s, instant now) {
  duration pause = n.worked ? s.lost_first : s.blocked_first;
  for (int i = 0; i < n.failures && pause < s.blocked_max; ++i) pause *= 2;
  ++n.failures;
  n.blocked_until = later(now, std::min(pause, s.blocked_max));
}

}  // namespace tharsis::stn
