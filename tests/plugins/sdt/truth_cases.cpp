#include "tests/plugins/sdt/truth_cases.h"

#include <algorithm>

namespace tharsis::sdt {
namespace {

using code = verdict_code;
constexpr auto im = "198.51.100.11", fake = "203.0.113.66";

// Every observation that `which` picks is as after a silence.
void silence(truth& t, const std::function<bool(const std::string& to)>& which) {
  for (auto& c : t.seen.connects)
    if (which(c.to)) t.silent(c);
  for (auto& n : t.seen.names)
    if (which(n.server) && n.role != probe_role::stranger) t.unanswered(n);
  for (auto& h : t.seen.handshakes)
    if (which(h.to))
      h.state = probe_state::fail, h.outcome = tls_outcome::not_connected, h.failed = failure::timeout,
      h.reply_received = false;
  for (auto& p : t.seen.pages)
    if (which(p.to))
      p.state = probe_state::fail, p.failed = failure::timeout, p.status = 0, p.body = page_body::unknown;
  for (auto& l : t.seen.losses)
    if (which(l.to))
      l.small_lost = l.small_sent, l.large_lost = l.large_sent, l.rtts_ms.clear(), l.state = probe_state::fail;
  for (auto& d : t.seen.datagrams)
    if (which(d.to))
      d.answered = false, d.unreachable_from.clear(), d.state = probe_state::fail, d.failed = failure::timeout;
  const auto gone = [&](auto& all) {
    all.erase(std::remove_if(all.begin(), all.end(), [&](const auto& p) { return which(p.to); }), all.end());
  };
  gone(t.seen.segments), gone(t.seen.traces);
}
bool is_v6_text(const std::string& to) { return to.starts_with('['); }
bool is_im(const std::string& to) { return to.starts_with(im) || to.starts_with("[2001:db8:11:"); }
bool all(const std::string&) { return true; }

// As a knock that nobody answers leaves it.
void gone(truth& t, gateway_probe& g) {
  g.neighbour = t.uniform() < 0.5 ? neighbour_state::failed : neighbour_state::incomplete;
  g.answered = false, g.state = probe_state::warn, g.failed = failure::timeout;
}

void no_route(truth& t) {
  for (auto& c : t.seen.connects)
    c.state = probe_state::fail, c.failed = failure::no_route, c.error_number = 101, c.ms = 0, c.syn_retransmits = 0;
}

// The target's handshakes end so; the control's stay.
void target_tls(truth& t, tls_outcome outcome, const char* issuer = "CN=Lab", bool other_names = true) {
  for (auto& h : t.seen.handshakes) {
    if (h.role == probe_role::control || (!other_names && h.role != probe_role::target)) continue;
    h.state = probe_state::fail, h.outcome = outcome, h.issuer = issuer;
    if (outcome == tls_outcome::reset_after_hello || outcome == tls_outcome::silent_after_hello)
      h.issuer = h.subject = "", h.reply_received = false, h.ms = 1500;
  }
}

std::vector<name_probe*> of_role(truth& t, probe_role role) {
  std::vector<name_probe*> some;
  for (auto& n : t.seen.names)
    if (n.role == role) some.push_back(&n);
  return some;
}
void answer(name_probe& n, std::vector<std::string> addresses, int rcode = 0) {
  n.state = probe_state::pass, n.failed = failure::none, n.rcode = rcode, n.addresses = std::move(addresses),
  n.ms = std::min(n.ms, 60.0);
}
// An address that nobody has, asked because another stranger has answered.
void ask_nobody(truth& t, const std::vector<std::string>& about_target, const std::vector<std::string>& about_any) {
  const auto ask = [&](const std::string& name, const std::vector<std::string>& says) {
    name_probe& n = t.name(probe_role::stranger, name_transport::udp, "192.0.2.253:53", says, name);
    says.empty() ? t.unanswered(n), void() : answer(n, says);
  };
  ask("im.test", about_target), ask("sdt-1f.com", about_any);
}
// Who asked for the name that tells it: when the resolver that proves its name was asked encrypted, when it was asked plainly, and when the
// network's own was asked.
void who_asked(truth& t, const std::string& encrypted, const std::string& plainly, const std::string& network) {
  const auto ask = [&](name_transport over, const std::string& server, const std::string& says) { answer(t.name(probe_role::identity, over, server, {says}, "who.test"), {says}); };
  ask(name_transport::https, "198.51.100.53:443", encrypted);
  ask(name_transport::udp, "198.51.100.53:53", plainly);
  ask(name_transport::udp, "192.0.2.53:53", network);
}
void system_says(truth& t, const std::vector<std::string>& addresses, int rcode = 0) {
  for (auto* n : of_role(t, probe_role::system)) answer(*n, addresses, rcode);
}
tls_probe& at_answer(truth& t, tls_outcome outcome, const std::string& to = fake) {
  tls_probe& h = t.tls(probe_role::answered, to + ":443", "im.test");
  h.outcome = outcome, h.state = outcome == tls_outcome::ok ? probe_state::pass : probe_state::fail;
  h.reply_received = outcome != tls_outcome::not_connected;
  if (outcome == tls_outcome::unknown_ca) h.issuer = "CN=im.test", h.subject = "CN=im.test";
  if (outcome == tls_outcome::not_connected) h.ms = 1500, h.failed = failure::timeout, h.issuer = h.subject = "";
  return h;
}

// What the target's plain page leads to, and what it says over TLS; empty: a page of its own.
void redirect(truth& t, const std::string& plain, const std::string& over_tls) {
  for (auto& h : t.seen.pages)
    if (h.role == probe_role::target) h.status = 301, h.location = plain;
  http_probe& own = t.page(probe_role::target, "https://im.test/");
  if (!over_tls.empty() && own.status != 0) own.status = 301, own.location = over_tls;
}

clock_probe& clock_of(truth& t, const std::string& source, double ahead_s, bool authentic) {
  clock_probe& c = t.seen.clocks.emplace_back();
  c.id = "clock:" + std::to_string(900 + t.seen.clocks.size()), c.role = probe_role::control;
  c.source = source, c.ahead_s = ahead_s, c.authentic = authentic;
  return c;
}

passive_probe& live(truth& t, const std::string& state, const std::string& why) {
  passive_probe& p = t.seen.live.emplace_back();
  p.id = "live:main", p.link = "main", p.target = p.met_at = "tcps://im.test:443", p.link_state = state, p.why = why, p.failures = 1;
  p.state = state == "up" ? probe_state::pass : probe_state::warn, p.said = "stn met this", p.failed = failure::other;
  return p;
}

void noop(truth& t, bool answers) {
  noop_probe& p = t.seen.noops.emplace_back();
  p.id = "noop:1", p.link = "main", p.target = "tcps://im.test:443", p.to = answers ? im : "";
  p.answered = p.understood = answers;
  if (!answers) p.failed = failure::timeout, p.state = probe_state::fail;
}

void hole(truth& t, bool up, bool down, uint32_t mtu = 1400) {
  t.seen.segments.clear();
  t.ladder(way_direction::up, up ? mtu : 1500);
  t.ladder(way_direction::down, down ? mtu : 1500);
  for (auto& l : t.seen.losses)
    if (l.role == probe_role::target) {
      const double lost = static_cast<double>(l.small_lost) / l.small_sent;
      l = t.train(probe_role::target, im, lost, false);
    }
  t.seen.losses.pop_back();
  if (!down) return;
  // The certificate chain is long.
  for (auto& h : t.seen.handshakes)
    if (is_im(h.to))
      h.state = probe_state::fail, h.outcome = tls_outcome::silent_after_hello, h.reply_received = false, h.ms = 1500;
}

void rtts(truth& t, double rtt, double jitter) {
  for (auto& l : t.seen.losses)
    for (double& ms : l.rtts_ms) ms = rtt + (t.uniform() * 2 - 1) * jitter * 1.5;
  for (auto& c : t.seen.connects)
    if (c.state == probe_state::pass) c.ms += rtt - 40, c.rtt_ms = rtt;
}

load_probe& load(truth& t, probe_role role, double bits) {
  load_probe& l = t.seen.loads.emplace_back();
  l.id = "load:" + std::to_string(t.seen.loads.size()), l.role = role, l.bits_per_s = bits, l.idle_ms = t.around(40),
  l.loaded_ms = t.around(60);
  return l;
}

using change = std::function<void(truth&)>;
std::function<observations(unsigned)> with(change c, double loss = 0) {
  return [c, loss](unsigned seed) {
    truth t = healthy(seed, loss);
    c(t);
    return t.seen;
  };
}

std::vector<truth_case> local_cases() {
  return {
      {1, "healthy", {code::healthy}, {}, "", true, with([](truth&) {})},
      {2, "link down", {code::no_interface}, {}, "", false, with([](truth& t) {
         for (auto& l : t.seen.links) l.up = l.carrier = l.name == "lo";
         for (auto& w : t.seen.ways) w.has_address = w.has_route = false;
         t.seen.gateways.clear();
         silence(t, all), no_route(t);
       })},
      {3, "no default route", {code::no_default_route}, {}, "", false, with([](truth& t) {
         for (auto& w : t.seen.ways) w.has_route = false, w.gateway = "", w.default_routes = 0;
         t.seen.gateways.clear();
         silence(t, all), no_route(t);
       })},
      {4, "gateway does not answer ARP", {code::gateway_unreachable}, {}, "", false, with([](truth& t) {
         for (auto& g : t.seen.gateways) gone(t, g);
         silence(t, all);
       })},
      {5, "router forwards nothing", {code::internet_unreachable}, {}, "", false, with([](truth& t) {
         silence(t, all);
       })},
      {6,
       "v6 dropped",
       {code::ipv6_broken, code::degraded},
       {code::ipv6_broken},
       "prefer_v4",
       false,
       with([](truth& t) { silence(t, is_v6_text); })},
      {7, "v4 dropped", {code::ipv4_broken}, {}, "prefer_v6", false, with([](truth& t) {
         silence(t, [](const std::string& to) { return !is_v6_text(to); });
       })},
  };
}

std::vector<truth_case> name_cases() {
  const auto plain = [](truth& t, const std::function<void(name_probe&)>& f) {
    for (auto& n : t.seen.names)
      if ((n.role == probe_role::system || n.role == probe_role::missing)) f(n);
  };
  return {
      {8, "resolver killed", {code::dns_unreachable}, {}, "use_doh", false, with([plain](truth& t) {
         plain(t, [&](name_probe& n) { t.unanswered(n), n.failed = failure::refused, n.ms = 40; });
       })},
      {9, "resolver silent, DoH fine", {code::dns_unreachable}, {}, "use_doh", false, with([plain](truth& t) {
         plain(t, [&](name_probe& n) { t.unanswered(n); });
       })},
      {10, "UDP 53 dropped, TCP 53 fine", {code::dns_edns_or_tcp_broken}, {}, "use_doh", false, with([plain](truth& t) {
         plain(t, [&](name_probe& n) {
           if (n.over == name_transport::udp) t.unanswered(n);
         });
       })},
      {11, "resolver lies, false certificate", {code::dns_hijack_resolver}, {}, "use_doh", false, with([](truth& t) {
         system_says(t, {fake}), at_answer(t, tls_outcome::unknown_ca);
       })},
      {12, "resolver lies, nobody there", {code::dns_hijack_resolver}, {}, "use_doh", false, with([](truth& t) {
         system_says(t, {fake}), at_answer(t, tls_outcome::not_connected);
       })},
      {13, "all port 53 redirected", {code::dns_intercepted_port53}, {}, "use_doh", false, with([](truth& t) {
         system_says(t, {fake});
         for (auto* n : of_role(t, probe_role::stranger)) answer(*n, {n->name == "im.test" ? fake : "198.51.100.12"});
         ask_nobody(t, {fake}, {fake});
         at_answer(t, tls_outcome::unknown_ca);
       })},
      {14, "forged answer first", {code::dns_injection_onpath}, {}, "use_doh", false, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::system))
           if (n->over == name_transport::udp) answer(*n, {fake}), n->late_answer = true, n->late_addresses = {im};
         at_answer(t, tls_outcome::not_connected);
       })},
      {15, "forged answer of a stranger", {code::dns_injection_onpath}, {}, "use_doh", false, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::system)) answer(*n, {fake});
         for (auto* n : of_role(t, probe_role::stranger))
           if (n->name == "im.test") answer(*n, {fake});
         ask_nobody(t, {fake}, {});
         at_answer(t, tls_outcome::not_connected);
       })},
      {16, "false NXDOMAIN", {code::dns_false_nxdomain}, {}, "use_doh", false, with([](truth& t) {
         system_says(t, {}, 3);
       })},
      {17, "wildcard for missing names", {code::dns_nxdomain_wildcard}, {}, "", false, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::missing)) answer(*n, {fake});
         answer(t.name(probe_role::missing, name_transport::udp, "192.0.2.53:53", {}, "q9.test"), {fake});
       })},
      {18,
       "private answer",
       {code::dns_bogus_private_answer},
       {},
       "use_doh",
       false,
       [](unsigned seed) {
         truth t = healthy(seed);
         system_says(t, {seed % 3 == 0 ? "10.0.0.1" : seed % 3 == 1 ? "127.0.0.1" : "0.0.0.0"});
         return t.seen;
       }},
      {19, "control: geo CDN", {code::healthy}, {}, "", true, with([](truth& t) {
         system_says(t, {"203.0.113.80"});
         at_answer(t, tls_outcome::ok, "203.0.113.80");
       })},
      {20, "DoT and DoH blocked", {code::encrypted_dns_blocked}, {}, "", false, with([](truth& t) {
         t.unanswered(t.name(probe_role::truth, name_transport::tls, "192.0.2.53:853", {}));
         for (auto* n : of_role(t, probe_role::truth)) t.unanswered(*n);
         for (auto& c : t.seen.connects)
           if (c.to == "192.0.2.53:443") t.silent(c);
       })},
      {21,
       "SERVFAIL or REFUSED",
       {code::dns_server_failing},
       {},
       "use_doh",
       false,
       [](unsigned seed) {
         truth t = healthy(seed);
         system_says(t, {}, seed % 2 == 0 ? 2 : 5);
         return t.seen;
       }},
      {22, "resolver takes 900 ms", {code::dns_slow}, {}, "", false, with([plain](truth& t) {
         plain(t, [&](name_probe& n) {
           if (n.over == name_transport::udp) n.ms = t.around(940);
         });
         t.name(probe_role::alternate, name_transport::udp, "198.51.100.53:53", {im});
       })},
  };
}

