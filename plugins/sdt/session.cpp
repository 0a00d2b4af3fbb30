#include "plugins/sdt/session.h"

#include <algorithm>

#include "plugins/sdt/core/login_page.h"
#include "plugins/sdt/datagram_probe.h"
#include "plugins/sdt/http_probe.h"
#include "plugins/sdt/load_probe.h"
#include "plugins/sdt/tcp_probe.h"
#include "sdk/async/proxy_dial.h"
#include "sdk/pure/address.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr duration connect_most = 1400ms;  // One lost packet is sent again after a second.
constexpr duration contrast_most = 1100ms;  // A lost packet is sent again here, too.
constexpr duration tls_most = 1500ms;
constexpr duration page_most = 1500ms;
constexpr duration load_most = 1800ms;
constexpr duration silent_after = 300ms;   // Most answers have come by then; what has not is looked at while it is waited for.
constexpr duration second_try = 250ms;     // A transfer that passes has mostly passed by then.
constexpr double portal_sure_ms = 250;     // A TLS handshake would be over on most ways.
constexpr size_t servers_most = 3, addresses_most = 4;

std::string stack_text(uint32_t families) {
  const bool v4 = (families & THARSIS_NETWORK_V4) != 0, v6 = (families & THARSIS_NETWORK_V6) != 0;
  return v4 && v6 ? "dual" : v4 ? "v4" : v6 ? "v6" : "none";
}
std::string_view type_text(uint32_t type) {
  constexpr std::string_view names[] = {"unknown", "none", "wired", "wifi", "cellular", "other"};
  return type < std::size(names) ? names[type] : "other";
}

task<void> ask_into(bench& b, name_question q, first_answer* into) { co_await ask_name(b, std::move(q), into); }

task<void> connect_only(bench& b, probe_role role, tharsis_address to) { co_await connect(b, role, to, contrast_most); }

}  // namespace

session::session(const host& tables, strand& place, resolver& names, const trust& t, wish w)
    : host_(tables), place_(place), names_(names), trust_(t), wish_(std::move(w)), network_(*tables.network), branches_(place) {}

task<observations> session::run() {
  begin(wish_.deadline);
  network_.open([this](const tharsis_network_state& now) {
    if (generation_ != 0 && now.generation != generation_) {
      changed_ = true;
      branches_.clear();
    }
    generation_ = now.generation;
  });
  const instant end = bench_->end;
  co_await look();
  // What was seen so far is of a network that is gone. Once more, with the time and the bytes that are left; then it is told.
  if (changed_ && end - place_.now() > wish_.deadline / 4) {
    changed_ = false;
    const session_facts before = bench_->seen.about;
    begin(end - place_.now());
    bench_->seen.about.sent = before.sent;
    bench_->seen.about.received = before.received;
    co_await look();
  }
  bench_->seen.about.network_changed = changed_;
  network_.close();
  name_roles();
  co_return take_so_far();
}

void session::begin(duration most) {
  wish within = wish_;
  within.deadline = most;
  bench_ = std::make_unique<bench>(host_, place_, names_, trust_, within);
  bench_->progress = [this](std::string_view line) { progress(line); };
  sources_.clear();
  second_best_.reset();
  explained_[0] = explained_[1] = measured_ = downloaded_ = false;
  describe();
}

observations session::take_so_far() {
  if (!bench_) begin(wish_.deadline);  // It has not begun: who it was about is all there is.
  observations all = std::move(bench_->seen);
  all.about.ms = bench_->ms();
  return all;
}

