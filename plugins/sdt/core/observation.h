// What the probes of one session saw: plain values, filled by the probes, read by the judge and the reports.
//
// Every observation begins with the same head and says in `role` what it is for: a thing itself, or a control that
// differs from it in one factor. The judge lives on such pairs, so a probe that finds its thing broken fills in its
// controls as well. Addresses are texts: "198.51.100.11:443", "[2001:db8::1]:443", without port where there is none.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tharsis::sdt {

enum class probe_state : uint8_t { pass, warn, fail, skip, na, cancelled };

// How an attempt ended that did not succeed. Closed: what fits nothing is `other`, with its errno.
enum class failure : uint8_t {
  none,
  timeout,      // Nothing was heard.
  refused,      // A RST to a SYN, or ICMP port unreachable.
  reset,        // A RST later.
  closed,       // The peer ended it.
  no_route,     // This machine knows no way (ENETUNREACH).
  unreachable,  // Somebody said host or network unreachable, or the neighbour is silent (EHOSTUNREACH).
  prohibited,   // Somebody said: administratively prohibited.
  denied,       // This machine does not let it out (EPERM, EACCES).
  exhausted,    // No descriptor or no port is left (EMFILE, EADDRNOTAVAIL).
  not_found,    // No such name, or no such thing.
  untrusted,    // TLS: the certificate.
  protocol,     // Bytes that mean nothing.
  too_big,      // EMSGSIZE.
  cancelled,
  budget,       // Bytes or time were used up before it began.
  unsupported,  // Not on this machine.
  other,
};

enum class probe_role : uint8_t {
  target,       // The thing that the person asked about.
  control,      // The same with another host that ought to work.
  other_port,   // The target's host, another port.
  closed_port,  // A port on which nobody listens; whoever accepts there is in the middle.
  other_name,   // TLS: the target's address, a harmless name.
  no_name,      // TLS: the target's address, no name.
  answered,     // The address that the network's resolver gave, where the truth gives another.
  system,       // DNS: the network's own resolver.
  alternate,    // DNS: another plain resolver.
  truth,        // DNS: one that cannot be lied for: encrypted, signed or proven before.
  stranger,     // DNS: a host that is no resolver; whoever answers is in the middle.
  identity,     // DNS: a name whose answer is who asked for it.
  missing,      // DNS: a name that cannot exist.
  known,        // DNS: a name whose true answer is known.
  canary,       // HTTP: a page whose true answer is known; over TLS where the URL says so.
  quic,         // UDP: port 443.
};

struct probe {
  std::string id;  // Once in a session: "tcp:1". Evidence names it.
  probe_role role = probe_role::target;
  probe_state state = probe_state::pass;
  double t0_ms = 0;     // Since the session began.
  double ms = 0;        // How long it took.
  std::string target;   // What it was about, for a person.
  std::string control;  // The id of its control; empty where there is none.
  failure failed = failure::none;
  int32_t error_number = 0;         // errno; 0 where there was none.
  std::string said;                 // The words of whoever failed; hostile.
  uint64_t sent = 0, received = 0;  // Bytes, as the wire has them.
};

struct link_probe : probe {
  std::string name;
  std::string type;  // ethernet | wifi | cellular | tunnel | loopback | other
  bool up = false, carrier = false;
  bool radio_off = false;  // Switched off by a person: airplane mode.
  std::optional<int32_t> signal_dbm;
  std::vector<std::string> addresses;  // With scope global; link-local ones do not lead out.
};

// The default way of one family.
struct way_probe : probe {
  uint8_t family = 4;
  bool has_address = false, has_route = false;
  std::string interface_name, gateway, source;
  uint32_t default_routes = 0;
  std::string nat64_prefix;  // "64:ff9b::/96"; empty without.
};

enum class neighbour_state : uint8_t { unknown, reachable, stale, failed, incomplete };

struct gateway_probe : probe {
  std::string address;
  neighbour_state neighbour = neighbour_state::unknown;
  bool answered = false;  // To UDP, TCP or an echo, a refusal included.
};

