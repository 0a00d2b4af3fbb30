#include "plugins/sdt/core/report_path.h"

#include <algorithm>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

enum place : size_t { device, router, internet, names, path, server, service, places };

// By the groups of verdict_code, which go from the device outwards.
place place_of(verdict_code c) {
  if (c == verdict_code::gateway_unreachable || c == verdict_code::captive_portal) return router;
  if (c >= verdict_code::no_interface && c <= verdict_code::fd_or_port_exhausted) return device;
  if (c == verdict_code::link_misconfigured) return device;
  if (c == verdict_code::port_blocked) return path;
  if (c >= verdict_code::captive_portal && c <= verdict_code::nat64_only) return internet;
  if ((c >= verdict_code::dns_unreachable && c <= verdict_code::dns_filter_empty_v6) || c == verdict_code::name_unknown)
    return names;
  if (c >= verdict_code::packet_loss && c <= verdict_code::reordering) return path;
  if (c == verdict_code::host_down) return server;
  if (c >= verdict_code::port_closed && c <= verdict_code::server_overload) return service;
  if (c == verdict_code::link_refused || c == verdict_code::tls_pin_mismatch) return service;
  if (c >= verdict_code::tls_interception && c <= verdict_code::ip_blocked) return path;
  return places;
}

bool only_weakens(const verdict& v) {
  switch (v.code) {
    case verdict_code::packet_loss:
    case verdict_code::high_latency:
    case verdict_code::jitter:
    case verdict_code::bufferbloat:
    case verdict_code::throttled:
    case verdict_code::reordering:
    case verdict_code::weak_signal:
    case verdict_code::dns_slow:
    case verdict_code::ipv6_broken:
    case verdict_code::udp_blocked:
    case verdict_code::encrypted_dns_blocked:
    case verdict_code::transparent_http_proxy:
    case verdict_code::header_rewrite:
    case verdict_code::content_rewrite:
    case verdict_code::http_injection:
      return true;
    default:
      return v.how == certainty::possible;
  }
}

void set(station& s, bool well) { s.state = well ? station_state::well : station_state::unseen; }

// What was seen to work, before the verdicts say what does not.
void light(const report& r, const scene& s, std::vector<station>& all) {
  const session_facts::network_facts& n = r.seen.about.network;
  const bool out = s.internet() != nullptr;
  const auto any = [](const auto& probes, auto good) { return std::any_of(probes.begin(), probes.end(), good); };
  set(all[device], true);
  all[device].note = n.interface_name.empty() ? n.type : n.interface_name;
  set(all[router], out || any(r.seen.gateways, [](const gateway_probe& g) {
                     return g.answered || g.neighbour == neighbour_state::reachable;
                   }));
  all[router].note = n.gateway;
  set(all[internet], out);
  set(all[names],
      any(r.seen.names, [](const name_probe& p) { return p.role == probe_role::system && worked(p) && p.rcode == 0; }));
  all[names].note = n.resolvers.empty() ? "" : n.resolvers.front();
  const bool reached =
      any(r.seen.connects, [](const connect_probe& c) { return c.role == probe_role::target && scene::alive(c); });
  set(all[path], reached);
  if (s.rtt_ms() > 0) all[path].note = ms_text(s.rtt_ms());
  set(all[server], reached);
  for (const connect_probe& c : r.seen.connects)
    if (c.role == probe_role::target && all[server].note.empty()) all[server].note = std::string(host_of(c.to));
  set(all[service], s.target_works() != nullptr);
  all[service].note = r.seen.about.port == 0 ? "" : "port " + std::to_string(r.seen.about.port);
}

}  // namespace

std::vector<station> path_of(const report& r) {
  std::vector<station> all = {{"device", "", {}}, {"router", "", {}}, {"internet", "", {}}, {"names", "", {}},
                              {"path", "", {}},   {"server", "", {}}, {"service", "", {}}};
  const scene s(r.seen);
  light(r, s, all);
  size_t break_at = places;
  for (const verdict& v : r.verdicts) {
    const place at = place_of(v.code);
    if (v.information || at == places) continue;
    const auto worse = only_weakens(v) ? station_state::weak : station_state::broken;
    if (all[at].state != station_state::broken) all[at].state = worse;
    if (worse == station_state::broken && at != names) break_at = std::min<size_t>(break_at, at);
  }
  // Nobody has seen what lies behind the break, but for the resolvers, which stand beside the way.
  for (size_t i = break_at + 1; i < all.size(); ++i)
    if (i != names && all[i].state == station_state::unseen) all[i].note.clear();
  if (!s.to_self()) return all;
  return {all[device], all[service]};
}

}  // namespace tharsis::sdt
