// What is known of a network's datagrams: whether anything comes through, and how much is lost.
#pragma once
#include <algorithm>

#include "plugins/stn/core/udp_settings.h"

namespace tharsis::stn {

struct udp_memory {
  // Kept from one process to the next, but for the pauses: see core/lane_memory.h.
  struct network {
    double loss = 0;
    bool worked = false;           // A datagram has come back.
    instant blocked_until{};       // Not tried before.
    int failures = 0;              // Since a task was answered.
  };
};

// Nothing comes through; when it is worth trying again.
inline void block(udp_memory::network& n, const udp_settings& s, instant now) {
  duration pause = n.worked ? s.lost_first : s.blocked_first;
  for (int i = 0; i < n.failures && pause < s.blocked_max; ++i) pause *= 2;
  ++n.failures;
  n.blocked_until = later(now, std::min(pause, s.blocked_max));
}

}  // namespace tharsis::stn