struct connect_probe : probe {
  std::string to;
  uint32_t syn_retransmits = 0;
  std::optional<double> rtt_ms;
  uint32_t mss = 0, announced_mss = 0;  // What we may send, and what we told; 0: not known.
  // What both ends agreed on, and what this machine asks for; unknown where the system tells none of it.
  std::optional<bool> timestamps, sack, window_scale;
  bool asks_timestamps = true;
  int32_t icmp_type = -1, icmp_code = -1;  // -1: none came.
  std::string icmp_from;
};

enum class name_transport : uint8_t { udp, tcp, tls, https, table, cache };
// Who answers has to prove his name.
inline bool is_encrypted(name_transport over) { return over == name_transport::tls || over == name_transport::https; }

struct name_probe : probe {
  std::string server;  // "192.0.2.53:53"
  name_transport over = name_transport::udp;
  std::string name, type;  // "im.example.com", "A"
  int32_t rcode = -1;      // -1: no answer came.
  std::vector<std::string> addresses;
  uint32_t ttl_s = 0;
  std::vector<std::string> late_addresses;  // Of a second answer to the same question,
  bool late_answer = false;                 // which may also have had none.
  bool from_other_address = false;          // Not from whom it was asked.
  std::optional<bool> edns_kept, case_kept;
  bool from_older_network = false;  // The resolver was there on an earlier network already, and is none of this one.
};

enum class tls_outcome : uint8_t {
  ok,
  expired,
  not_yet,
  wrong_name,
  unknown_ca,
  pin_mismatch,  // The chain is trusted and is not the pinned one.
  protocol,
  reset_after_hello,
  silent_after_hello,
  closed,
  not_connected,
};

struct tls_probe : probe {
  std::string to, sni;
  tls_outcome outcome = tls_outcome::ok;
  std::optional<bool> pinned_as_expected;     // Empty where no pin is known.
  std::string issuer, subject, version;       // Hostile.
  int64_t not_before_s = 0, not_after_s = 0;  // UTC.
  std::vector<std::string> pins;
  bool reply_received = false;  // Bytes came after ClientHello.
  uint32_t unacked = 0;         // Segments of ours that nobody confirmed; 0 of a peer that is merely slow.
};

enum class page_body : uint8_t { unknown, as_expected, altered, foreign };

struct http_probe : probe {
  std::string url, to;
  int32_t status = 0;  // 0: no answer.
  std::string location;
  page_body body = page_body::unknown;
  bool nonce_kept = true;                  // False: it came from a cache.
  std::vector<std::string> headers_added;  // Their names, in the answer or told back of the question; hostile.
  std::vector<std::string> headers_changed;
  std::string via;
  bool odd_line_kept = true;  // The request's odd first line was heard as it was sent.
  std::optional<double> first_byte_ms;
};

enum class way_direction : uint8_t { up, down };

// One rung of the ladder: so many bytes in segments of at most `mss` one way.
struct segment_probe : probe {
  std::string to;
  way_direction direction = way_direction::up;
  uint32_t mss = 0;  // TCP's, the time stamp option within: packets have mss + 40 bytes, + 60 over IPv6.
  bool passed = false, stalled = false;
  uint32_t unacked = 0, retransmits = 0;
  uint64_t bytes = 0;  // Upwards what was confirmed, with one for the SYN; downwards what came.
};

// What stands still after a whole segment was confirmed stands still by loss, not by its size. Not known of the way back: what
// comes may be small segments. Options take up to 40 bytes of a segment.
inline bool carried_whole_segment(const segment_probe& p) {
  return p.passed || (p.direction == way_direction::up && p.mss > 40 && p.bytes > p.mss - 40);
}

// The largest datagram that arrives.
struct datagram_size_probe : probe {
  std::string to;
  uint32_t largest = 0;  // Bytes of IP; 0: not found.
  bool told = false;     // Somebody said so by ICMP.
};

