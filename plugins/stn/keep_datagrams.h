// The datagrams that keep a radio awake: to the address that the link has at that moment, whatever it had before.
#pragma once
#include <cstdint>
#include <span>

#include "sdk/async/host.h"

namespace tharsis::stn {

class keep_datagrams {
 public:
  explicit keep_datagrams(const host& tables) : net_(*tables.net) {}
  keep_datagrams(const keep_datagrams&) = delete;
  ~keep_datagrams() { close(); }

  // One datagram; where the system does not take it nothing is lost but the radio's sleep. [own strand]
  tharsis_status send(const tharsis_address& to, std::span<const uint8_t> bytes);
  // Until the next one.
  void close();

 private:
  const tharsis_net& net_;
  tharsis_handle socket_ = 0;
  uint8_t family_ = 0;  // Of the socket.
};

}  // namespace tharsis::stn
