// The fields of every observation by name, once: the reader and the writer of JSON and the redaction walk over them.
//
// fields(v, thing) calls v("name", member) for each.
#pragma once
#include <array>
#include <string_view>
#include <tuple>

#include "plugins/sdt/core/observation.h"

namespace tharsis::sdt {

// The words of an enumeration, in its order.
template <class E>
struct words;
template <>
struct words<probe_state> {
  static constexpr std::array<std::string_view, 6> all = {"pass", "warn", "fail", "skip", "na", "cancelled"};
};
template <>
struct words<failure> {
  static constexpr std::array<std::string_view, 18> all = {
      "none",      "timeout",   "refused",   "reset",    "closed",  "no_route",  "unreachable", "prohibited",  "denied",
      "exhausted", "not_found", "untrusted", "protocol", "too_big", "cancelled", "budget",      "unsupported", "other"};
};
template <>
struct words<probe_role> {
  static constexpr std::array<std::string_view, 16> all = {
      "target",    "control", "other_port", "closed_port", "other_name", "no_name", "answered", "system",
      "alternate", "truth",   "stranger",   "identity",    "missing",    "known",   "canary",   "quic"};
};
template <>
struct words<neighbour_state> {
  static constexpr std::array<std::string_view, 5> all = {"unknown", "reachable", "stale", "failed", "incomplete"};
};
template <>
struct words<name_transport> {
  static constexpr std::array<std::string_view, 6> all = {"udp", "tcp", "tls", "https", "table", "cache"};
};
template <>
struct words<tls_outcome> {
  static constexpr std::array<std::string_view, 11> all = {"ok",         "expired",           "not_yet",
                                                           "wrong_name", "unknown_ca",        "pin_mismatch",
                                                           "protocol",   "reset_after_hello", "silent_after_hello",
                                                           "closed",     "not_connected"};
};
template <>
struct words<page_body> {
  static constexpr std::array<std::string_view, 4> all = {"unknown", "as_expected", "altered", "foreign"};
};
template <>
struct words<way_direction> {
  static constexpr std::array<std::string_view, 2> all = {"up", "down"};
};
template <>
struct words<hop_answer> {
  static constexpr std::array<std::string_view, 5> all = {"silent", "passed_on", "reached", "unreachable",
                                                          "prohibited"};
};
template <>
struct words<depth> {
  static constexpr std::array<std::string_view, 4> all = {"passive", "light", "medium", "heavy"};
};

template <class E>
constexpr std::string_view word_of(E value) {
  const auto i = static_cast<size_t>(value);
  return i < words<E>::all.size() ? words<E>::all[i] : "unknown";
}

template <class V>
void fields(V& v, link_probe& p) {
  v("name", p.name), v("type", p.type), v("up", p.up), v("carrier", p.carrier), v("radio_off", p.radio_off);
  v("signal_dbm", p.signal_dbm), v("addresses", p.addresses);
}
template <class V>
void fields(V& v, way_probe& p) {
  v("family", p.family), v("has_address", p.has_address), v("has_route", p.has_route);
  v("interface", p.interface_name), v("gateway", p.gateway), v("source", p.source);
  v("default_routes", p.default_routes), v("nat64_prefix", p.nat64_prefix);
}
template <class V>
void fields(V& v, gateway_probe& p) {
  v("address", p.address), v("neighbour", p.neighbour), v("answered", p.answered);
}
template <class V>
void fields(V& v, connect_probe& p) {
  v("to", p.to), v("syn_retransmits", p.syn_retransmits), v("rtt_ms", p.rtt_ms), v("mss", p.mss);
  v("announced_mss", p.announced_mss), v("timestamps", p.timestamps), v("sack", p.sack);
  v("window_scale", p.window_scale), v("asks_timestamps", p.asks_timestamps), v("icmp_type", p.icmp_type);
  v("icmp_code", p.icmp_code), v("icmp_from", p.icmp_from);
}
template <class V>
void fields(V& v, name_probe& p) {
  v("server", p.server), v("over", p.over), v("name", p.name), v("type", p.type), v("rcode", p.rcode);
  v("addresses", p.addresses), v("ttl_s", p.ttl_s), v("late_addresses", p.late_addresses);
  v("late_answer", p.late_answer), v("from_other_address", p.from_other_address), v("edns_kept", p.edns_kept);
  v("case_kept", p.case_kept), v("from_older_network", p.from_older_network);
}
template <class V>
void fields(V& v, tls_probe& p) {
  v("to", p.to), v("sni", p.sni), v("outcome", p.outcome), v("pinned_as_expected", p.pinned_as_expected);
  v("issuer", p.issuer), v("subject", p.subject), v("version", p.version), v("not_before_s", p.not_before_s);
  v("not_after_s", p.not_after_s), v("pins", p.pins), v("reply_received", p.reply_received), v("unacked", p.unacked);
}
template <class V>
void fields(V& v, http_probe& p) {
  v("url", p.url), v("to", p.to), v("status", p.status), v("location", p.location), v("body", p.body);
  v("nonce_kept", p.nonce_kept), v("headers_added", p.headers_added), v("headers_changed", p.headers_changed);
  v("via", p.via), v("odd_line_kept", p.odd_line_kept), v("first_byte_ms", p.first_byte_ms);
}
template <class V>
void fields(V& v, segment_probe& p) {
  v("to", p.to), v("direction", p.direction), v("mss", p.mss), v("passed", p.passed), v("stalled", p.stalled);
  v("unacked", p.unacked), v("retransmits", p.retransmits), v("bytes", p.bytes);
}
template <class V>
void fields(V& v, datagram_size_probe& p) {
  v("to", p.to), v("largest", p.largest), v("told", p.told);
}
template <class V>
void fields(V& v, loss_probe& p) {
  v("to", p.to), v("via", p.via), v("small_size", p.small_size), v("small_sent", p.small_sent);
  v("small_lost", p.small_lost), v("large_size", p.large_size), v("large_sent", p.large_sent);
  v("large_lost", p.large_lost), v("rtts_ms", p.rtts_ms), v("reordered", p.reordered), v("duplicated", p.duplicated);
}
template <class V>
void fields(V& v, hop& h) {
  v("ttl", h.ttl), v("from", h.from), v("answer", h.answer), v("ms", h.ms);
}
template <class V>
void fields(V& v, trace_probe& p) {
  v("to", p.to), v("via", p.via), v("hops", p.hops);
}
template <class V>
void fields(V& v, datagram_probe& p) {
  v("to", p.to), v("answered", p.answered), v("unreachable_from", p.unreachable_from);
}
template <class V>
void fields(V& v, clock_probe& p) {
  v("source", p.source), v("ahead_s", p.ahead_s), v("authentic", p.authentic);
}
template <class V>
void fields(V& v, proxy_probe& p) {
  v("configured", p.configured), v("answers", p.answers), v("accepted_closed_port", p.accepted_closed_port);
  v("source_seen", p.source_seen), v("source_own", p.source_own);
}
template <class V>
void fields(V& v, noop_probe& p) {
  v("link", p.link), v("to", p.to), v("answered", p.answered), v("understood", p.understood);
}
template <class V>
void fields(V& v, load_probe& p) {
  v("to", p.to), v("direction", p.direction), v("bits_per_s", p.bits_per_s), v("idle_ms", p.idle_ms);
  v("loaded_ms", p.loaded_ms);
}
template <class V>
void fields(V& v, passive_probe& p) {
  v("link", p.link), v("link_state", p.link_state), v("why", p.why), v("met_at", p.met_at), v("failures", p.failures), v("rtt_ms", p.rtt_ms), v("rtt_min_ms", p.rtt_min_ms);
  v("segments", p.segments), v("retransmits", p.retransmits), v("busy_share", p.busy_share);
  v("window_limited_share", p.window_limited_share), v("buffer_limited_share", p.buffer_limited_share);
}
template <class V>
void fields(V& v, session_facts::network_facts& n) {
  v("id_hash", n.id_hash), v("type", n.type), v("interface", n.interface_name), v("stack", n.stack);
  v("gateway", n.gateway), v("ssid", n.ssid), v("dns", n.resolvers), v("metered", n.metered);
}
template <class V>
void fields(V& v, moment& m) {
  v("t", m.t_ms), v("text", m.text);
}

// Every kind of probe by the name that it has in JSON.
template <class T>
struct probe_kind {
  std::string_view name;
  std::vector<T> observations::*all;
};
inline constexpr std::tuple probe_kinds{
    probe_kind<link_probe>{"link", &observations::links},
    probe_kind<way_probe>{"way", &observations::ways},
    probe_kind<gateway_probe>{"gateway", &observations::gateways},
    probe_kind<connect_probe>{"tcp", &observations::connects},
    probe_kind<name_probe>{"dns", &observations::names},
    probe_kind<tls_probe>{"tls", &observations::handshakes},
    probe_kind<http_probe>{"http", &observations::pages},
    probe_kind<segment_probe>{"mtu_tcp", &observations::segments},
    probe_kind<datagram_size_probe>{"mtu_udp", &observations::datagram_sizes},
    probe_kind<loss_probe>{"loss", &observations::losses},
    probe_kind<trace_probe>{"trace", &observations::traces},
    probe_kind<datagram_probe>{"udp", &observations::datagrams},
    probe_kind<clock_probe>{"clock", &observations::clocks},
    probe_kind<proxy_probe>{"proxy", &observations::proxies},
    probe_kind<noop_probe>{"noop", &observations::noops},
    probe_kind<load_probe>{"load", &observations::loads},
    probe_kind<passive_probe>{"live", &observations::live},
};

template <class F>
void for_each_kind(F&& visit) {
  std::apply([&](const auto&... kinds) { (visit(kinds), ...); }, probe_kinds);
}

// visit(kind's name, probe) for every one.
template <class F>
void for_each_probe(const observations& seen, F&& visit) {
  for_each_kind([&](const auto& kind) {
    for (const auto& p : seen.*kind.all) visit(kind.name, p);
  });
}

}  // namespace tharsis::sdt
