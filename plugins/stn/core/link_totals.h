// What a link has moved since it was made.
#pragma once
#include <cstdint>

namespace tharsis::stn {

struct link_totals {
  uint64_t connects = 0;  // How often it has come up.
  uint64_t bytes_sent = 0, bytes_received = 0;  // Inside TLS, where there is some; datagrams as they are.
  uint64_t repeated = 0;  // Requests that left once more, on whichever way.
};

}  // namespace tharsis::stn
