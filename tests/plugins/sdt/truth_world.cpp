#include <algorithm>
#include "tests/plugins/sdt/truth_cases.h"

namespace tharsis::sdt {

truth::truth(unsigned seed, double loss_one_way) : loss(loss_one_way), dice_(seed * 7919 + 13) {
  session_facts& s = seen.about;
  s.id = "s" + std::to_string(seed);
  s.started = "2026-01-01T00:00:00Z";
  s.target = "tcps://im.test:443";
  s.scheme = "tcps";
  s.host = "im.test";
  s.port = 443;
  s.has_canary = s.has_truth = true;
  s.how_deep = depth::medium;
  s.network.resolvers = {"192.0.2.53"};
  s.network.type = "ethernet";
  s.network.interface_name = "eth0";
  s.network.stack = "dual";
  s.network.gateway = "10.77.0.1";
}

template <class T>
T& truth::head(std::vector<T>& all, const char* kind, probe_role role) {
  all.reserve(512);  // What a case changes later must not move.
  T& p = all.emplace_back();
  p.id = std::string(kind) + ":" + std::to_string(++next_);
  p.role = role;
  p.t0_ms = next_;
  return p;
}

// Whether one of three packets gets there and its answer back.
bool truth::arrives(uint32_t& retransmits) {
  for (retransmits = 0; retransmits < 3; ++retransmits)
    if (uniform() >= loss && uniform() >= loss) return true;
  retransmits = 2;
  return false;
}

connect_probe& truth::connect(probe_role role, const std::string& to) {
  connect_probe& c = head(seen.connects, "tcp", role);
  c.to = c.target = to;
  if (!arrives(c.syn_retransmits)) return silent(c);
  c.ms = around(rtt) + c.syn_retransmits * 1000;
  c.rtt_ms = around(rtt);
  c.mss = c.announced_mss = 1448;
  c.timestamps = c.sack = c.window_scale = true;
  return c;
}
connect_probe& truth::silent(connect_probe& c) {
  c.state = probe_state::fail, c.failed = failure::timeout, c.ms = 1500, c.syn_retransmits = 1;
  c.rtt_ms.reset(), c.timestamps.reset();
  return c;
}
connect_probe& truth::refused(connect_probe& c) {
  c.state = probe_state::fail, c.failed = failure::refused, c.error_number = 111, c.ms = around(rtt),
  c.syn_retransmits = 0;
  return c;
}

name_probe& truth::name(probe_role role, name_transport over, const std::string& server,
                        std::vector<std::string> addresses, const std::string& asked) {
  name_probe& n = head(seen.names, "dns", role);
  n.over = over, n.server = n.target = server, n.name = asked, n.type = "A", n.rcode = 0,
  n.addresses = std::move(addresses), n.ttl_s = 60;
  uint32_t again = 0;
  if (!arrives(again)) return unanswered(n);
  n.ms = around(rtt) * (over == name_transport::udp ? 1 : over == name_transport::tcp ? 2 : 3) + again * 400;
  return n;
}
name_probe& truth::unanswered(name_probe& n) {
  n.state = probe_state::fail, n.failed = failure::timeout, n.rcode = -1, n.addresses.clear(), n.ms = 1000;
  return n;
}

tls_probe& truth::tls(probe_role role, const std::string& to, const std::string& sni) {
  tls_probe& t = head(seen.handshakes, "tls", role);
  t.to = t.target = to, t.sni = sni, t.issuer = "CN=Lab", t.subject = "CN=" + sni, t.reply_received = true,
  t.ms = around(rtt) * 2;
  uint32_t again = 0;
  // A handshake is sent again by TCP for as long as the probe lives.
  if (!arrives(again) && uniform() < loss) {
    t.state = probe_state::fail, t.outcome = tls_outcome::not_connected, t.failed = failure::timeout,
    t.reply_received = false, t.ms = 1500;
  }
  t.ms += again * 300;
  return t;
}

http_probe& truth::page(probe_role role, const std::string& url) {
  http_probe& h = head(seen.pages, "http", role);
  h.url = h.target = url, h.to = "198.51.100.12:80", h.status = 200,
  h.body = role == probe_role::target ? page_body::unknown : page_body::as_expected;
  h.ms = around(rtt) * 2, h.first_byte_ms = h.ms;
  uint32_t again = 0;
  if (!arrives(again))
    h.state = probe_state::fail, h.failed = failure::timeout, h.status = 0, h.body = page_body::unknown;
  return h;
}

segment_probe& truth::segment(way_direction direction, uint32_t mss, bool passes) {
  segment_probe& p = head(seen.segments, "mtu", probe_role::target);
  p.to = "198.51.100.11:443", p.direction = direction, p.mss = mss, p.bytes = 24000;
  // TCP gets through plain loss; seldom not within the time it is given.
  if (passes && uniform() < loss * loss * 4) passes = false;
  p.passed = passes, p.stalled = !passes, p.state = passes ? probe_state::pass : probe_state::fail;
  p.ms = around(rtt) * (passes ? 4 : 20);
  if (!passes && direction == way_direction::up) p.unacked = 10, p.retransmits = 2, p.bytes = 1;
  if (passes && loss > 0 && uniform() < loss * 5) p.retransmits = 3;
  return p;
}

void truth::ladder(way_direction direction, uint32_t path_mtu) {
  for (uint32_t mss : {1460u, 1400u, 1360u, 1300u, 1220u, 1024u}) segment(direction, mss, mss + 40 <= path_mtu);
  if (path_mtu >= 1500) return;
  uint32_t low = 1024, high = 1460;
  for (uint32_t mss : {1460u, 1400u, 1360u, 1300u, 1220u, 1024u})
    (mss + 40 <= path_mtu ? low : high) = mss + 40 <= path_mtu ? std::max(low, mss) : std::min(high, mss);
  while (high - low > 8) {
    const uint32_t middle = (low + high) / 2;
    segment(direction, middle, middle + 40 <= path_mtu);
    (middle + 40 <= path_mtu ? low : high) = middle;
  }
}

loss_probe& truth::train(probe_role role, const std::string& to, double lost, bool large_pass, uint32_t count) {
  loss_probe& l = head(seen.losses, "loss", role);
  l.to = l.target = to, l.via = "icmp", l.small_size = 64, l.large_size = 1472, l.small_sent = l.large_sent = count;
  for (uint32_t i = 0; i < count; ++i) {
    if (uniform() < lost)
      ++l.small_lost;
    else
      l.rtts_ms.push_back(around(rtt));
    if (!large_pass || uniform() < lost)
      ++l.large_lost;
    else if (large_pass)
      l.rtts_ms.push_back(around(rtt));
  }
  if (l.small_lost == count && l.large_lost == count) l.state = probe_state::fail;
  return l;
}

trace_probe& truth::trace(probe_role role, const std::string& to, std::vector<std::string> hops, bool reached) {
  trace_probe& t = head(seen.traces, "trace", role);
  t.to = t.target = to, t.via = "udp";
  uint32_t ttl = 0;
  for (const std::string& from : hops)
    t.hops.push_back({++ttl, from, from.empty() ? hop_answer::silent : hop_answer::passed_on, around(rtt)});
  if (reached)
    t.hops.push_back({++ttl, to, hop_answer::reached, around(rtt)});
  else
    t.hops.push_back({++ttl, "", hop_answer::silent, 0}), t.hops.push_back({++ttl, "", hop_answer::silent, 0}),
        t.state = probe_state::warn;
  return t;
}

void truth::local() {
  link_probe& lo = head(seen.links, "link", probe_role::system);
  lo.name = "lo", lo.type = "loopback", lo.up = lo.carrier = true;
  link_probe& eth = head(seen.links, "link", probe_role::system);
  eth.name = "eth0", eth.type = "ethernet", eth.up = eth.carrier = true,
  eth.addresses = {"10.77.0.2", "2001:db8:77::2"};
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}}) {
    way_probe& w = head(seen.ways, "way", probe_role::system);
    w.family = family, w.has_address = w.has_route = true, w.interface_name = "eth0", w.default_routes = 1;
    w.gateway = family == 4 ? "10.77.0.1" : "2001:db8:77::1";
    gateway_probe& g = head(seen.gateways, "gateway", probe_role::system);
    g.address = w.gateway, g.neighbour = neighbour_state::reachable, g.answered = true;
  }
}

