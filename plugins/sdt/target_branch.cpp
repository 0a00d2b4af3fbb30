#include "plugins/sdt/target_branch.h"

#include <algorithm>
#include <utility>

#include "plugins/sdt/core/scene.h"
#include "plugins/sdt/datagram_probe.h"
#include "plugins/sdt/http_probe.h"
#include "plugins/sdt/tcp_probe.h"
#include "sdk/async/proxy_dial.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {
namespace {

constexpr duration connect_most = 1400ms;   // One lost packet is sent again after a second.
constexpr duration contrast_most = 1100ms;  // A lost packet is sent again here, too.
constexpr duration tls_most = 1500ms;
constexpr duration page_most = 1500ms;
constexpr duration silent_after = 300ms;    // Most answers have come by then; what has not is looked at while it is waited for.

task<void> connect_only(bench& b, probe_role role, tharsis_address to) { co_await connect(b, role, to, contrast_most); }

// Others answered, but not the first time: two packets without an answer say little then.
bool loses_packets(const observations& seen) {
  return std::any_of(seen.connects.begin(), seen.connects.end(), [](const connect_probe& c) { return worked(c) && c.syn_retransmits > 0; });
}

}  // namespace

task<void> target_branch::look_at(tharsis_address to) {
  bench& b = bench_;
  const auto over = std::make_shared<signal>(bench_.place);
  if (!bench_.asked.at.loopback) branches_.spawn(explain_if_silent(to, over));
  auto there = co_await connect(b, probe_role::target, to, connect_most);
  if (there.failed == failure::timeout && bench_.deep() && loses_packets(bench_.seen)) there = co_await connect(b, probe_role::target, to, connect_most);
  over->raise();
  if (!there.wire) {
    // Nothing can be measured there, but perhaps where the other family leads.
    if (bench_.deep() && second_best_) branches_.spawn(sizes_.look(*second_best_, true));
    if (!bench_.asked.at.loopback) co_await explain_silence(to);
    co_return;
  }
  if (to.family == 6) second_best_ = to;
  if (bench_.deep() && !bench_.asked.at.loopback) branches_.spawn(sizes_.look(to, false));
  if (bench_.asked.at.has_tls()) {
    co_await shake_hands(std::move(there.wire), to);
    co_return;
  }
  if (!bench_.asked.at.has_http()) co_return;
  auto p = b.start<http_probe>("http", probe_role::target, bench_.asked.at.given);
  url page;
  page.host = bench_.asked.at.host;
  page.port = bench_.asked.at.port;
  page.target = bench_.asked.at.page;
  p.url = page.text();
  p.to = to_text(to);
  co_await ask_page(b, std::move(there.wire), page, page_most, &p);
  b.finish(b.seen.pages, std::move(p));
}

task<void> target_branch::look_at_control(tharsis_address to) {
  auto there = co_await connect(bench_, probe_role::control, to, connect_most);
  // Another name at another place: who opens TLS on the way opens this as well.
  const bool known = !bench_.asked.canaries.empty() && !bench_.asked.canaries.front().at.empty() && same_ip(bench_.asked.canaries.front().at.front(), to);
  if (there.wire && bench_.asked.at.has_tls() && known && to.port == 443) {
    const std::string name = bench_.asked.canaries.front().page.host;
    co_await try_tls(probe_role::control, std::move(there.wire), to, name, name, nullptr);
  }
  if (bench_.deep()) co_await knock(bench_, probe_role::control, to, 900ms);
}

// Does a tunnel through it stand, where the straight way may not?
task<void> target_branch::look_at_proxy(proxy through) {
  bench& b = bench_;
  auto p = b.start<proxy_probe>("proxy", probe_role::control, through.text());
  p.configured = through.text();
  auto found = co_await bench_.names.resolve(through.host, b.until(connect_most));
  const bool target = bench_.asked.at.any() && !bench_.asked.at.loopback;
  const std::string host = target ? bench_.asked.at.host : other_name();
  const uint16_t port = target ? bench_.asked.at.port : uint16_t{443};
  if (found && !found->empty() && b.spend(400)) {
    tharsis_address at = found->front();
    at.port = through.port;
    auto tunnel = co_await dial_tunnel(bench_.place, b.net(), at, through, bench_.trusted.http1, host, port, b.until(2 * connect_most));
    p.answers = tunnel.ok();
    p.failed = failure_of(tunnel.status());
    if (!tunnel) p.said = tunnel.failure().text.substr(0, 200);
  } else {
    p.failed = failure_of(found.status());
  }
  b.finish(b.seen.proxies, std::move(p));
}

// `over`: the connection stands, or there is none.
task<void> target_branch::explain_if_silent(tharsis_address to, std::shared_ptr<signal> over) {
  const uint32_t raised = co_await over->wait(bench_.until(silent_after));
  if (raised == 0) co_await explain_silence(to);
}