void session::describe() {
  session_facts& about = bench_->seen.about;
  about.id = random_hex(host_, 8);
  about.started = moment_text(place_.wall());
  about.deadline_ms = static_cast<double>(wish_.deadline.count()) / 1e6;
  about.how_deep = wish_.how_deep;
  about.target = wish_.at.given;
  about.scheme = wish_.at.scheme;
  about.host = wish_.at.host;
  about.port = wish_.at.port;
  about.literal = wish_.at.literal.has_value();
  about.loopback = wish_.at.loopback;
  about.budget = wish_.budget;
  bench_->seen.live = wish_.live;
  about.has_canary = !wish_.canaries.empty();
  about.has_truth = std::any_of(wish_.resolvers.begin(), wish_.resolvers.end(), [](const trusted_resolver& r) { return r.over == name_transport::tls || r.over == name_transport::https; });
  network_watch(*host_.network).ask([&](const tharsis_network_state& now) {
    about.network.type = type_text(now.type);
    about.network.interface_name = view(now.interface);
    about.network.stack = stack_text(now.families);
    about.network.metered = now.metered == 1;
    about.network.id_hash = std::string(view(now.id)).substr(0, 16);
  });
}

task<void> session::look() {
  if (wish_.at.loopback) {
    if (wish_.at.literal) branches_.spawn(look_at(*wish_.at.literal));
    else branches_.spawn(ask_host());
    co_await branches_.join(bench_->end);
    branches_.clear();
    co_return;
  }
  const machine_view view = co_await look_around(*bench_);
  if (view.told) note_links(*bench_, view);
  for (const tharsis_address& server : view.name_servers) bench_->seen.about.network.resolvers.push_back(ip_text(server));
  if (const auto* const gateway = view.gateway(4); gateway != nullptr && gateway->address.family != 0)
    bench_->seen.about.network.gateway = ip_text(gateway->address);
  if (wish_.how_deep == depth::passive) {
    note_gateways(*bench_, view);
    co_return;
  }
  branches_.spawn(watch_gateways(view));
  if (wish_.at.literal) branches_.spawn(look_at(*wish_.at.literal));
  else if (wish_.at.any()) branches_.spawn(look_at_names(view));
  for (const tharsis_address& control : wish_.controls) branches_.spawn(look_at_control(control));
  for (const canary& c : wish_.canaries) branches_.spawn(try_canary(*bench_, c));
  std::string known;
  network_.ask([&](const tharsis_network_state& now) { known = tharsis::view(now.proxy); });
  const auto told = known.empty() ? result<proxy>(error{THARSIS_E_NOT_FOUND, {}}) : parse_proxy(known);
  if (wish_.through) branches_.spawn(look_at_proxy(*wish_.through));
  else if (told) branches_.spawn(look_at_proxy(*told));
  while (!branches_.empty() && !bench_->over() && !behind_portal()) co_await branches_.join(bench_->until(50ms));
  branches_.clear();
  for (http_probe& p : bench_->early) bench_->finish(bench_->seen.pages, std::move(p));
  bench_->early.clear();
  if (wish_.how_deep == depth::heavy && !changed_) co_await load();
}

// Pages that are known came as something else, all of them, something beside HTTP is shut, and neither is anything proved to be who it
// is nor does the target take a connection: what still waits for an answer waits for the portal.
bool session::behind_portal() const {
  if (bench_->ms() < portal_sure_ms) return false;
  size_t foreign = 0;
  for (const auto* const pages : {&std::as_const(bench_->seen.pages), &std::as_const(bench_->early)}) {
    for (const http_probe& h : *pages) {
      if (h.role != probe_role::canary || h.status == 0) continue;
      if (h.body == page_body::as_expected || h.url.starts_with("https://")) return false;
      foreign += h.body == page_body::foreign || !h.location.empty() ? 1 : 0;
    }
  }
  if (foreign < 2) return false;
  if (at_login_nearby()) return true;
  bool beside = false;
  for (const tls_probe& t : bench_->seen.handshakes) {
    if (t.outcome == tls_outcome::ok) return false;
    beside = beside || t.state == probe_state::fail;
  }
  for (const connect_probe& c : bench_->seen.connects) {
    if (c.role == probe_role::target && c.failed == failure::none) return false;
    beside = beside || (c.role != probe_role::closed_port && (c.failed == failure::timeout || c.failed == failure::refused));
  }
  return beside;
}

// All of them are sent to one place that this network keeps for itself, and in the time of a few round trips nobody beyond it has taken
// a connection: that says so much that no silence need be waited for.
bool session::at_login_nearby() const {
  double far_ms = 0;
  for (const passive_probe& p : wish_.live) far_ms = std::max(far_ms, p.rtt_ms.value_or(0));
  if (bench_->ms() < 3 * far_ms) return false;
  observations soon = bench_->seen;
  soon.pages.insert(soon.pages.end(), bench_->early.begin(), bench_->early.end());
  return login_nearby(soon).has_value();
}

