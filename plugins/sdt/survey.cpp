#include "plugins/sdt/survey.h"

#include <algorithm>

#include "sdk/async/blocking.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

void copy(void* context, const tharsis_survey* seen) {
  auto& view_ = *static_cast<machine_view*>(context);
  view_.told = true;
  for (uint32_t i = 0; i < seen->interfaces_count; ++i) {
    const tharsis_interface& one = *seen->interfaces[i];
    view_.interfaces.push_back({std::string(view(one.name)), one.type, one.mtu, one.up != 0, one.running != 0, one.loopback != 0, one.signal, THARSIS_HAS(&one, radio_off) && one.radio_off != 0});
  }
  for (uint32_t i = 0; i < seen->gateways_count; ++i) {
    const tharsis_gateway& one = *seen->gateways[i];
    view_.gateways.push_back({one.address, std::string(view(one.interface)), one.state, one.metric, one.family});
  }
  view_.addresses.assign(seen->addresses, seen->addresses + seen->addresses_count);
  view_.name_servers.assign(seen->name_servers, seen->name_servers + seen->name_servers_count);
}

std::string_view type_text(const machine_view::interface_view& i) {
  if (i.loopback) return "loopback";
  switch (i.type) {
    case THARSIS_NETWORK_WIRED: return "ethernet";
    case THARSIS_NETWORK_WIFI: return "wifi";
    case THARSIS_NETWORK_CELLULAR: return "cellular";
    default: return "other";
  }
}

neighbour_state state_of(uint32_t state) {
  switch (state) {
    case THARSIS_NEIGHBOUR_REACHABLE: return neighbour_state::reachable;
    case THARSIS_NEIGHBOUR_STALE: return neighbour_state::stale;
    case THARSIS_NEIGHBOUR_ASKING: return neighbour_state::incomplete;
    case THARSIS_NEIGHBOUR_FAILED: return neighbour_state::failed;
    default: return neighbour_state::unknown;
  }
}

}  // namespace

const machine_view::gateway_view* machine_view::gateway(uint8_t family) const {
  const gateway_view* best = nullptr;
  for (const gateway_view& g : gateways)
    if (g.family == family && (best == nullptr || g.metric < best->metric)) best = &g;
  return best;
}

task<machine_view> look_around(strand& place, const tharsis_network& network) {
  const tharsis_network* const table = &network;
  machine_view none;
  if (!THARSIS_HAS(table, survey) || table->survey == nullptr) co_return none;
  const auto look = [table] {
    machine_view seen;
    table->survey(table->self, copy, &seen, nullptr);
    return seen;
  };
  auto seen = co_await blocking(place, look);
  if (!seen) co_return none;
  co_return std::move(*seen);
}

void note_links(bench& b, const machine_view& seen) {
  for (const auto& one : seen.interfaces) {
    auto p = b.start<link_probe>("link", probe_role::target, one.name);
    p.name = one.name;
    p.type = type_text(one);
    p.up = one.up;
    p.carrier = one.running;
    p.radio_off = one.radio_off;
    if (one.signal != 0) p.signal_dbm = one.signal;
    if (!one.loopback && !(one.up && one.running)) p.state = probe_state::warn;
    b.finish(b.seen.links, std::move(p));
  }
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}}) {
    auto p = b.start<way_probe>("way", probe_role::target, family == 4 ? "IPv4" : "IPv6");
    p.family = family;
    for (const tharsis_address& a : seen.addresses) {
      if (a.family != family) continue;
      p.has_address = true;
      if (p.source.empty()) p.source = ip_text(a);
    }
    const auto* const gateway = seen.gateway(family);
    p.has_route = gateway != nullptr;
    if (gateway != nullptr) {
      p.interface_name = gateway->interface_name;
      if (gateway->address.family != 0) p.gateway = ip_text(gateway->address);
    }
    p.default_routes = static_cast<uint32_t>(std::count_if(seen.gateways.begin(), seen.gateways.end(), [&](const auto& g) { return g.family == family; }));
    if (!p.has_address || !p.has_route) p.state = probe_state::warn;
    b.finish(b.seen.ways, std::move(p));
  }
}

void note_gateways(bench& b, const machine_view& seen) {
  for (const auto& g : seen.gateways) {
    if (g.address.family == 0) continue;
    const std::string text = ip_text(g.address);
    auto known = std::find_if(b.seen.gateways.begin(), b.seen.gateways.end(), [&](const gateway_probe& p) { return p.address == text; });
    if (known == b.seen.gateways.end()) {
      auto p = b.start<gateway_probe>("gateway", probe_role::target, text);
      p.address = text;
      b.finish(b.seen.gateways, std::move(p));
      known = std::prev(b.seen.gateways.end());
    }
    known->neighbour = state_of(g.state);
    if (known->neighbour == neighbour_state::failed) known->state = probe_state::fail;
  }
}

}  // namespace tharsis::sdt
