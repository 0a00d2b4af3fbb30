// Numbers of core/second_way.h. plugin.yaml sets them by these names, below links.NAME.second_way.
#pragma once
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct second_way_settings {
  enum class use { never, unconfirmed, idle };
  // idle: also at once, with the first request after a long idle time, another network or sleep; else only where written
  // bytes are not confirmed in time.
  use when = use::idle;
  // The shortest-lived NATs that have been measured forget a flow after half a minute. A connection that was needed comes
  // two round trips after the request, for one handshake on each resume that was not.
  duration idle_after = 30s;
  // Written bytes are late after so much of a round trip, in per cent: at 125 a lost packet is told no better from a slow
  // server,
  int64_t patience = 150;
  // and after so much more than one at least: a peer that has nothing to say yet holds its confirmation back, 40 ms on Linux.
  duration patience_least = 60ms;
  // So long where nobody knows the round trip.
  duration patience_unknown = 1s;
  // A needless one makes the next one of its kind wait so long, and twice as long each time: a healthy path pays for five
  // handshakes in its first quarter of an hour, and then for two in an hour.
  duration pause_min = 30s;
  duration pause_max = 1800s;
  bool operator==(const second_way_settings&) const = default;
};

}  // namespace tharsis::stn
