#include "plugins/sdt/core/verdict.h"

#include <array>

namespace tharsis::sdt {
namespace {

constexpr std::array<std::string_view, verdict_codes> code_words = {
    "healthy",
    "degraded",
    "inconclusive",
    "cancelled",
    "budget_exhausted",
    "no_interface",
    "no_address",
    "no_default_route",
    "multi_default_wrong",
    "gateway_unreachable",
    "airplane_or_radio_off",
    "weak_signal",
    "clock_wrong",
    "local_firewall",
    "fd_or_port_exhausted",
    "captive_portal",
    "proxy_required",
    "transparent_http_proxy",
    "partial_connectivity",
    "internet_unreachable",
    "udp_blocked",
    "quic_blocked",
    "icmp_filtered",
    "ipv6_broken",
    "ipv4_broken",
    "nat64_only",
    "port_blocked",
    "dns_unreachable",
    "dns_slow",
    "dns_server_failing",
    "dns_intercepted_port53",
    "dns_hijack_resolver",
    "dns_injection_onpath",
    "dns_nxdomain_wildcard",
    "dns_bogus_private_answer",
    "dns_false_nxdomain",
    "dns_stale_after_network_change",
    "dns_edns_or_tcp_broken",
    "encrypted_dns_blocked",
    "dns_filter_empty_v6",
    "packet_loss",
    "high_latency",
    "jitter",
    "bufferbloat",
    "throttled",
    "pmtu_black_hole_up",
    "pmtu_black_hole_down",
    "pmtu_black_hole_both",
    "mss_clamped",
    "tcp_option_stripped",
    "handshake_black_hole",
    "asymmetric_one_way",
    "route_loop",
    "last_hop_admin_reject",
    "reordering",
    "host_down",
    "port_closed",
    "service_slow_accept",
    "service_resets",
    "tls_expired",
    "tls_name_mismatch",
    "tls_unknown_ca",
    "tls_protocol",
    "http_5xx",
    "wrong_reply",
    "server_overload",
    "tls_interception",
    "sni_blocking_rst",
    "sni_blocking_timeout",
    "rst_injection",
    "http_injection",
    "header_rewrite",
    "content_rewrite",
    "ip_blocked",
    "name_unknown",
    "tls_pin_mismatch",
    "link_refused",
    "link_misconfigured",
};
static_assert(!code_words.back().empty(), "every code has its word");

constexpr std::array<std::string_view, 9> blame_words = {"nobody",       "device", "lan",       "isp",    "path",
                                                         "dns_provider", "server", "middlebox", "unknown"};
constexpr std::array<std::string_view, 3> certainty_words = {"possible", "likely", "proven"};

}  // namespace

std::string_view name_of(verdict_code code) {
  const auto i = static_cast<size_t>(code);
  return i < code_words.size() ? code_words[i] : "unknown";
}
std::string_view name_of(blame who) {
  const auto i = static_cast<size_t>(who);
  return i < blame_words.size() ? blame_words[i] : "unknown";
}
std::string_view name_of(certainty how) {
  const auto i = static_cast<size_t>(how);
  return i < certainty_words.size() ? certainty_words[i] : "unknown";
}

std::string action::text() const {
  if (args.empty()) return name;
  std::string all;
  for (const std::string& a : args) all += (all.empty() ? "" : ",") + a;
  return name + "(" + all + ")";
}

}  // namespace tharsis::sdt
