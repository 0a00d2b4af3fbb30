// What is concluded from observations: verdicts, each with its reasons, and what a program can do about it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdt/core/observation.h"

namespace tharsis::sdt {

// The numbers and the names are kept for ever; new ones are added at the end.
enum class verdict_code : uint8_t {
  // All in all.
  healthy,
  degraded,
  inconclusive,
  cancelled,
  budget_exhausted,
  // This machine and its link.
  no_interface,
  no_address,
  no_default_route,
  multi_default_wrong,
  gateway_unreachable,
  airplane_or_radio_off,
  weak_signal,
  clock_wrong,
  local_firewall,
  fd_or_port_exhausted,
  // The way into the internet.
  captive_portal,
  proxy_required,
  transparent_http_proxy,
  partial_connectivity,
  internet_unreachable,
  udp_blocked,
  quic_blocked,
  icmp_filtered,
  ipv6_broken,
  ipv4_broken,
  nat64_only,
  port_blocked,
  // Names.
  dns_unreachable,
  dns_slow,
  dns_server_failing,
  dns_intercepted_port53,
  dns_hijack_resolver,
  dns_injection_onpath,
  dns_nxdomain_wildcard,
  dns_bogus_private_answer,
  dns_false_nxdomain,
  dns_stale_after_network_change,
  dns_edns_or_tcp_broken,
  encrypted_dns_blocked,
  dns_filter_empty_v6,
  // The path.
  packet_loss,
  high_latency,
  jitter,
  bufferbloat,
  throttled,
  pmtu_black_hole_up,
  pmtu_black_hole_down,
  pmtu_black_hole_both,
  mss_clamped,
  tcp_option_stripped,
  handshake_black_hole,
  asymmetric_one_way,
  route_loop,
  last_hop_admin_reject,
  reordering,
  // The server.
  host_down,
  port_closed,
  service_slow_accept,
  service_resets,
  tls_expired,
  tls_name_mismatch,
  tls_unknown_ca,
  tls_protocol,
  http_5xx,
  wrong_reply,
  server_overload,
  // Somebody in the middle.
  tls_interception,
  sni_blocking_rst,
  sni_blocking_timeout,
  rst_injection,
  http_injection,
  header_rewrite,
  content_rewrite,
  ip_blocked,
  // Later ones.
  name_unknown,  // The name does not exist, as all say whom we asked.
  // What stn alone has met, on links of its own.
  tls_pin_mismatch,
  link_refused,
  link_misconfigured,
};
inline constexpr size_t verdict_codes = static_cast<size_t>(verdict_code::link_misconfigured) + 1;
std::string_view name_of(verdict_code code);

enum class blame : uint8_t { nobody, device, lan, isp, path, dns_provider, server, middlebox, unknown };
std::string_view name_of(blame who);

enum class certainty : uint8_t { possible, likely, proven };
std::string_view name_of(certainty how);

// What a program can do: {"clamp_mss", {"1360"}}, {"open_portal", {"http://10.77.0.1/login"}}, {"use_doh"},
// {"prefer_v4"}.
struct action {
  std::string name;  // Empty: nothing.
  std::vector<std::string> args;

  std::string text() const;  // "clamp_mss(1360)"
};

struct verdict {
  verdict_code code = verdict_code::inconclusive;
  blame who = blame::unknown;
  double confidence = 0;  // 0 to 1, of being right.
  certainty how = certainty::possible;
  bool information = false;           // Worth knowing and no fault: never the headline of something broken.
  std::vector<std::string> evidence;  // Ids of observations that speak for it,
  std::vector<std::string> against;   // and against it.
  std::string sentence;               // For a person: what is wrong, where;
  std::string advice;                 // and what to do about it.
  std::string detail;                 // For an engineer.
  action act;
};

// Never empty. verdicts[0] is the headline; the others stay as findings, those nearer to the device first.
struct report {
  observations seen;
  std::vector<verdict> verdicts;
  size_t redactions = 0;  // How many things were taken out: redact.h.

  const verdict& headline() const { return verdicts.front(); }
};

}  // namespace tharsis::sdt