std::vector<truth_case> middle_cases() {
  const auto portal_page = [](truth& t) {
    for (auto& h : t.seen.pages) {
      h.state = probe_state::warn, h.failed = failure::none, h.status = 302, h.location = "http://10.77.0.1/login",
      h.body = page_body::foreign;
    }
  };
  const auto web_only = [](const std::string& to) { return !to.ends_with(":80") && !to.ends_with(":53"); };
  return {
      {23,
       "captive portal",
       {code::captive_portal},
       {},
       "open_portal(http://10.77.0.1/login)",
       false,
       with([=](truth& t) { silence(t, web_only), portal_page(t); })},
      {24,
       "captive portal by DNS",
       {code::captive_portal},
       {},
       "open_portal(http://10.77.0.1/login)",
       false,
       with([=](truth& t) {
         silence(t, web_only), portal_page(t);
         system_says(t, {"10.77.0.1"});
         for (auto* n : of_role(t, probe_role::missing)) answer(*n, {"10.77.0.1"});
       })},
      {25, "transparent proxy", {code::transparent_http_proxy}, {}, "", false, with([](truth& t) {
         for (auto& h : t.seen.pages) h.via = "1.1 tinyproxy";
       })},
      {26, "headers rewritten", {code::header_rewrite}, {}, "", false, with([](truth& t) {
         for (auto& h : t.seen.pages) h.headers_added = {"X-Seen"};
       })},
      {27, "block page by Host", {code::http_injection}, {}, "", false, with([](truth& t) {
         for (auto& h : t.seen.pages)
           if (h.role == probe_role::target) h.status = 302, h.location = "http://blocked.example/";
         t.page(probe_role::target, "https://im.test/");
       })},
      {28, "TLS opened, untrusted", {code::tls_interception}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::unknown_ca, "CN=interceptor");
         for (auto& h : t.seen.handshakes)
           h.state = probe_state::fail, h.outcome = tls_outcome::unknown_ca, h.issuer = "CN=interceptor";
         for (auto* n : of_role(t, probe_role::truth)) t.unanswered(*n), n->failed = failure::untrusted, n->ms = 120;
       })},
      {128, "TLS opened, trusted, pinned", {code::tls_interception}, {}, "", false, with([](truth& t) {
         for (auto& h : t.seen.handshakes) h.issuer = "CN=interceptor";
         for (auto& h : t.seen.handshakes)
           if (h.role == probe_role::target)
             h.outcome = tls_outcome::pin_mismatch, h.pinned_as_expected = false, h.state = probe_state::fail;
       })},
      {29, "RST on the name", {code::sni_blocking_rst}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::reset_after_hello, "", false);
       })},
      {30, "silence on the name", {code::sni_blocking_timeout}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::silent_after_hello, "", false);
       })},
      {40, "throttled", {code::throttled}, {}, "", false, with([](truth& t) {
         load(t, probe_role::target, 500e3 * (0.9 + 0.2 * t.uniform())), load(t, probe_role::control, 30e6);
       })},
  };
}