// After all else, which it would disturb; the target and a control one after the other, so that both have the line for themselves.
task<void> session::load() {
  const auto works = [](const connect_probe& c) { return c.failed == failure::none && (c.role == probe_role::target || c.role == probe_role::other_port) && c.to.ends_with(":80"); };
  const auto target = std::find_if(bench_->seen.connects.begin(), bench_->seen.connects.end(), works);
  if (target != bench_->seen.connects.end()) {
    const auto at = parse_place(target->to);
    if (at) co_await load_line(*bench_, probe_role::target, *at, wish_.at.host, load_most);
  }
  if (wish_.canaries.empty() || wish_.canaries.front().at.empty() || wish_.canaries.front().page.secure) co_return;
  co_await load_line(*bench_, probe_role::control, wish_.canaries.front().at.front(), wish_.canaries.front().page.host, load_most);
}

// ---- the machine

// Whoever does not answer for its address shows it only once somebody wants to send there.
task<void> session::watch_gateways(machine_view view) {
  task_set knocks(place_);
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}})
    if (const auto* const g = view.gateway(family); g != nullptr && g->address.family != 0) knocks.spawn(knock_at_gateway(*bench_, g->address));
  co_await knocks.join(bench_->end);
  knocks.clear();
  const machine_view now = co_await look_around(*bench_);
  note_gateways(*bench_, now);
}

// ---- names

task<void> session::look_at_names(machine_view view) {
  task_set all(place_);
  const size_t count = std::min(view.name_servers.size(), servers_most);
  for (size_t i = 0; i < count; ++i) {
    all.spawn(ask_system(view.name_servers[i], record_type::a));
    all.spawn(ask_system(view.name_servers[i], record_type::aaaa));
  }
  for (const trusted_resolver& r : wish_.resolvers) {
    all.spawn(ask_trusted(r, record_type::a));
    if (!view.addresses.empty() && view.gateway(6) != nullptr) all.spawn(ask_trusted(r, record_type::aaaa));
  }
  if (count > 0) all.spawn(ask_missing(view.name_servers[0]));
  // Hosts files, pins and whatever else this machine believes.
  if (count == 0 || names_.has_service()) all.spawn(ask_host());
  if (!wish_.controls.empty()) all.spawn(ask_stranger(wish_.controls.front()));
  co_await all.join(bench_->end);
  all.clear();
}

task<void> session::ask_system(tharsis_address server, record_type type) {
  name_question q;
  q.server.at = server;
  q.name = wish_.at.host;
  q.type = type;
  q.late = deep() ? 250ms : 60ms;
  first_answer first(place_);
  task_set asking(place_);
  asking.spawn(ask_into(*bench_, q, &first));
  const uint32_t told = co_await first.told.wait(later(place_.now(), 700ms));
  if (first.what.came) learn(first.what.addresses, false);
  // Does the same resolver answer over TCP?
  if (told == 0 || (!first.what.came && first.what.failed == failure::timeout)) {
    name_question again = q;
    again.server.over = name_transport::tcp;
    const name_answer over_tcp = co_await ask_name(*bench_, again);
    if (over_tcp.came) learn(over_tcp.addresses, false);
  }
  co_await asking.join(bench_->end);
  asking.clear();
  if (first.what.came) learn(first.what.addresses, false);
}

task<void> session::ask_trusted(trusted_resolver server, record_type type) {
  name_question q;
  const bool vouched = server.over == name_transport::tls || server.over == name_transport::https;
  q.role = vouched ? probe_role::truth : probe_role::alternate;
  q.most = 3s;  // Four round trips and more.
  q.server = std::move(server);
  q.name = wish_.at.host;
  q.type = type;
  const name_answer a = co_await ask_name(*bench_, q);
  if (a.came && vouched) learn(a.addresses, true);
}

