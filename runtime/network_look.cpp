#include "runtime/network_look.h"

#include <algorithm>
#include <span>

#include "sdk/pure/address.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr size_t id_digits = 16;  // 64 bits: two of a person's networks never meet by chance.

std::string_view type_word(uint32_t type) {
  switch (type) {
    case THARSIS_NETWORK_WIRED: return "wired";
    case THARSIS_NETWORK_WIFI: return "wifi";
    case THARSIS_NETWORK_CELLULAR: return "cellular";
    default: return "other";
  }
}

bool leads_out(const tharsis_way& way) { return way.interface.size > 0 && way.source.family != 0; }

// The gateway's hardware address is the router itself, whatever addresses it gives out: two homes with
// 192.168.1.0/24 are two networks. Only its sum is told, since the address itself says where one is.
// Where gateways have none (a tunnel, a modem) the interface's name has to do.
std::string id_of(const tharsis_way& way) {
  std::string made_of;
  if (way.gateway_hardware.size > 0)
    made_of = as_text(view(way.gateway_hardware));
  else if (way.resolves != 0 && way.gateway.family != 0)
    return {};
  else
    made_of = "interface " + std::string(view(way.interface));
  return std::string(type_word(way.type)) + "-" + sha256_of(made_of).substr(0, id_digits);
}

void add_way(network_look& look, const tharsis_way& way, uint32_t family) {
  look.way += std::string(view(way.interface)) + " " + ip_text(way.source) + " ";
  if (way.gateway.family != 0) look.way += ip_text(way.gateway);
  look.way += ";";
  look.families |= family;
  look.sources.push_back(way.source);
}

}  // namespace

bool same_look(const network_look& a, const network_look& b) {
  return a.type == b.type && a.families == b.families && a.mtu == b.mtu && a.interface == b.interface && a.id == b.id &&
         a.way == b.way;
}

bool still_has_sources(const network_look& now, const network_look& before) {
  return std::all_of(before.sources.begin(), before.sources.end(), [&](const tharsis_address& source) {
    return std::any_of(now.addresses.begin(), now.addresses.end(), [&](const auto& a) { return same_ip(a, source); });
  });
}

network_look look_at(const tharsis_observation* seen) {
  network_look look;
  if (seen == nullptr) return look;
  look.type = THARSIS_NETWORK_NONE;
  const auto all = std::span(seen->addresses, seen->addresses_count);
  look.addresses.assign(all.begin(), all.end());
  const tharsis_way* main = nullptr;  // What is told of: most traffic still is IPv4 where there is any.
  for (const auto& [way, family] : {std::pair(&seen->v4, THARSIS_NETWORK_V4), std::pair(&seen->v6, THARSIS_NETWORK_V6)}) {
    if (!leads_out(*way)) continue;
    add_way(look, *way, static_cast<uint32_t>(family));
    if (main == nullptr) main = way;
  }
  if (main == nullptr) return look;
  look.interface = view(main->interface);
  look.type = main->type;
  look.mtu = main->mtu;
  look.id = id_of(*main);
  return look;
}

}  // namespace tharsis::runtime
