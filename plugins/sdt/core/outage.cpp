#include "plugins/sdt/core/outage.h"

#include "sdk/abi/sdt.h"

namespace tharsis::sdt {
namespace {

// Up to which code, in the order of verdict.h, which goes from the device outwards.
struct kind_range {
  verdict_code last;
  uint32_t kind;
};
constexpr kind_range ranges[] = {
    {verdict_code::healthy, THARSIS_SDT_FINE},
    {verdict_code::degraded, THARSIS_SDT_IMPAIRED},
    {verdict_code::budget_exhausted, THARSIS_SDT_UNCLEAR},
    {verdict_code::gateway_unreachable, THARSIS_SDT_UNREACHABLE},
    {verdict_code::airplane_or_radio_off, THARSIS_SDT_UNREACHABLE},
    {verdict_code::weak_signal, THARSIS_SDT_IMPAIRED},
    {verdict_code::clock_wrong, THARSIS_SDT_UNTRUSTED},
    {verdict_code::proxy_required, THARSIS_SDT_UNREACHABLE},
    {verdict_code::transparent_http_proxy, THARSIS_SDT_IMPAIRED},
    {verdict_code::internet_unreachable, THARSIS_SDT_UNREACHABLE},
    {verdict_code::nat64_only, THARSIS_SDT_IMPAIRED},
    {verdict_code::port_blocked, THARSIS_SDT_NO_ANSWER},
    {verdict_code::dns_filter_empty_v6, THARSIS_SDT_NAME_UNRESOLVED},
    {verdict_code::throttled, THARSIS_SDT_IMPAIRED},
    {verdict_code::pmtu_black_hole_both, THARSIS_SDT_SILENT},
    {verdict_code::tcp_option_stripped, THARSIS_SDT_IMPAIRED},
    {verdict_code::asymmetric_one_way, THARSIS_SDT_NO_ANSWER},
    {verdict_code::last_hop_admin_reject, THARSIS_SDT_UNREACHABLE},
    {verdict_code::reordering, THARSIS_SDT_IMPAIRED},
    {verdict_code::host_down, THARSIS_SDT_NO_ANSWER},
    {verdict_code::port_closed, THARSIS_SDT_REFUSED},
    {verdict_code::service_slow_accept, THARSIS_SDT_SILENT},
    {verdict_code::service_resets, THARSIS_SDT_CUT},
    {verdict_code::tls_unknown_ca, THARSIS_SDT_UNTRUSTED},
    {verdict_code::server_overload, THARSIS_SDT_PROTOCOL},
    {verdict_code::tls_interception, THARSIS_SDT_UNTRUSTED},
    {verdict_code::sni_blocking_rst, THARSIS_SDT_CUT},
    {verdict_code::sni_blocking_timeout, THARSIS_SDT_SILENT},
    {verdict_code::rst_injection, THARSIS_SDT_CUT},
    {verdict_code::content_rewrite, THARSIS_SDT_IMPAIRED},
    {verdict_code::ip_blocked, THARSIS_SDT_NO_ANSWER},
    {verdict_code::name_unknown, THARSIS_SDT_NAME_UNRESOLVED},
};

}  // namespace

uint32_t kind_of(verdict_code code) {
  for (const kind_range& r : ranges)
    if (code <= r.last) return r.kind;
  return THARSIS_SDT_UNCLEAR;
}

}  // namespace tharsis::sdt