task<void> session::ask_host() {
  auto found = co_await names_.resolve(wish_.at.host, bench_->until(2s));
  if (found) {
    learn(*found, false);
  } else if (bench_->seen.names.empty()) {
    auto p = bench_->start<name_probe>("dns", probe_role::system, wish_.at.host + " of this machine");
    p.over = name_transport::cache;
    p.name = wish_.at.host;
    p.type = "A";
    p.failed = failure_of(found.status());
    p.rcode = found.status() == THARSIS_E_NOT_FOUND ? 3 : -1;
    bench_->finish(bench_->seen.names, std::move(p));
  }
  // Branches that look at what was learned are not of this one.
  co_return;
}

task<void> session::ask_missing(tharsis_address server) {
  name_question q;
  q.role = probe_role::missing;
  q.server.at = server;
  const std::string& host = wish_.at.host;
  const size_t dot = host.rfind('.', host.size() - 2);
  q.name = "sdt-" + random_hex(host_, 6) + (dot == std::string::npos ? ".com" : host.substr(dot));
  q.late = 0ms;
  co_await ask_name(*bench_, q);
}

// A host that is no resolver: who answers for it is on the way. What it says of a name that cannot be tells whether it is
// after our name, or takes all of them.
task<void> session::ask_stranger(tharsis_address at) {
  name_question q;
  q.role = probe_role::stranger;
  q.server.at = at;
  q.server.at.port = 53;
  q.name = wish_.at.host;
  q.most = 600ms;
  q.late = 0ms;
  const name_answer a = co_await ask_name(*bench_, q);
  if (!a.came) co_return;
  q.name = "sdt-" + random_hex(host_, 6) + ".com";
  co_await ask_name(*bench_, q);
}

void session::learn(const std::vector<tharsis_address>& addresses, bool truth) {
  for (tharsis_address a : addresses) {
    a.port = wish_.at.port;
    auto known = std::find_if(sources_.begin(), sources_.end(), [&](const source& s) { return s.address == a; });
    if (known == sources_.end()) {
      sources_.push_back({a, false, false, false});
      known = std::prev(sources_.end());
    }
    (truth ? known->truth : known->system) = true;
    const auto tried = std::count_if(sources_.begin(), sources_.end(), [&](const source& s) { return s.tried && s.address.family == a.family; });
    // What is true is tried in any case, else nobody would know whether the server is well.
    if (known->tried || (!truth && tried >= static_cast<std::ptrdiff_t>(addresses_most / 2)) || sources_.size() > 16) continue;
    known->tried = true;
    branches_.spawn(look_at(a));
  }
}

// What only the network's resolver says, where the truth says something else, is not the target but what stands in its place.
void session::name_roles() {
  const bool known = std::any_of(sources_.begin(), sources_.end(), [](const source& s) { return s.truth; });
  if (!known) return;
  for (const source& s : sources_) {
    const bool same_family = std::any_of(sources_.begin(), sources_.end(), [&](const source& t) { return t.truth && t.address.family == s.address.family; });
    if (s.truth || !same_family) continue;
    const std::string text = to_text(s.address);
    const auto rename = [&](auto& list) {
      for (auto& p : list)
        if (p.role == probe_role::target && p.to == text) p.role = probe_role::answered;
    };
    rename(bench_->seen.connects);
    rename(bench_->seen.handshakes);
    rename(bench_->seen.pages);
    rename(bench_->seen.segments);
  }
}

// ---- the target

task<void> session::look_at(tharsis_address to) {
  bench& b = *bench_;
  const auto over = std::make_shared<signal>(place_);
  if (!wish_.at.loopback) branches_.spawn(explain_if_silent(to, over));
  auto there = co_await connect(b, probe_role::target, to, connect_most);
  over->raise();
  if (!there.wire) {
    // Nothing can be measured there, but perhaps where the other family leads.
    if (deep() && second_best_) branches_.spawn(measure(*second_best_, true));
    if (!wish_.at.loopback) co_await explain_silence(to);
    co_return;
  }
  if (to.family == 6) second_best_ = to;
  if (deep() && !wish_.at.loopback) branches_.spawn(measure(to, false));
  if (wish_.at.has_tls()) {
    co_await shake_hands(std::move(there.wire), to);
    co_return;
  }
  if (!wish_.at.has_http()) co_return;
  auto p = b.start<http_probe>("http", probe_role::target, wish_.at.given);
  url page;
  page.host = wish_.at.host;
  page.port = wish_.at.port;
  page.target = wish_.at.page;
  p.url = page.text();
  p.to = to_text(to);
  co_await ask_page(b, std::move(there.wire), page, page_most, &p);
  b.finish(b.seen.pages, std::move(p));
}

