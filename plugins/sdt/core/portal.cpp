#include "plugins/sdt/core/portal.h"

#include <algorithm>

#include "sdk/pure/url.h"

namespace tharsis::sdt {
namespace {

constexpr double portal_sure_ms = 250;  // A TLS handshake would be over on most ways.

// A page of known content that came as something else.
bool is_foreign(const http_probe& h) {
  return ran(h) && h.status > 0 &&
         (h.body == page_body::foreign || (h.status >= 300 && h.status < 400 && !h.location.empty()) ||
          h.status == 511);
}

// Somebody beyond the portal proved who it is: in a handshake, with a page, or with an answer about a name.
const probe* tls_that_works(const scene& s) {
  for (const tls_probe& t : s.seen.handshakes)
    if (worked(t) && t.outcome == tls_outcome::ok) return &t;
  for (const http_probe& h : s.seen.pages)
    if (!is_plain_http(h) && worked(h) && h.status > 0) return &h;
  for (const name_probe& n : s.seen.names)
    if (n.role == probe_role::truth && ran(n) && n.rcode >= 0 && is_encrypted(n.over)) return &n;
  return nullptr;
}

// Something passes by who sent this page: a known page that came as it is, or a target, not of the web, that takes connections, and
// whose handshake did not fail.
bool passes_by(const scene& s, const http_probe& forged) {
  for (const http_probe& h : s.seen.pages)
    if ((h.role == probe_role::canary || h.role == probe_role::control) && worked(h) && h.body == page_body::as_expected) return true;
  const auto fails = [](const tls_probe& t) { return t.role == probe_role::target && ran(t) && t.outcome != tls_outcome::ok; };
  if (s.about.scheme == "http" || std::any_of(s.seen.handshakes.begin(), s.seen.handshakes.end(), fails)) return false;
  const auto login = parse_url(forged.location);
  return std::any_of(s.seen.connects.begin(), s.seen.connects.end(), [&](const connect_probe& c) {
    const std::string_view host = host_of(c.to);
    const bool is_portal = host == host_of(forged.to) || host == s.about.network.gateway || (login && host == login->host);
    return c.role == probe_role::target && worked(c) && !c.to.ends_with(":80") && !is_portal;
  });
}

bool beyond_is_reached(const observations& seen) {
  for (const connect_probe& c : seen.connects)
    if (worked(c) && c.failed == failure::none && !c.to.ends_with(":80")) return true;
  for (const tls_probe& t : seen.handshakes)
    if (worked(t) && t.outcome == tls_outcome::ok) return true;
  return false;
}

// What still waits for an answer waits for the portal: pages that are known came as something else, all of them, something beside HTTP is
// shut, and neither is anything proved to be who it is nor does the target take a connection.
bool everything_waits(const observations& seen, const std::vector<http_probe>& early) {
  size_t foreign = 0;
  for (const auto* const pages : {&seen.pages, &early}) {
    for (const http_probe& h : *pages) {
      if (h.role != probe_role::canary || h.status == 0) continue;
      if (h.body == page_body::as_expected || h.url.starts_with("https://")) return false;
      foreign += h.body == page_body::foreign || !h.location.empty() ? 1 : 0;
    }
  }
  return foreign >= 2;
}

// In the time of a few round trips nobody beyond the login has taken a connection: that says so much that no silence need be waited for.
bool at_login_nearby(observations seen, const std::vector<http_probe>& early, double ms) {
  double far_ms = 0;
  for (const passive_probe& p : seen.live) far_ms = std::max(far_ms, p.rtt_ms.value_or(0));
  if (ms < 3 * far_ms) return false;
  seen.pages.insert(seen.pages.end(), early.begin(), early.end());
  return login_nearby(seen).has_value();
}

}  // namespace

std::optional<login_page> login_nearby(const observations& seen) {
  if (beyond_is_reached(seen)) return {};
  login_page found;
  std::string host;
  for (const http_probe& h : seen.pages) {
    if (h.role != probe_role::canary || !is_plain_http(h) || h.status == 0) continue;
    if (h.status < 300 || h.status > 399) return {};
    const auto to = parse_url(h.location);
    if (!to || (to->host != seen.about.network.gateway && !leads_nowhere(to->host)) || (!host.empty() && to->host != host)) return {};
    host = to->host;
    if (found.url.empty()) found.url = h.location;
    found.sent_there.push_back(&h);
  }
  return found.sent_there.size() >= 2 ? std::optional(std::move(found)) : std::nullopt;
}

bool is_surely_behind_portal(const observations& seen, const std::vector<http_probe>& early, double ms) {
  if (ms < portal_sure_ms || !everything_waits(seen, early)) return false;
  if (at_login_nearby(seen, early, ms)) return true;
  bool beside = false;
  for (const tls_probe& t : seen.handshakes) {
    if (t.outcome == tls_outcome::ok) return false;
    beside = beside || t.state == probe_state::fail;
  }
  for (const connect_probe& c : seen.connects) {
    if (c.role == probe_role::target && c.failed == failure::none) return false;
    beside = beside || (c.role != probe_role::closed_port && (c.failed == failure::timeout || c.failed == failure::refused));
  }
  return beside;
}

// A login page in place of a page that is known, and no TLS beside it: somebody could answer it, nobody does.
bool judge_portal(const scene& s, findings_list& found) {
  if (tls_that_works(s) != nullptr) return false;
  if (const auto login = login_nearby(s.seen)) {
    claim c(verdict_code::captive_portal);
    for (const http_probe* h : login->sent_there) c.again(*h, 3);
    for (const connect_probe& t : s.seen.connects)
      if (scene::silent(t)) c.proven_by(t, 2);
    return found.add(c.with("url", login->url).detail("known pages are sent to " + login->url).asks_for("open_portal", {login->url}));
  }
  for (const http_probe& h : s.seen.pages) {
    const bool known = h.role == probe_role::canary || h.role == probe_role::control;
    if (!known || !is_plain_http(h) || !is_foreign(h) || passes_by(s, h)) continue;
    const std::string url = h.location.empty() ? h.url : h.location;
    claim c(verdict_code::captive_portal);
    c.because(h, 3);
    bool beside = false;
    const auto closed = [&](const probe& p) { beside = true, c.proven_by(p, 2); };
    for (const tls_probe& t : s.seen.handshakes)
      if (ran(t) && t.state == probe_state::fail) closed(t);
    for (const connect_probe& t : s.seen.connects)
      if (scene::silent(t) || (ran(t) && t.failed == failure::refused && t.role != probe_role::closed_port)) closed(t);
    for (const http_probe& t : s.seen.pages)
      if (!is_plain_http(t) && ran(t) && t.state == probe_state::fail) closed(t);
    if (!beside) continue;
    return found.add(c.with("url", url)
                         .detail(h.url + " -> " + std::to_string(h.status) + " " + h.location)
                         .asks_for("open_portal", {url}));
  }
  return false;
}

}  // namespace tharsis::sdt
