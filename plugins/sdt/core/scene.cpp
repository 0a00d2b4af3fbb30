#include "plugins/sdt/core/scene.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "plugins/sdt/core/interval.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {

std::string_view host_of(std::string_view place) {
  if (place.starts_with('['))
    return place.substr(1, place.find(']') == std::string_view::npos ? place.npos : place.find(']') - 1);
  const size_t colon = place.find(':');
  if (colon != std::string_view::npos && place.find(':', colon + 1) != std::string_view::npos) return place;
  return place.substr(0, colon);
}

std::string_view host_of_url(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  return host_of(url.substr(0, url.find_first_of("/?#")));
}

bool is_beneath(std::string_view name, std::string_view parent) {
  return parent.find('.') != parent.npos && name.size() > parent.size() && name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.';
}

const hop* last_of(const trace_probe& t) {
  const auto last = std::find_if(t.hops.rbegin(), t.hops.rend(), has_answered);
  return last == t.hops.rend() ? nullptr : &*last;
}

bool is_v6(std::string_view place) { return host_of(place).find(':') != std::string_view::npos; }

namespace {

struct range {
  const char* from;
  int bits;
};
constexpr range nowhere_v4[] = {{"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10},  {"127.0.0.0", 8},
                                {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.168.0.0", 16}, {"240.0.0.0", 4}};
constexpr range nowhere_v6[] = {{"::", 127}, {"fc00::", 7}, {"fe80::", 10}};

bool same_prefix(const tharsis_address& a, const tharsis_address& b, int bits) {
  if (a.family != b.family) return false;
  const int whole = bits / 8, rest = bits % 8;
  if (std::memcmp(a.ip, b.ip, static_cast<size_t>(whole)) != 0) return false;
  const auto mask = static_cast<uint8_t>(0xFF00 >> rest);
  return rest == 0 || ((a.ip[whole] ^ b.ip[whole]) & mask) == 0;
}

}  // namespace

bool leads_nowhere(std::string_view address) {
  const auto a = parse_ip(host_of(address));
  if (!a) return false;
  const auto within = [&](const range& r) { return same_prefix(*a, *parse_ip(r.from), r.bits); };
  return std::any_of(std::begin(nowhere_v4), std::end(nowhere_v4), within) ||
         std::any_of(std::begin(nowhere_v6), std::end(nowhere_v6), within);
}

bool same_network(std::string_view a, std::string_view b) {
  const auto x = parse_ip(host_of(a)), y = parse_ip(host_of(b));
  if (!x || !y) return a == b;
  return same_prefix(*x, *y, is_v6(a) ? 48 : 24);
}

scene::scene(const observations& all) : seen(all), about(all.about) {
  measure_loss();
  measure_rtt();
}

namespace {

// A question needs its answer: segments that TCP has to send again were lost one way only, confirmations that are lost cost nothing.
uint32_t there_and_back(const loss_probe& l) {
  const double one_way = static_cast<double>(l.small_lost) / l.small_sent;
  return l.via == "tcp" ? static_cast<uint32_t>(std::lround((1 - (1 - one_way) * (1 - one_way)) * l.small_sent)) : l.small_lost;
}

}  // namespace

bool scene::tells_of_loss(const loss_probe& l) const {
  const auto is_other = [](const loss_probe& other) { return ran(other) && other.via != "icmp" && other.small_lost < other.small_sent; };
  return l.via != "icmp" || std::none_of(seen.losses.begin(), seen.losses.end(), is_other);
}

scene::packet_count scene::packets() const {
  constexpr uint32_t train_min = 10;  // Fewer packets tell nothing of a rate.
  packet_count made;
  for (const loss_probe& l : seen.losses) {
    if (!ran(l) || !tells_of_loss(l) || l.small_sent < train_min || l.small_lost == l.small_sent) continue;
    made.sent += l.small_sent, made.lost += l.small_lost;
    // Large ones count where they are not eaten for their size.
    if (l.large_lost < l.large_sent) made.sent += l.large_sent, made.lost += l.large_lost;
    if (l.small_lost + l.large_lost > 0) made.worst = &l, ++made.lossy_trains;
  }
  return made;
}

// A packet train tells it best; connections that stand and needed more than one SYN tell a little.
void scene::measure_loss() {
  uint32_t sent = 0, lost = 0;
  for (const loss_probe& l : seen.losses)
    if (ran(l) && tells_of_loss(l) && l.small_lost < l.small_sent) sent += l.small_sent, lost += there_and_back(l);
  for (const connect_probe& c : seen.connects)
    if (worked(c)) sent += 1 + c.syn_retransmits, lost += c.syn_retransmits;
  if (sent == 0) return;
  // Nothing lost of a few packets is no promise of none.
  loss_ = std::clamp(wilson(lost, sent).high, 0.02, sent < 20 && lost == 0 ? 0.05 : 0.95);
}

void scene::measure_rtt() {
  std::vector<double> all;
  for (const loss_probe& l : seen.losses)
    if (ran(l)) all.insert(all.end(), l.rtts_ms.begin(), l.rtts_ms.end());
  if (all.empty())
    for (const connect_probe& c : seen.connects)
      if (worked(c) && c.syn_retransmits == 0) all.push_back(c.rtt_ms.value_or(c.ms));
  if (all.empty()) return;
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  rtt_ms_ = all[all.size() / 2];
}

double scene::weight_of_silence(uint32_t packets) const { return std::min(6.0, packets * -std::log(loss_)); }

const probe* scene::internet(int family) const {
  const auto fits = [&](std::string_view place) { return family == 0 || is_v6(place) == (family == 6); };
  for (const connect_probe& c : seen.connects)
    if (worked(c) && fits(c.to) && !leads_nowhere(c.to)) return &c;
  for (const tls_probe& t : seen.handshakes)
    if (worked(t) && fits(t.to)) return &t;
  for (const name_probe& n : seen.names)
    if (n.role == probe_role::truth && worked(n) && n.rcode >= 0 && fits(n.server) && is_encrypted(n.over)) return &n;
  for (const http_probe& h : seen.pages)
    if (worked(h) && h.body == page_body::as_expected && !h.to.empty() && fits(h.to)) return &h;
  return nullptr;
}

const noop_probe* scene::noop() const {
  const auto fail = [](const auto& all) {
    const auto of_target = of_role(all, probe_role::target);
    return !of_target.empty() && std::none_of(of_target.begin(), of_target.end(), [](const auto* p) { return worked(*p); });
  };
  const bool new_ones_fail = fail(seen.connects) || fail(seen.handshakes);
  for (const noop_probe& n : seen.noops)
    if (worked(n) && n.answered && n.understood && (n.link.empty() || !new_ones_fail)) return &n;
  return nullptr;
}

const probe* scene::target_works() const {
  if (const noop_probe* n = noop()) return n;
  for (const http_probe& h : seen.pages)
    if (is_of_target(h) && worked(h) && h.status > 0 && h.status < 500) return &h;
  for (const tls_probe& t : seen.handshakes)
    if (t.role == probe_role::target && worked(t) && t.outcome == tls_outcome::ok) return &t;
  if (uses_tls()) return nullptr;
  for (const connect_probe& c : seen.connects)
    if (c.role == probe_role::target && worked(c)) return &c;
  return nullptr;
}

const connect_probe* scene::control_like(std::string_view like) const {
  const connect_probe* any = nullptr;
  for (const connect_probe& c : seen.connects) {
    if (c.role != probe_role::control || !worked(c)) continue;
    if (is_v6(c.to) == is_v6(like)) return &c;
    any = &c;
  }
  return any;
}

bool scene::to_self() const {
  if (about.loopback) return true;
  bool any = false;
  for (const connect_probe& c : seen.connects) {
    if (c.role != probe_role::target || !ran(c)) continue;
    const auto address = parse_ip(host_of(c.to));
    if (!address || !is_loopback(*address)) return false;
    any = true;
  }
  return any;
}

bool scene::target_answers() const {
  return std::any_of(seen.connects.begin(), seen.connects.end(),
                     [](const connect_probe& c) { return c.role == probe_role::target && alive(c); });
}

const probe* scene::host_alive(std::string_view host) const {
  for (const connect_probe& c : seen.connects)
    if (c.role == probe_role::other_port && alive(c) && host_of(c.to) == host) return &c;
  return host_heard(host);
}

const probe* scene::host_heard(std::string_view host) const {
  for (const connect_probe& c : seen.connects)
    if (c.role == probe_role::other_port && worked(c) && host_of(c.to) == host) return &c;
  for (const loss_probe& l : seen.losses)
    if (ran(l) && l.via != "tcp" && host_of(l.to) == host && l.small_lost < l.small_sent) return &l;
  for (const datagram_probe& d : seen.datagrams)
    if (ran(d) && host_of(d.to) == host && (d.answered || host_of(d.unreachable_from) == host)) return &d;
  for (const trace_probe& t : seen.traces)
    if (ran(t) && host_of(t.to) == host && !t.hops.empty() && t.hops.back().answer == hop_answer::reached) return &t;
  return nullptr;
}

bool findings_list::has(verdict_code code) const {
  return std::any_of(all_.begin(), all_.end(), [&](const verdict& v) { return v.code == code; });
}
bool findings_list::has_fault() const {
  return std::any_of(all_.begin(), all_.end(), [](const verdict& v) { return !v.information; });
}

std::string ms_text(double ms) {
  char text[32];
  if (ms >= 1000)
    std::snprintf(text, sizeof text, "%.1f s", ms / 1000);
  else
    std::snprintf(text, sizeof text, ms < 10 ? "%.1f ms" : "%.0f ms", ms);
  return text;
}

std::string percent_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, share < 0.0995 ? "%.1f %%" : "%.0f %%", share * 100);
  return text;
}

std::string joined(const std::vector<std::string>& all, std::string_view between) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : std::string(between)) + one;
  return text;
}

}  // namespace tharsis::sdt