task<void> session::look_at_control(tharsis_address to) {
  auto there = co_await connect(*bench_, probe_role::control, to, connect_most);
  // Another name at another place: who opens TLS on the way opens this as well.
  const bool known = !wish_.canaries.empty() && !wish_.canaries.front().at.empty() && same_ip(wish_.canaries.front().at.front(), to);
  if (there.wire && wish_.at.has_tls() && known && to.port == 443) {
    const std::string name = wish_.canaries.front().page.host;
    co_await try_tls(probe_role::control, std::move(there.wire), to, name, name, nullptr);
  }
  if (deep()) co_await knock(*bench_, probe_role::control, to, 900ms);
}

// Does a tunnel through it stand, where the straight way may not?
task<void> session::look_at_proxy(proxy through) {
  bench& b = *bench_;
  auto p = b.start<proxy_probe>("proxy", probe_role::control, through.text());
  p.configured = through.text();
  auto found = co_await names_.resolve(through.host, b.until(connect_most));
  const bool target = wish_.at.any() && !wish_.at.loopback;
  const std::string host = target ? wish_.at.host : other_name();
  const uint16_t port = target ? wish_.at.port : uint16_t{443};
  if (found && !found->empty() && b.spend(400)) {
    tharsis_address at = found->front();
    at.port = through.port;
    auto tunnel = co_await dial_tunnel(place_, b.net(), at, through, trust_.http1, host, port, b.until(2 * connect_most));
    p.answers = tunnel.ok();
    p.failed = failure_of(tunnel.status());
    if (!tunnel) p.said = tunnel.failure().text.substr(0, 200);
  } else {
    p.failed = failure_of(found.status());
  }
  b.finish(b.seen.proxies, std::move(p));
}

// `over`: the connection stands, or there is none.
task<void> session::explain_if_silent(tharsis_address to, std::shared_ptr<signal> over) {
  const uint32_t raised = co_await over->wait(bench_->until(silent_after));
  if (raised == 0) co_await explain_silence(to);
}

// Does the host answer anything else, and where does the way end?
task<void> session::explain_silence(tharsis_address to) {
  if (std::exchange(explained_[to.family == 6], true)) co_return;
  task_set all(place_);
  all.spawn(knock(*bench_, probe_role::target, to, 900ms));
  all.spawn(trace(*bench_, to));
  tharsis_address other = to;
  other.port = to.port == 443 ? 80 : 443;  // Where a server most likely has a second door, and firewalls let it be.
  all.spawn(connect_only(*bench_, probe_role::other_port, other));
  co_await all.join(bench_->end);
  all.clear();
  // What the last router said of a datagram it says of a connection, too.
  for (const trace_probe& t : bench_->seen.traces) {
    if (t.to != ip_text(to) || t.hops.empty() || t.hops.back().answer != hop_answer::prohibited) continue;
    for (connect_probe& c : bench_->seen.connects) {
      if (c.to != to_text(to) || (c.failed != failure::unreachable && c.failed != failure::denied)) continue;
      c.failed = failure::prohibited;
      c.icmp_type = to.family == 6 ? 1 : 3;
      c.icmp_code = to.family == 6 ? 1 : 13;
      c.icmp_from = t.hops.back().from;
    }
  }
}

std::string session::other_name() const { return wish_.canaries.empty() ? "www.example.com" : wish_.canaries.front().page.host; }

