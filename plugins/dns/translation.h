// IPv4 addresses on a network that carries IPv6 only, as its translator reaches them (RFC 6052). The prefix is the network's own
// secret, so its own resolver is asked for it (RFC 7050), when the network comes, and again where it does not answer. What it says is
// plain DNS: an address behind a prefix of its choice is proven by nobody until it has shown a certificate itself.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "sdk/abi/network.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/nat64.h"

namespace tharsis::dns {

class translation {
 public:
  // `found` is called when there is a prefix: what was answered before may have other addresses now. All outlive it.
  translation(const host& tables, strand& place, std::function<void()> found) : host_(tables), place_(place), found_(std::move(found)), work_(place) {}
  translation(const translation&) = delete;

  void on_network(const tharsis_network_state& now);
  void close() { work_.clear(); }

  // Is there a prefix? Then who asks for IPv6 addresses alone gets IPv4 ones, translated, where there are no others.
  bool active() const { return prefix_.has_value(); }
  // `family` that was asked for. What is translated belongs to this network, and so is not trusted on the next one. Answers as translate().
  std::vector<tharsis_address> apply(uint32_t family, answer& a) const;

 private:
  task<void> discover();

  const host& host_;
  strand& place_;
  const std::function<void()> found_;
  uint64_t generation_ = 0;
  std::optional<nat64_prefix> prefix_;
  task_set work_;
};

// Puts `prefix` before the IPv4 addresses of an answer. Answers those that lie behind a network's own one, and so are not proven. Pure.
std::vector<tharsis_address> translate(const nat64_prefix& prefix, uint32_t family, answer& a);
// Once it is known which of these have proved themselves: what the mode makes of the others. Pure.
void settle_translated(const std::string& name, trust mode, const std::vector<tharsis_address>& own, answer& a);

}  // namespace tharsis::dns
