// How the network is, from how all links are: the best of them decides.
#pragma once
#include <algorithm>
#include <cstdint>

#include "sdk/abi/stn.h"
#include "sdk/abi/stn_links.h"

namespace tharsis::stn {

// What one link says: its state, and why it is down or was last.
constexpr uint32_t network_status_of(uint32_t state, uint32_t why) {
  if (state == THARSIS_STN_UP) return THARSIS_STN_NETWORK_CONNECTED;
  switch (why) {
    case THARSIS_STN_WHY_RESOLVE:
    case THARSIS_STN_WHY_UNREACHABLE: return THARSIS_STN_NETWORK_GATEWAY_FAILED;
    case THARSIS_STN_WHY_REFUSED:
    case THARSIS_STN_WHY_UNPROVED: return THARSIS_STN_NETWORK_SERVER_DOWN;
    case THARSIS_STN_WHY_CONNECT_TIMEOUT:
    case THARSIS_STN_WHY_CONNECT:
    case THARSIS_STN_WHY_PROXY:
    case THARSIS_STN_WHY_TLS:
    case THARSIS_STN_WHY_TLS_CERTIFICATE:
    case THARSIS_STN_WHY_HELLO_REFUSED:
    case THARSIS_STN_WHY_AUTH_REFUSED: return THARSIS_STN_NETWORK_SERVER_FAILED;
    default: return state == THARSIS_STN_CONNECTING ? THARSIS_STN_NETWORK_CONNECTING : THARSIS_STN_NETWORK_UNKNOWN;
  }
}

class network_status {
 public:
  // One more link. `failures`: attempts in a row that did not come up. A first attempt that is under way has failed
  // nobody yet, and one failure may be chance.
  void add(uint32_t state, uint32_t why, uint32_t failures) {
    if (state == THARSIS_STN_DOWN && why == THARSIS_STN_WHY_IDLE) return;  // It tries nothing, so it knows nothing.
    if (state == THARSIS_STN_UP) {
      connected_ = true;
    } else if (failures >= failures_min) {
      failed_ = std::max(failed_, network_status_of(THARSIS_STN_DOWN, why));
    } else {
      connecting_ = true;
    }
  }
  uint32_t value(bool network) const {
    if (connected_) return THARSIS_STN_NETWORK_CONNECTED;
    if (!network) return THARSIS_STN_NETWORK_UNAVAILABLE;
    if (connecting_) return THARSIS_STN_NETWORK_CONNECTING;
    return failed_;
  }

 private:
  // As Mars counts: the third failure in a row is the server's.
  static constexpr uint32_t failures_min = 3;

  bool connected_ = false;
  bool connecting_ = false;
  uint32_t failed_ = THARSIS_STN_NETWORK_UNKNOWN;
};

}  // namespace tharsis::stn