// Small and large packets in turn, each expected back.
struct loss_probe : probe {
  std::string to, via;  // icmp | udp | tcp
  uint32_t small_size = 0, small_sent = 0, small_lost = 0;
  uint32_t large_size = 0, large_sent = 0, large_lost = 0;
  std::vector<double> rtts_ms;  // In the order they were sent.
  uint32_t reordered = 0, duplicated = 0;
};

enum class hop_answer : uint8_t { silent, passed_on, reached, unreachable, prohibited };

struct hop {
  uint32_t ttl = 0;
  std::string from;
  hop_answer answer = hop_answer::silent;
  double ms = 0;
};

struct trace_probe : probe {
  std::string to, via;  // udp | tcp
  std::vector<hop> hops;
};

struct datagram_probe : probe {
  std::string to;
  bool answered = false;         // By the service.
  std::string unreachable_from;  // Who said that the port is closed; the host itself is alive then.
};

struct clock_probe : probe {
  std::string source;
  double ahead_s = 0;      // This machine's clock minus the source's.
  bool authentic = false;  // Through TLS that was verified apart from its dates, or signed.
};

struct proxy_probe : probe {
  std::string configured;  // By the system or the environment; empty.
  bool answers = false;    // It takes CONNECT.
  bool accepted_closed_port = false;
  std::string source_seen, source_own;  // As the server saw us, and as we are.
};

// Mars' noop on a long link.
struct noop_probe : probe {
  std::string link;  // Of stn, over whose connection it went; empty: over one of its own.
  std::string to;
  bool answered = false, understood = false;
};

struct load_probe : probe {
  std::string to;
  way_direction direction = way_direction::down;
  double bits_per_s = 0;
  std::optional<double> idle_ms, loaded_ms;  // Round trips: median before, 90th percentile during.
};

// What live connections and stn tell without a byte more.
struct passive_probe : probe {
  std::string link, link_state;  // stn's: down | connecting | up | suspended
  std::string why;               // What stn alone can have met since it was up last: link_trouble.h. Then `said` is its sentence,
  std::string met_at;            // this the endpoint that it is about,
  uint32_t failures = 0;         // and this how often in a row.
  std::optional<double> rtt_ms, rtt_min_ms;
  uint64_t segments = 0, retransmits = 0;
  double busy_share = 0, window_limited_share = 0, buffer_limited_share = 0;
};

enum class depth : uint8_t { passive, light, medium, heavy };

// The session as a whole.
struct session_facts {
  std::string id;
  std::string started;  // UTC: "2026-11-26T22:51:31Z".
  double ms = 0;        // How long all of it took.
  double deadline_ms = 0;
  depth how_deep = depth::light;
  std::string target, scheme, host;  // As given, and its parts; the host is a name or an address.
  uint16_t port = 0;
  bool literal = false, loopback = false;       // The host is an address; it is this machine.
  uint64_t sent = 0, received = 0, budget = 0;  // Bytes; budget 0: none.
  bool budget_spent = false, cancelled = false, network_changed = false;
  bool has_canary = false, has_truth = false;  // Whether a server of our own and a trusted resolver are set.

  struct network_facts {
    std::string id_hash, type, interface_name, stack, gateway, ssid;
    std::vector<std::string> resolvers;
    bool metered = false;
  } network;
};

struct moment {
  double t_ms = 0;
  std::string text;
};

struct observations {
  session_facts about;
  std::vector<link_probe> links;
  std::vector<way_probe> ways;
  std::vector<gateway_probe> gateways;
  std::vector<connect_probe> connects;
  std::vector<name_probe> names;
  std::vector<tls_probe> handshakes;
  std::vector<http_probe> pages;
  std::vector<segment_probe> segments;
  std::vector<datagram_size_probe> datagram_sizes;
  std::vector<loss_probe> losses;
  std::vector<trace_probe> traces;
  std::vector<datagram_probe> datagrams;
  std::vector<clock_probe> clocks;
  std::vector<proxy_probe> proxies;
  std::vector<noop_probe> noops;
  std::vector<load_probe> loads;
  std::vector<passive_probe> live;
  std::vector<moment> timeline;
};

}  // namespace tharsis::sdt