std::vector<truth_case> path_cases() {
  return {
      {31, "black hole both ways", {code::pmtu_black_hole_both}, {}, "clamp_mss(1360)", false, with([](truth& t) {
         hole(t, true, true);
       })},
      {32, "black hole up", {code::pmtu_black_hole_up}, {}, "clamp_mss(1360)", false, with([](truth& t) {
         hole(t, true, false);
       })},
      {132, "black hole down", {code::pmtu_black_hole_down}, {}, "clamp_mss(1360)", false, with([](truth& t) {
         hole(t, false, true);
       })},
      {33, "control: narrow and told", {code::healthy}, {}, "", true, with([](truth& t) {
         auto& d = t.seen.datagram_sizes.emplace_back();
         d.id = "mtu_udp:1", d.to = im, d.largest = 1400, d.told = true;
         for (auto& c : t.seen.connects) c.mss = 1348;
         // Large ones are too big for the socket: none of them was sent.
         for (auto& l : t.seen.losses) l.large_sent = l.large_lost = 0;
       })},
      {34, "control: clamped by the router", {code::healthy}, {code::mss_clamped}, "", true, with([](truth& t) {
         t.seen.segments.clear();
         for (auto d : {way_direction::up, way_direction::down})
           for (uint32_t mss : {1340u, 1300u, 1220u}) t.segment(d, mss, true);
         for (auto& c : t.seen.connects) c.mss = 1328;
         for (auto& l : t.seen.losses) l.large_sent = l.large_lost = 0;
       })},
      {35, "control: 20 % loss", {code::packet_loss}, {}, "", true, with([](truth&) {}, 0.20)},
      {36,
       "30 % loss and a black hole",
       {code::pmtu_black_hole_both},
       {code::packet_loss},
       "",
       false,
       with([](truth& t) { hole(t, true, true); }, 0.16)},
      {37, "2 % loss", {code::packet_loss}, {}, "", false, with([](truth& t) {
         for (auto& l : t.seen.losses) l = t.train(l.role, l.to, 0.0396, true, 150);
         t.seen.losses.resize(2);
       })},
      {137, "10 % loss", {code::packet_loss}, {}, "", false, with([](truth&) {}, 0.10)},
      {38, "300 ms and 100 ms of jitter", {code::high_latency}, {code::jitter}, "", false, with([](truth& t) {
         rtts(t, 300, 100);
       })},
      {39, "bufferbloat", {code::bufferbloat}, {}, "", false, with([](truth& t) {
         load(t, probe_role::target, 4e6).loaded_ms = t.around(600);
       })},
      {41, "port blocked", {code::port_blocked}, {}, "change_port(80)", false, with([](truth& t) {
         silence(t, [](const std::string& to) { return is_im(to) && to.ends_with(":443"); });
       })},
      {42, "port closed", {code::port_closed}, {}, "", false, with([](truth& t) {
         silence(t, [](const std::string& to) { return is_im(to) && to.ends_with(":443"); });
         for (auto& c : t.seen.connects)
           if (is_im(c.to) && c.to.ends_with(":443")) t.refused(c);
       })},
      {43, "prohibited by the last router", {code::last_hop_admin_reject}, {}, "", false, with([](truth& t) {
         silence(t, is_im);
         for (auto& c : t.seen.connects)
           if (is_im(c.to)) {
             c.failed = failure::prohibited, c.ms = t.around(40), c.syn_retransmits = 0;
             c.icmp_from = is_v6_text(c.to) ? "2001:db8:a1::2" : "100.64.1.2";
             c.icmp_type = is_v6_text(c.to) ? 1 : 3, c.icmp_code = is_v6_text(c.to) ? 1 : 13;
           }
       })},
      {44, "handshake's answer is spoilt", {code::handshake_black_hole}, {}, "", false, with([](truth& t) {
         const auto l = t.seen.losses.front();
         const auto tr = t.seen.traces.front();
         silence(t, is_im);
         t.seen.losses.front() = l;
         t.seen.traces.push_back(tr);
       })},
      {45,
       "control: time stamps taken away",
       {code::healthy},
       {code::tcp_option_stripped},
       "",
       true,
       with([](truth& t) {
         for (auto& c : t.seen.connects) c.timestamps = false, c.mss = 1460;
       })},
      {46, "host down", {code::host_down}, {}, "", false, with([](truth& t) {
         silence(t, is_im);
         t.trace(probe_role::target, im, {"10.77.0.1", "100.64.1.2"}, false);
       })},
  };
}

