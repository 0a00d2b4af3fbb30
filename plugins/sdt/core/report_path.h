// The way from this device to the server as stations, and where it breaks.
#pragma once
#include <string>
#include <vector>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

enum class station_state : uint8_t { well, weak, broken, unseen };

struct station {
  std::string name;  // "device", "router", "internet", "names", "path", "server", "service"
  std::string note;  // What stands there: an address, a number; may be hostile.
  station_state state = station_state::unseen;
};

// For loopback only device and service.
std::vector<station> path_of(const report& r);

}  // namespace tharsis::sdt
