// IPv4 addresses on a network that carries IPv6 only, as its translator reaches them (RFC 6052). The prefix is the network's own
// secret, so its own resolver is asked for it (RFC 7050), when the network comes.
#pragma once
#include <optional>

#include "plugins/dns/core/answer.h"
#include "sdk/abi/network.h"
#include "sdk/async/host.h"
#include "sdk/pure/nat64.h"

namespace tharsis::dns {

class translation {
 public:
  explicit translation(const host& tables) : host_(tables) {}
  ~translation() { close(); }
  translation(const translation&) = delete;

  void on_network(const tharsis_network_state& now);
  void close();

  // Is there a prefix? Then who asks for IPv6 addresses alone gets IPv4 ones, translated, where there are no others.
  bool active() const { return prefix_.has_value(); }
  // `family` that was asked for. What is translated belongs to this network, and so is not trusted on the next one.
  void apply(uint32_t family, answer& a) const;

 private:
  static void on_resolved(void* self, tharsis_handle query, tharsis_status status, const tharsis_address* list, size_t count);

  const host& host_;
  uint64_t generation_ = 0;
  tharsis_handle query_ = 0;
  std::optional<nat64_prefix> prefix_;
};

// Puts `prefix` before the IPv4 addresses of an answer; pure.
void translate(const nat64_prefix& prefix, uint32_t family, answer& a);

}  // namespace tharsis::dns