std::vector<truth_case> service_cases() {
  return {
      {47, "accepts and never replies", {code::service_slow_accept}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::silent_after_hello, "");
         t.seen.segments.clear();
       })},
      {48, "certificate expired", {code::tls_expired}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::expired);
       })},
      {148, "certificate of another name", {code::tls_name_mismatch}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::wrong_name);
       })},
      {248, "certificate of nobody", {code::tls_unknown_ca}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::unknown_ca, "CN=im.test");
       })},
      {348, "503", {code::http_5xx}, {}, "", false, with([](truth& t) {
         http_probe& h = t.page(probe_role::target, "https://im.test/");
         h.status = 503, h.state = probe_state::fail, h.failed = failure::none;
       })},
      {49, "clock two years ahead", {code::clock_wrong}, {}, "", false, with([](truth& t) {
         for (auto& c : t.seen.clocks) c.ahead_s = 2 * 365 * 86400;
         target_tls(t, tls_outcome::expired);
         for (auto& h : t.seen.handshakes) h.outcome = tls_outcome::expired, h.state = probe_state::fail;
         for (auto* n : of_role(t, probe_role::truth)) t.unanswered(*n), n->failed = failure::untrusted, n->ms = 120;
       })},
      {50, "UDP 443 dropped", {code::healthy, code::quic_blocked}, {code::quic_blocked}, "", true, with([](truth& t) {
         datagram_probe d;
         d.id = "quic:1", d.role = probe_role::quic, d.to = "198.51.100.12:443", d.state = probe_state::fail,
         d.failed = failure::timeout;
         t.seen.datagrams.push_back(d);
       })},
      {51, "all UDP but 53 dropped", {code::udp_blocked}, {}, "avoid_udp", false, with([](truth& t) {
         for (int i = 0; i < 2; ++i)
           t.seen.datagrams.push_back(t.seen.datagrams.front()), t.seen.datagrams.back().id += std::to_string(i);
         for (auto& d : t.seen.datagrams)
           d.answered = false, d.unreachable_from.clear(), d.state = probe_state::fail, d.failed = failure::timeout;
         t.seen.traces.clear();
       })},
      {52, "routing loop", {code::route_loop}, {}, "", false, with([](truth& t) {
         silence(t, is_im);
         std::vector<std::string> hops;
         for (int i = 0; i < 8; ++i) hops.push_back(i % 2 == 0 ? "100.64.1.1" : "100.64.1.2");
         t.trace(probe_role::target, im, hops, false);
       })},
      {53, "proxy-only network", {code::proxy_required}, {}, "use_proxy(10.77.0.1:8888)", false, with([](truth& t) {
         silence(t, all);
         auto& p = t.seen.proxies.emplace_back();
         p.id = "proxy:1", p.configured = "10.77.0.1:8888", p.answers = true;
       })},
      {54, "flapping", {code::degraded}, {}, "", false, with([](truth& t) {
         for (int i = 0; i < 6; ++i) {
           auto& c = t.connect(probe_role::control, "198.51.100.12:443");
           c.t0_ms = 1000 + i * 1500;
           if (i == 1 || i == 2) t.silent(c);
         }
       })},
      {55, "network change in the middle", {code::cancelled}, {}, "", false, with([](truth& t) {
         if (t.uniform() < 0.5) silence(t, is_v6_text);
         t.seen.about.network_changed = true;
       })},
      {56, "cancelled", {code::cancelled}, {}, "", false, with([](truth& t) {
         t.seen.about.cancelled = true;
         for (auto& c : t.seen.connects) c.state = probe_state::cancelled;
       })},
      {57, "no ICMP: healthy", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto& l : t.seen.losses) l.via = "tcp";
         t.seen.traces.clear();
       })},
      {157, "no ICMP: black hole", {code::pmtu_black_hole_both}, {}, "clamp_mss(1360)", false, with([](truth& t) {
         hole(t, true, true);
         t.seen.losses.clear(), t.seen.traces.clear();
       })},
      {257,
       "no ICMP: 10 % loss",
       {code::packet_loss},
       {},
       "",
       false,
       with(
           [](truth& t) {
             for (auto& l : t.seen.losses) l.via = "tcp";
             t.seen.traces.clear();
           },
           0.10)},
  };
}

