// What a connection's datagrams may ask for, and where their answers may go. Pure.
//
// The other end proves an address by answering, in a genuine datagram from there, one that was sent there. Until then
// no more than three times what came from it goes to it: somebody who plays recorded datagrams from a false address
// makes nobody's mail much larger. An address changes with the newest datagram alone.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "plugins/gateway/core/settings.h"
#include "sdk/pure/address.h"

namespace tharsis::gateway {

class udp_peer {
 public:
  explicit udp_peer(const limits& l) : gap_(duration(1s) / l.requests_per_second) {}

  // A genuine datagram. `newest`: its number is the highest so far. `echo`: the highest of ours that has arrived there.
  void on_datagram(const tharsis_address& from, size_t size, bool newest, uint32_t echo) {
    const bool same = from == address_;
    if (!same && newest) {
      address_ = from;
      proven_ = false;
      received_ = sent_ = 0;
      first_ = 0;
    } else if (!same) {
      return;
    }
    received_ += size;
    if (first_ != 0 && echo >= first_) proven_ = true;
  }

  // A request may be carried out now; the pace is that of the connection.
  [[nodiscard]] bool may_ask(instant now) {
    if (now < next_at_) return false;
    next_at_ = std::max(next_at_, now - burst) + gap_;
    return true;
  }
  // A datagram of this size and number may leave; it counts as sent.
  [[nodiscard]] bool may_send(size_t size, uint32_t number) {
    if (address_.family == 0 || (!proven_ && sent_ + size > amplification * received_)) return false;
    sent_ += size;
    if (first_ == 0) first_ = number;
    return true;
  }
  // The answer to this request is too large; true where it has yet to go by the connection.
  [[nodiscard]] bool needs_stream(uint32_t sequence) {
    if (std::find(streamed_.begin(), streamed_.end(), sequence) != streamed_.end()) return false;
    streamed_[next_streamed_++ % streamed_.size()] = sequence;
    return true;
  }

  const tharsis_address& address() const { return address_; }
  bool proven() const { return proven_; }

 private:
  static constexpr size_t amplification = 3;
  static constexpr duration burst = 100ms;

  duration gap_;
  instant next_at_{};
  tharsis_address address_{};
  bool proven_ = false;
  size_t received_ = 0, sent_ = 0;  // From and to this address.
  uint32_t first_ = 0;              // Number of the first datagram that was sent to it.
  std::array<uint32_t, 32> streamed_{};
  size_t next_streamed_ = 0;
};

}  // namespace tharsis::gateway
