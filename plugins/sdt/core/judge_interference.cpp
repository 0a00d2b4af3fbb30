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

std::string_view host_of_url(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") == url.npos ? 0 : url.find("://") + 3));
  return host_of(url.substr(0, url.find_first_of("/?#")));
}
// From http to https of the same host is what servers do.
bool leads_elsewhere(const http_probe& h) {
  return h.status >= 300 && h.status < 400 && !h.location.empty() && h.location.find("://") != std::string::npos &&
         host_of_url(h.location) != host_of_url(h.url);
}

void judge_foreign_page(const scene& s, findings_list& found) {
  for (const http_probe& h : s.seen.pages) {
    if (!ran(h) || !is_plain_http(h)) continue;
    const bool known = h.role == probe_role::canary || h.role == probe_role::control;
    const bool foreign =
        leads_elsewhere(h) || (h.body == page_body::foreign && (known || h.status == 451 || h.status == 403));
    if (!foreign) continue;
    const std::string url = h.location.empty() ? h.url : h.location;
    claim c(verdict_code::http_injection);
    c.because(h, known ? 3.5 : 2).with("url", url).detail(h.url + " -> " + std::to_string(h.status) + " " + h.location);
    if (const probe* tls = sound_tls(s)) c.unlike(*tls, 1);
    // A server may send its visitors elsewhere; that a page of known content never does so is what proves it.
    for (const http_probe& control : s.seen.pages)
      if (&control != &h && is_plain_http(control) && worked(control) && control.body == page_body::as_expected)
        c.unlike(control, 1);
    if (known && sound_tls(s) != nullptr) c.proven();
    found.add(c.asks_for("use_tls"));
    return;
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
      any_proxy = true, proxy.because(h, 3).contrast(0).detail("a malformed line was not passed on");
    if (h.headers_added.empty() && h.headers_changed.empty()) continue;
    any_headers = true, headers.proven_by(h);
    names.insert(names.end(), h.headers_added.begin(), h.headers_added.end());
    names.insert(names.end(), h.headers_changed.begin(), h.headers_changed.end());
  }
  for (const proxy_probe& p : s.seen.proxies)
    if (ran(p) && p.accepted_closed_port)
      any_proxy = true, proxy.proven_by(p).detail("a port on which nobody listens is open");
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