// Beyond the reference: what must not be accused, and loopback.
std::vector<truth_case> own_cases() {
  const auto loopback = [](truth& t) {
    t.seen = {};
    t.seen.about.target = "127.0.0.1:9", t.seen.about.host = "127.0.0.1", t.seen.about.port = 9,
    t.seen.about.scheme = "tcp";
    t.seen.about.literal = t.seen.about.loopback = true;
    t.local();
    return &t.connect(probe_role::target, "127.0.0.1:9");
  };
  return {
      {1001, "control: 5 % loss on IPv6 too", {code::packet_loss}, {}, "", true, with([](truth&) {}, 0.05)},
      {1002,
       "control: geo CDN with loss",
       {code::packet_loss},
       {},
       "",
       true,
       with([](truth& t) { system_says(t, {"203.0.113.80"}), at_answer(t, tls_outcome::ok, "203.0.113.80"); }, 0.10)},
      {1003, "control: an intranet name", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto& n : t.seen.names)
           if (n.role == probe_role::truth) answer(n, {}, 3);
         system_says(t, {"10.1.2.3"});
         for (auto& c : t.seen.connects)
           if (is_im(c.to)) c.to = "10.1.2.3:443";
         for (auto& h : t.seen.handshakes)
           if (is_im(h.to)) h.to = "10.1.2.3:443";
       })},
      {1004, "control: redirect to https", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto& h : t.seen.pages)
           if (h.role == probe_role::target) h.status = 301, h.location = "https://im.test/";
       })},
      {1005, "loopback refuses", {code::port_closed}, {}, "", false, with([=](truth& t) { t.refused(*loopback(t)); })},
      {1006, "loopback is fine", {code::healthy}, {}, "", true, with([=](truth& t) { loopback(t); })},
      {1007, "loopback accepts and never answers", {code::service_slow_accept}, {}, "", false, with([=](truth& t) {
         loopback(t);
         t.seen.about.scheme = "http";
         http_probe& h = t.page(probe_role::target, "http://127.0.0.1:9/");
         h.to = "127.0.0.1:9", h.status = 0, h.state = probe_state::fail, h.failed = failure::timeout;
       })},
      {1014, "a name of this machine refuses, the gateway is dead", {code::port_closed}, {}, "", false, with([=](truth& t) {
         t.refused(*loopback(t));
         t.seen.about.loopback = t.seen.about.literal = false, t.seen.about.host = "im.test";
         for (auto& g : t.seen.gateways) g.neighbour = neighbour_state::failed, g.answered = false, g.state = probe_state::fail;
       })},
      {1008, "name unknown to all", {code::name_unknown}, {}, "", false, with([](truth& t) {
         system_says(t, {}, 3);
         for (auto* n : of_role(t, probe_role::truth)) answer(*n, {}, 3);
         const auto gone = [](auto& probes) {
           probes.erase(std::remove_if(probes.begin(), probes.end(), [](const auto& p) { return is_im(p.to); }),
                        probes.end());
         };
         gone(t.seen.connects), gone(t.seen.handshakes), gone(t.seen.segments), gone(t.seen.losses),
             gone(t.seen.traces);
         t.seen.pages.clear();
       })},
      {1009, "one of two addresses is dead", {code::healthy}, {code::host_down}, "", true, with([](truth& t) {
         t.silent(t.connect(probe_role::target, "198.51.100.99:443"));
       })},
      {1010, "nothing was tried", {code::inconclusive}, {}, "", true, with([](truth& t) { t.seen = {}; })},
      {1011, "no interface, radio off", {code::airplane_or_radio_off}, {}, "", false, with([](truth& t) {
         for (auto& l : t.seen.links) l.up = l.carrier = l.name == "lo", l.radio_off = l.name != "lo";
         t.seen.gateways.clear();
         silence(t, all), no_route(t);
       })},
      {1012, "the system's own firewall", {code::local_firewall}, {}, "", false, with([](truth& t) {
         silence(t, is_im);
         for (auto& c : t.seen.connects)
           if (is_im(c.to)) c.failed = failure::denied, c.error_number = 1, c.ms = 0.1, c.syn_retransmits = 0;
       })},
      {1013,
       "control: the target's chain is private everywhere",
       {code::tls_unknown_ca},
       {},
       "",
       false,
       with([](truth& t) {
         target_tls(t, tls_outcome::unknown_ca, "CN=Private");
         system_says(t, {"203.0.113.80"});
         at_answer(t, tls_outcome::unknown_ca, "203.0.113.80").issuer = "CN=Private";
       })},
      {1015, "stn's pin does not fit, the chain is trusted", {code::tls_pin_mismatch}, {}, "do_not_trust", false, with([](truth& t) { live(t, "down", "pin"); })},
      {1016, "the server refuses stn's hello", {code::link_refused}, {}, "", false, with([](truth& t) { live(t, "connecting", "hello"); })},
      {1017, "stn's codec understands nothing", {code::wrong_reply}, {}, "", false, with([](truth& t) { live(t, "down", "nonsense"); })},
      {1018, "control: stn's handshake failed once", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "down", "tls"); })},
      {1019, "control: the link is up again", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "up", "hello"); })},
      {1020, "control: another server refuses stn's hello", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "connecting", "hello").met_at = "tcps://other.test:443"; })},
      {1021, "control: an old link is silent", {code::healthy}, {}, "", true, with([](truth& t) { noop(t, false); })},
      {1023, "no new connection comes up, nothing to compare with, an old link answers", {code::inconclusive, code::host_down}, {}, "", true, with([](truth& t) {
         silence(t, is_im);
         const auto gone = [](auto& probes) { probes.erase(std::remove_if(probes.begin(), probes.end(), [](const auto& p) { return p.role == probe_role::control; }), probes.end()); };
         gone(t.seen.connects), gone(t.seen.losses), gone(t.seen.traces);
         t.seen.handshakes.clear(), t.seen.pages.clear();
         noop(t, true);
       })},
      {1024, "control: the server's certificate was renewed, stn has not tried again", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "down", "expired"); })},
      {1025, "stn trusts other authorities than we, and has tried twice", {code::tls_unknown_ca}, {}, "", false, with([](truth& t) { live(t, "down", "authority").failures = 2; })},
      {1026, "control: the apex leads to www, and so it does over TLS", {code::healthy}, {}, "", true, with([](truth& t) { redirect(t, "https://www.im.test/", "https://www.im.test/"); })},
      {1027, "control: plain HTTP alone leads to www", {code::healthy}, {}, "", true, with([](truth& t) { redirect(t, "https://www.im.test/", ""); })},
      {1028, "control: the site has moved to another name", {code::healthy}, {}, "", true, with([](truth& t) { redirect(t, "https://shop.example/", "https://shop.example/hello"); })},
      {1029, "control: port 80 leads elsewhere, the service itself is no web server", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto& h : t.seen.pages)
           if (h.role == probe_role::target) h.status = 301, h.location = "https://company.example/";
       })},
      {1030, "control: the canary leads elsewhere, over TLS as well", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto& h : t.seen.pages)
           if (h.role == probe_role::canary) h.status = 301, h.location = "https://company.example/";
       })},
      {1031, "IPv4's router is gone, IPv6's is there and leads nowhere", {code::internet_unreachable}, {}, "", false, with([](truth& t) {
         for (auto& g : t.seen.gateways)
           if (g.address.find(':') == std::string::npos) gone(t, g);
         silence(t, all);
       })},
      {1032, "control: one server's clock is wrong, on all of its pages", {code::healthy}, {}, "", true, with([](truth& t) {
         for (const char* source : {"https://im.test", "http://im.test:80"}) clock_of(t, source, 200'000, source[4] == 's');
       })},
      {1033, "control: somebody writes dates of 1970 into plain pages of several hosts", {code::healthy}, {}, "", true, with([](truth& t) {
         for (const char* source : {"http://im.test:80", "http://control.test:80"}) clock_of(t, source, 1.6e9, false);
       })},
      {1034, "an authority of the house signs target and control, and nobody told this machine", {code::tls_unknown_ca, code::tls_interception}, {}, "", false, with([](truth& t) {
         for (auto& h : t.seen.handshakes) h.state = probe_state::fail, h.outcome = tls_outcome::unknown_ca, h.issuer = "CN=House", h.pins = {"key of " + h.subject, "House"};
         for (auto* n : of_role(t, probe_role::truth)) t.unanswered(*n), n->state = probe_state::skip;
       })},
      {1035, "TLS is opened, each certificate has the opener's one key", {code::tls_interception}, {}, "", false, with([](truth& t) {
         for (auto& h : t.seen.handshakes) h.state = probe_state::fail, h.outcome = tls_outcome::unknown_ca, h.issuer = "CN=opener", h.pins = {"one key", "opener"};
         for (auto* n : of_role(t, probe_role::truth)) t.unanswered(*n), n->state = probe_state::skip;
       })},
      {1036, "control: the control is a resolver", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::stranger)) n->name == "im.test" ? answer(*n, {im}) : answer(*n, {}, 3);
         ask_nobody(t, {}, {});
       })},
      {1037, "control: the control is a resolver, far away", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::stranger)) n->name == "im.test" ? answer(*n, {"203.0.113.80"}) : answer(*n, {}, 3);
         ask_nobody(t, {}, {});
       })},
      {1038, "control: the control serves the target's zone, and is silent of others", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::stranger))
           if (n->name == "im.test") answer(*n, {im});
         ask_nobody(t, {}, {});
       })},
      {1039, "stn's hello is not answered, again and again", {code::service_slow_accept}, {}, "backoff", false, with([](truth& t) { live(t, "down", "unanswered").failures = 3; })},
      {1040, "control: stn's hello was not answered once", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "down", "unanswered"); })},
      {1041, "stn's hello is not answered, and large packets vanish", {code::pmtu_black_hole_both}, {}, "clamp_mss(1360)", false, with([](truth& t) { hole(t, true, true), live(t, "down", "unanswered").failures = 3; })},
      {1042, "control: stn's hello is not answered twice, on a line that loses 30 %", {code::packet_loss}, {}, "", true, with([](truth& t) { live(t, "down", "unanswered").failures = 2; }, 0.16)},
      {1043, "control: stn's hello is not answered, and an old link's noop is", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "down", "unanswered").failures = 5, noop(t, true); })},
      {1044, "the sign-in is not answered, again and again", {code::service_slow_accept}, {}, "backoff", false, with([](truth& t) { live(t, "connecting", "sign_in_unanswered").failures = 2; })},
      {1056, "the server falls silent on stn's link, again and again", {code::service_slow_accept}, {}, "backoff", false, with([](truth& t) { live(t, "up", "silent").failures = 2; })},
      {1057, "control: stn's link fell silent once", {code::healthy}, {}, "", true, with([](truth& t) { live(t, "up", "silent"); })},
      {1058, "stn's link falls silent, and large packets vanish", {code::pmtu_black_hole_both}, {}, "clamp_mss(1360)", false, with([](truth& t) { hole(t, true, true), live(t, "up", "silent").failures = 3; })},
      {1059, "control: stn's link falls silent twice, on a line that loses 30 %", {code::packet_loss}, {}, "", true, with([](truth& t) { live(t, "down", "silent").failures = 2; }, 0.16)},
      {1045, "the way ends early, and a control's goes on", {code::host_down}, {code::ip_blocked}, "use_other_address", false, with([](truth& t) {
         silence(t, is_im);
         t.trace(probe_role::target, im, {"10.77.0.1", "100.64.1.2"}, false);
         for (auto& trace : t.seen.traces)
           if (trace.role == probe_role::control) trace.hops.clear();
         t.trace(probe_role::control, "198.51.100.12", {"10.77.0.1", "100.64.1.2", "100.64.2.2", "100.64.3.2"}, true);
       })},
      {1046, "a dead host is nearer than the control, and elsewhere", {code::host_down}, {}, "use_other_address", false, with([](truth& t) {
         silence(t, is_im);
         t.trace(probe_role::target, im, {"10.77.0.1", "100.64.9.2"}, false);
         t.trace(probe_role::control, "198.51.100.12", {"10.77.0.1", "100.64.1.2", "100.64.2.2", "100.64.3.2"}, true);
       })},
      {1047, "no interface, radio off, and a socket without a cable", {code::airplane_or_radio_off}, {}, "", false, with([](truth& t) {
         for (auto& l : t.seen.links) l.up = l.carrier = l.name == "lo";
         link_probe radio = t.seen.links.back();
         radio.id = "link:90", radio.name = "wlan0", radio.type = "wifi", radio.radio_off = true;
         t.seen.links.push_back(radio);
         t.seen.gateways.clear();
         silence(t, all), no_route(t);
       })},
      {1048, "one radio is off, another one is on and finds nobody", {code::no_interface}, {}, "", false, with([](truth& t) {
         for (auto& l : t.seen.links) l.up = l.carrier = l.name == "lo";
         link_probe radio = t.seen.links.back();
         radio.id = "link:90", radio.name = "wwan0", radio.type = "cellular", radio.radio_off = true;
         t.seen.links.push_back(radio);
         radio.id = "link:91", radio.name = "wlan0", radio.type = "wifi", radio.radio_off = false;
         t.seen.links.insert(t.seen.links.begin(), radio);
         t.seen.gateways.clear();
         silence(t, all), no_route(t);
       })},
      {1049, "the network's own resolver asks for another that was asked", {code::dns_intercepted_port53}, {}, "use_doh", false, with([](truth& t) { who_asked(t, "198.51.100.53", "100.64.1.1", "100.64.1.1"); })},
      {1050, "control: a large resolver asks from another network each time", {code::healthy}, {}, "", true, with([](truth& t) { who_asked(t, "198.51.100.53", "203.0.113.7", "192.0.2.53"); })},
      {1051, "control: the network's resolver hands its questions to that very one", {code::healthy}, {}, "", true, with([](truth& t) { who_asked(t, "198.51.100.53", "198.51.100.54", "198.51.100.55"); })},
      {1052, "a proxy writes the first line anew, and says nothing of itself", {code::transparent_http_proxy}, {}, "use_tls", false, with([](truth& t) {
         t.page(probe_role::canary, "http://own.test/canary/echo").odd_line_kept = false;
       })},
      {1053, "a port on which nobody listens is open", {code::transparent_http_proxy}, {}, "use_tls", false, with([](truth& t) {
         proxy_probe& p = t.seen.proxies.emplace_back();
         p.id = "proxy:90", p.role = probe_role::closed_port, p.target = "198.51.100.12:8080", p.accepted_closed_port = true;
       })},
      {1054, "the resolver is one of an earlier network", {code::dns_stale_after_network_change}, {}, "refresh_dns", false, with([](truth& t) {
         for (auto& n : t.seen.names)
           if (n.server == "192.0.2.53:53") t.unanswered(n), n.server = "10.9.0.53:53", n.from_older_network = n.role == probe_role::system;
       })},
      {1055, "control: the resolver was there before, and answers", {code::healthy}, {}, "", true, with([](truth& t) {
         for (auto* n : of_role(t, probe_role::system)) n->from_older_network = true;
       })},
      {1022, "new connections are silent, an old link answers", {code::service_slow_accept}, {}, "", false, with([](truth& t) {
         target_tls(t, tls_outcome::silent_after_hello, "");
         t.seen.segments.clear();
         noop(t, true);
       })},
  };
}

}  // namespace

const std::vector<truth_case>& truth_cases() {
  static const std::vector<truth_case> everything = [] {
    std::vector<truth_case> made;
    for (auto part : {local_cases(), name_cases(), middle_cases(), path_cases(), service_cases(), own_cases()})
      made.insert(made.end(), part.begin(), part.end());
    return made;
  }();
  return everything;
}

}  // namespace tharsis::sdt
