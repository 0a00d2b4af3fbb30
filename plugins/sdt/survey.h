// This machine's own network: interfaces, addresses, ways out, gateways, resolvers.
#pragma once
#include <string>
#include <vector>

#include "plugins/sdt/bench.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

struct machine_view {
  struct interface_view {
    std::string name;
    uint32_t type = 0, mtu = 0;
    bool up = false, running = false, loopback = false;
    int32_t signal = 0;
    bool radio_off = false;
  };
  struct gateway_view {
    tharsis_address address{};
    std::string interface_name;
    uint32_t state = 0, metric = 0, family = 0;
  };
  bool told = false;
  std::vector<interface_view> interfaces;
  std::vector<gateway_view> gateways;
  std::vector<tharsis_address> addresses, name_servers;

  // The one that is taken; null: there is none.
  const gateway_view* gateway(uint8_t family) const;
};

// Nothing is sent.
task<machine_view> look_around(strand& place, const tharsis_network& network);

// Notes links and ways.
void note_links(bench& b, const machine_view& seen);
// What is known of our gateways now; those that have been knocked at already are completed.
void note_gateways(bench& b, const machine_view& seen);

}  // namespace tharsis::sdt
