// Which name servers this machine had on which network. Whoever keeps a server when he leaves its network asks somebody who is not there.
//
// Pure.
#pragma once
#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/sdt/core/scene.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {

class resolver_memory {
 public:
  // The machine's list, while it is on that network.
  void on_seen(std::string_view network, const std::vector<tharsis_address>& servers) {
    if (network.empty()) return;
    std::erase_if(known_, [&](const auto& one) { return one.first == network; });
    known_.emplace_back(network, servers);
    if (known_.size() > networks_most) known_.pop_front();
  }

  // Those of all other networks.
  std::vector<tharsis_address> older_than(std::string_view network) const {
    std::vector<tharsis_address> older;
    for (const auto& [name, servers] : known_)
      if (name != network) older.insert(older.end(), servers.begin(), servers.end());
    return older;
  }

 private:
  static constexpr size_t networks_most = 8;  // At home, at work, on the way, and back.
  std::deque<std::pair<std::string, std::vector<tharsis_address>>> known_;
};

// One of a network's own, and of no network that this machine is in: a public one may be the person's choice, everywhere, and one that is
// near (`here`: own addresses and gateways) is this network's.
inline bool is_left_behind(const tharsis_address& server, const std::vector<tharsis_address>& older, std::span<const tharsis_address> here) {
  const std::string ip = ip_text(server);
  if (is_loopback(server) || !leads_nowhere(ip) || ip.starts_with("fe80:")) return false;
  const auto is_it = [&](const tharsis_address& a) { return same_ip(a, server); };
  const auto is_near = [&](const tharsis_address& a) { return same_network(ip_text(a), ip); };
  return std::any_of(older.begin(), older.end(), is_it) && std::none_of(here.begin(), here.end(), is_near);
}

}  // namespace tharsis::sdt