// Hop by hop, and where it does not arrive that to a control: only then, for hosts tell of few closed ports in a second, and what else asks the
// control for that has its answer by now.
task<void> target_branch::follow_way(tharsis_address to) {
  co_await trace(bench_, probe_role::target, to, 900ms);
  const auto& traces = bench_.seen.traces;
  const auto own = std::find_if(traces.begin(), traces.end(), [&](const trace_probe& t) { return t.role == probe_role::target && t.to == ip_text(to); });
  if (own == traces.end() || std::any_of(own->hops.begin(), own->hops.end(), is_end)) co_return;
  const auto& controls = bench_.asked.controls;
  const auto control = std::find_if(controls.begin(), controls.end(), [&](const tharsis_address& c) { return c.family == to.family && !same_ip(c, to); });
  if (control != controls.end()) co_await trace(bench_, probe_role::control, *control, 250ms);
}

// Does the host answer anything else, and where does the way end?
task<void> target_branch::explain_silence(tharsis_address to) {
  if (std::exchange(explained_[to.family == 6], true)) co_return;
  task_set all(bench_.place);
  all.spawn(knock(bench_, probe_role::target, to, 900ms));
  all.spawn(follow_way(to));
  tharsis_address other = to;
  other.port = to.port == 443 ? 80 : 443;  // Where a server most likely has a second door, and firewalls let it be.
  all.spawn(connect_only(bench_, probe_role::other_port, other));
  co_await all.join(bench_.end);
  all.clear();
  // What the last router said of a datagram it says of a connection, too.
  for (const trace_probe& t : bench_.seen.traces) {
    if (t.to != ip_text(to) || t.hops.empty() || t.hops.back().answer != hop_answer::prohibited) continue;
    for (connect_probe& c : bench_.seen.connects) {
      if (c.to != to_text(to) || (c.failed != failure::unreachable && c.failed != failure::denied)) continue;
      c.failed = failure::prohibited;
      c.icmp_type = to.family == 6 ? 1 : 3;
      c.icmp_code = to.family == 6 ? 1 : 13;
      c.icmp_from = t.hops.back().from;
    }
  }
}

std::string target_branch::other_name() const { return bench_.asked.canaries.empty() ? "www.example.com" : bench_.asked.canaries.front().page.host; }

task<void> target_branch::shake_hands(std::unique_ptr<stream> wire, tharsis_address to) {
  bench& b = bench_;
  std::unique_ptr<tls_trial> secured;
  const tls_outcome how = co_await try_tls(probe_role::target, std::move(wire), to, bench_.asked.at.host, bench_.asked.at.host, &secured);
  if (how == tls_outcome::reset_after_hello || how == tls_outcome::silent_after_hello || how == tls_outcome::closed) {
    co_await explain_tls(to);
    co_return;
  }
  const bool speaks_http = bench_.asked.at.has_http() || (secured && secured->protocol() == "http/1.1");
  if (how != tls_outcome::ok || !speaks_http) co_return;
  if (bench_.deep() && !bench_.asked.at.loopback && (to.family == 4 || bench_.asked.at.literal) && !std::exchange(downloaded_, true)) branches_.spawn(sizes_.look_down(to, true));
  url page;
  page.secure = true;
  page.host = bench_.asked.at.host;
  page.port = bench_.asked.at.port;
  page.target = bench_.asked.at.page;
  auto p = b.start<http_probe>("http", probe_role::target, page.text());
  p.url = page.text();
  p.to = to_text(to);
  co_await ask_page(b, std::move(secured), page, page_most, &p);
  b.finish(b.seen.pages, std::move(p));
}

task<tls_outcome> target_branch::try_tls(probe_role role, std::unique_ptr<stream> wire, tharsis_address to, std::string sni, std::string expected,
                                   std::unique_ptr<tls_trial>* keep) {
  bench& b = bench_;
  auto p = b.start<tls_probe>("tls", role, to_text(to) + (sni.empty() ? " without a name" : " as " + sni));
  p.to = to_text(to);
  p.sni = sni;
  if (!bench_.trusted.http1 || !b.spend(600)) {
    p.state = probe_state::skip;
    p.said = bench_.trusted.why_not;
    p.failed = failure::unsupported;
    b.finish(b.seen.handshakes, std::move(p));
    co_return tls_outcome::not_connected;
  }
  auto* const tcp = static_cast<tcp_stream*>(wire.get());
  const tharsis_handle handle = tcp->handle();
  auto trial = std::make_unique<tls_trial>(bench_.place, std::move(wire), *bench_.trusted.http1, sni, expected);
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
  if (!bench_.asked.pins.empty() && role == probe_role::target && !f.pins.empty()) {
    const auto pinned = [&](const std::string& pin) { return std::any_of(bench_.asked.pins.begin(), bench_.asked.pins.end(), [&](const key_pin& k) { return pin_text(k) == "sha256/" + pin; }); };
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

task<void> target_branch::contrast(probe_role role, tharsis_address to, std::string sni) {
  auto there = co_await connect(bench_, probe_role::target, to, connect_most);
  if (!there.wire) co_return;
  co_await try_tls(role, std::move(there.wire), to, sni, bench_.asked.at.host, nullptr);
}

// The name, the size of what comes back, or the server?
task<void> target_branch::explain_tls(tharsis_address to) {
  task_set all(bench_.place);
  all.spawn(contrast(probe_role::other_name, to, other_name()));
  all.spawn(contrast(probe_role::no_name, to, ""));
  all.spawn(contrast(probe_role::target, to, bench_.asked.at.host));
  all.spawn(sizes_.look_down(to, false));
  co_await all.join(bench_.end);
  all.clear();
}

}  // namespace tharsis::sdt
