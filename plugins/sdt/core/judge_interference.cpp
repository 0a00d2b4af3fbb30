// Somebody in the middle of plain HTTP. TLS beside it shows what would have come.
#include <algorithm>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

const probe* sound_tls(const scene& s) {
  for (const tls_probe& t : s.seen.handshakes)
    if (worked(t) && t.outcome == tls_outcome::ok) return &t;
  for (const http_probe& h : s.seen.pages)
    if (worked(h) && h.url.starts_with("https://") && h.status > 0 && h.status < 400) return &h;
  return nullptr;
}

// From http to https of the same host, or to one of its house, is what servers do; who forges pages has no name there.
bool leads_elsewhere(const http_probe& h) {
  if (h.status < 300 || h.status > 399 || h.location.find("://") == std::string::npos) return false;
  const std::string_view from = host_of_url(h.url), to = host_of_url(h.location);
  return from != to && !is_beneath(to, from) && !is_beneath(from, to);
}

// What the target's server itself says to those who ask over TLS, which nobody on the way can replace.
struct own_page {
  const http_probe* says = nullptr;
  bool leads_there_too = false;  // It sends its visitors to the same host.
};
own_page own_page_of(const scene& s, const http_probe& plain) {
  own_page own;
  for (const http_probe& h : s.seen.pages) {
    if (h.role != probe_role::target || !worked(h) || !h.url.starts_with("https://") || h.status <= 0 || h.status >= 400) continue;
    own.says = &h;
    own.leads_there_too = own.leads_there_too || (leads_elsewhere(h) && host_of_url(h.location) == host_of_url(plain.location));
  }
  return own;
}

// A page whose true answer is known.
void accuse_known(const scene& s, const http_probe& h, claim& c) {
  const bool replaced = h.body == page_body::foreign;  // Else nothing was there to compare it with.
  c.because(h, replaced ? 3.5 : 2.5);
  const probe* const tls = sound_tls(s);
  if (tls == nullptr) return;
  c.unlike(*tls, 1);
  if (replaced) c.proven();
}

// Its server may send its visitors wherever it likes; only that it does not over TLS tells that somebody else did.
void accuse_unknown(const scene& s, const http_probe& h, const own_page& own, claim& c) {
  c.because(h, h.body == page_body::foreign ? 2 : 1.5);
  if (own.says == nullptr) return;
  c.unlike(*own.says, 1.5);
  for (const http_probe& control : s.seen.pages)
    if (&control != &h && is_plain_http(control) && worked(control) && control.body == page_body::as_expected) c.unlike(control, 1);
}

void judge_foreign_page(const scene& s, findings_list& found) {
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !is_plain_http(h) || h.body == page_body::as_expected) continue;
    const bool known = h.role == probe_role::canary || h.role == probe_role::control;
    const bool replaced = h.body == page_body::foreign && (known || h.status == 451 || h.status == 403);
    const own_page own = known ? own_page{} : own_page_of(s, h);
    if (!replaced && (!leads_elsewhere(h) || own.leads_there_too)) continue;
    const std::string url = h.location.empty() ? h.url : h.location;
    claim c(verdict_code::http_injection);
    c.with("url", url).detail(h.url + " -> " + std::to_string(h.status) + " " + h.location);
    known ? accuse_known(s, h, c) : accuse_unknown(s, h, own, c);
    if (found.add(c.asks_for("use_tls"))) return;
  }
}

void judge_changes(const scene& s, findings_list& found) {
  claim body(verdict_code::content_rewrite), headers(verdict_code::header_rewrite),
      proxy(verdict_code::transparent_http_proxy);
  bool any_body = false, any_headers = false, any_proxy = false;
  std::vector<std::string> names;
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !is_plain_http(h)) continue;
    if (h.body == page_body::altered) any_body = true, body.proven_by(h).detail(h.url + " has another body");
    if (!h.via.empty()) any_proxy = true, proxy.proven_by(h).detail("Via: " + h.via);
    if (!h.nonce_kept) any_proxy = true, proxy.because(h, 3).contrast(0).detail(h.url + " came from a cache");
    if (!h.odd_line_kept)
      any_proxy = true, proxy.because(h, 3).contrast(1).detail("the first line of " + h.url + " was written anew on its way");
    if (h.headers_added.empty() && h.headers_changed.empty()) continue;
    any_headers = true, headers.proven_by(h);
    names.insert(names.end(), h.headers_added.begin(), h.headers_added.end());
    names.insert(names.end(), h.headers_changed.begin(), h.headers_changed.end());
  }
  for (const proxy_probe& p : s.seen.proxies)
    if (ran(p) && p.accepted_closed_port)
      any_proxy = true, proxy.proven_by(p).detail(p.target + " is open, and nobody listens there");
  if (any_body) found.add(body.asks_for("use_tls"));
  // A proxy that tells of itself adds headers too; it is one thing.
  if (any_headers && !any_proxy)
    found.add(headers.with("headers", joined(names)).detail(joined(names)).asks_for("use_tls"));
  if (any_proxy) found.add(proxy.asks_for("use_tls"));
}

}  // namespace

void judge_interference(const scene& s, findings_list& found) {
  judge_foreign_page(s, found);
  judge_changes(s, found);
}

}  // namespace tharsis::sdt