task<void> session::shake_hands(std::unique_ptr<stream> wire, tharsis_address to) {
  bench& b = *bench_;
  std::unique_ptr<tls_trial> secured;
  const tls_outcome how = co_await try_tls(probe_role::target, std::move(wire), to, wish_.at.host, wish_.at.host, &secured);
  if (how == tls_outcome::reset_after_hello || how == tls_outcome::silent_after_hello || how == tls_outcome::closed) {
    co_await explain_tls(to);
    co_return;
  }
  const bool speaks_http = wish_.at.has_http() || (secured && secured->protocol() == "http/1.1");
  if (how != tls_outcome::ok || !speaks_http) co_return;
  if (deep() && !wish_.at.loopback && (to.family == 4 || wish_.at.literal) && !std::exchange(downloaded_, true)) branches_.spawn(measure_down(to, true));
  url page;
  page.secure = true;
  page.host = wish_.at.host;
  page.port = wish_.at.port;
  page.target = wish_.at.page;
  auto p = b.start<http_probe>("http", probe_role::target, page.text());
  p.url = page.text();
  p.to = to_text(to);
  co_await ask_page(b, std::move(secured), page, page_most, &p);
  b.finish(b.seen.pages, std::move(p));
}

task<tls_outcome> session::try_tls(probe_role role, std::unique_ptr<stream> wire, tharsis_address to, std::string sni, std::string expected,
                                   std::unique_ptr<tls_trial>* keep) {
  bench& b = *bench_;
  auto p = b.start<tls_probe>("tls", role, to_text(to) + (sni.empty() ? " without a name" : " as " + sni));
  p.to = to_text(to);
  p.sni = sni;
  if (!trust_.http1 || !b.spend(600)) {
    p.state = probe_state::skip;
    p.said = trust_.why_not;
    p.failed = failure::unsupported;
    b.finish(b.seen.handshakes, std::move(p));
    co_return tls_outcome::not_connected;
  }
  auto* const tcp = static_cast<tcp_stream*>(wire.get());
  const tharsis_handle handle = tcp->handle();
  auto trial = std::make_unique<tls_trial>(place_, std::move(wire), *trust_.http1, sni, expected);
  p.outcome = co_await trial->shake(b.until(tls_most));
  const tls_trial::facts& f = trial->found();
  p.issuer = f.issuer;
  p.subject = f.subject;
  p.version = f.version;
  p.not_before_s = f.not_before_s;
  p.not_after_s = f.not_after_s;
  p.pins = f.pins;
  p.reply_received = f.heard;
  p.said = trial->said();
  int64_t unacked = 0;
  if (b.net().get(b.net().self, handle, "unacked_bytes", &unacked) == THARSIS_OK) p.unacked = unacked > 0 ? 1 : 0;
  if (!wish_.pins.empty() && role == probe_role::target && !f.pins.empty()) {
    const auto pinned = [&](const std::string& pin) { return std::any_of(wish_.pins.begin(), wish_.pins.end(), [&](const key_pin& k) { return pin_text(k) == "sha256/" + pin; }); };
    p.pinned_as_expected = std::any_of(f.pins.begin(), f.pins.end(), pinned);
    if (p.outcome == tls_outcome::ok && !*p.pinned_as_expected) p.outcome = tls_outcome::pin_mismatch;
  }
  const tls_outcome how = p.outcome;
  constexpr failure failures[] = {failure::none,     failure::untrusted, failure::untrusted, failure::untrusted, failure::untrusted, failure::untrusted,
                                  failure::protocol, failure::reset,     failure::timeout,   failure::closed,    failure::other};
  p.failed = failures[static_cast<size_t>(how)];
  p.sent = 600;
  p.received = f.heard ? 2500 : 0;
  b.count_received(p.received);
  b.finish(b.seen.handshakes, std::move(p));
  if (keep != nullptr && how == tls_outcome::ok) *keep = std::move(trial);
  co_return how;
}

task<void> session::contrast(probe_role role, tharsis_address to, std::string sni) {
  auto there = co_await connect(*bench_, probe_role::target, to, connect_most);
  if (!there.wire) co_return;
  co_await try_tls(role, std::move(there.wire), to, sni, wish_.at.host, nullptr);
}