void truth::names() {
  const std::vector<std::string> im = {"198.51.100.11"};
  name(probe_role::system, name_transport::udp, "192.0.2.53:53", im);
  name(probe_role::system, name_transport::tcp, "192.0.2.53:53", im);
  name(probe_role::truth, name_transport::https, "192.0.2.53:443", im);
  name_probe& missing = name(probe_role::missing, name_transport::udp, "192.0.2.53:53", {}, "x7f3k.test");
  if (missing.rcode == 0) missing.rcode = 3;
  unanswered(name(probe_role::stranger, name_transport::udp, "198.51.100.12:53", {})).failed = failure::refused;
  unanswered(name(probe_role::stranger, name_transport::udp, "198.51.100.12:53", {}, "control.test")).failed =
      failure::refused;
}

void truth::connections() {
  connect(probe_role::target, "198.51.100.11:443");
  connect(probe_role::target, "[2001:db8:11::1]:443");
  connect(probe_role::control, "198.51.100.12:443");
  connect(probe_role::control, "[2001:db8:12::1]:443");
  connect(probe_role::control, "192.0.2.53:443");
  connect(probe_role::other_port, "198.51.100.11:80");
}

void truth::web() {
  tls(probe_role::target, "198.51.100.11:443", "im.test");
  tls(probe_role::other_name, "198.51.100.11:443", "control.test");
  tls(probe_role::no_name, "198.51.100.11:443", "");
  tls(probe_role::control, "198.51.100.12:443", "control.test");
  page(probe_role::canary, "http://control.test/");
  page(probe_role::target, "http://im.test/");
  datagram_probe& d = head(seen.datagrams, "udp", probe_role::control);
  d.to = "198.51.100.12:33434", d.unreachable_from = "198.51.100.12";
  for (int i = 0; i < 2; ++i) {
    clock_probe& c = head(seen.clocks, "clock", probe_role::control);
    c.source = i == 0 ? "https://control.test" : "192.0.2.53", c.ahead_s = uniform() * 2, c.authentic = i == 0;
  }
  ladder(way_direction::up, 1500), ladder(way_direction::down, 1500);
  const double both = 1 - (1 - loss) * (1 - loss);
  train(probe_role::target, "198.51.100.11", both), train(probe_role::control, "198.51.100.12", both);
  trace(probe_role::target, "198.51.100.11", {"10.77.0.1", "100.64.1.2"}, true);
  trace(probe_role::control, "198.51.100.12", {"10.77.0.1", "100.64.1.2"}, true);
}

truth healthy(unsigned seed, double loss_one_way) {
  truth t(seed, loss_one_way);
  t.local(), t.names(), t.connections(), t.web();
  return t;
}

}  // namespace tharsis::sdt