// The name, the size of what comes back, or the server?
task<void> session::explain_tls(tharsis_address to) {
  task_set all(place_);
  all.spawn(contrast(probe_role::other_name, to, other_name()));
  all.spawn(contrast(probe_role::no_name, to, ""));
  all.spawn(contrast(probe_role::target, to, wish_.at.host));
  all.spawn(measure_down(to, false));
  co_await all.join(bench_->end);
  all.clear();
}

// ---- sizes and losses

// The largest that its connection sends, as bytes of IP; 0: not known.
uint32_t session::packet_of(tharsis_address to) const {
  for (const connect_probe& c : bench_->seen.connects)
    if (c.to == to_text(to) && c.mss > 0) return c.mss + (c.timestamps.value_or(false) ? 12 : 0) + (to.family == 6 ? 60 : 40);
  return 0;
}

// IPv4 where there is a choice: what it says of sizes is what stn is told. `anyway`: there is none.
task<void> session::measure(tharsis_address to, bool anyway) {
  if (to.family != 4 && !wish_.at.literal && !anyway) co_return;
  if (std::exchange(measured_, true)) co_return;
  const opening how = wish_.at.has_tls() ? opening::tls_hello : opening::http_head;
  task_set all(place_);
  all.spawn(measure_loss(*bench_, to, how));
  all.spawn(measure_datagrams(*bench_, to));
  all.spawn(measure_echo(*bench_, to, packet_of(to)));
  all.spawn(knock(*bench_, probe_role::target, to, 900ms));
  all.spawn(try_quic(*bench_, to));
  all.spawn(measure_up(to));
  if (wish_.at.has_tls()) all.spawn(try_plain_page(*bench_, to, wish_.at.host));
  if (wish_.at.scheme == "http") all.spawn(measure_down(to, true));
  co_await all.join(bench_->end);
  all.clear();
}

task<void> session::note_stall(task<segment_probe> attempt, bool* stalled) {
  segment_probe p = co_await std::move(attempt);
  *stalled = p.stalled && p.failed == failure::none;
  bench_->finish(bench_->seen.segments, std::move(p));
}

// Twice, for one lost packet may hold one of them up; the second does not wait for the first.
task<bool> session::stalls_twice(std::function<task<segment_probe>()> attempt) {
  bool stalled[2] = {false, false};
  task_set tries(place_);
  tries.spawn(note_stall(attempt(), &stalled[0]));
  co_await tries.join(bench_->until(second_try));
  if (!tries.empty()) tries.spawn(note_stall(attempt(), &stalled[1]));
  co_await tries.join(bench_->end);
  tries.clear();
  co_return stalled[0] && stalled[1];
}

task<void> session::measure_up(tharsis_address to) {
  const opening how = wish_.at.has_tls() ? opening::tls_hello : opening::http_head;
  std::function<task<segment_probe>()> attempt = [this, to, how] { return try_up(*bench_, to, how, 0, 3000, 600ms); };
  const bool stalls = co_await stalls_twice(std::move(attempt));
  if (!stalls) co_return;
  download nothing;
  co_await measure_segments(*bench_, to, how, way_direction::up, nothing);
}

// `http`: the target answers questions for pages. First in small segments, so that it is known how much there is.
task<void> session::measure_down(tharsis_address to, bool http) {
  download what;
  what.host = wish_.at.host;
  what.tls = wish_.at.has_tls();
  what.http = http;
  what.pages = http ? 40 : 0;
  segment_probe small = co_await try_down(*bench_, to, what, 536, 1000ms);
  const bool passed = small.passed && small.failed == failure::none;
  what.expected = small.bytes - small.bytes / 50;  // Some answers are a byte shorter than others.
  bench_->finish(bench_->seen.segments, std::move(small));
  if (!passed || what.expected < 1300) co_return;
  std::function<task<segment_probe>()> attempt = [this, to, what] { return try_down(*bench_, to, what, 0, 600ms); };
  const bool stalls = co_await stalls_twice(std::move(attempt));
  if (!stalls) co_return;
  co_await measure_segments(*bench_, to, opening::tls_hello, way_direction::down, what);
}

}  // namespace tharsis::sdt
