#include "plugins/sdt/core/login_page.h"

#include "plugins/sdt/core/scene.h"
#include "sdk/pure/url.h"

namespace tharsis::sdt {
namespace {

bool beyond_is_reached(const observations& seen) {
  for (const connect_probe& c : seen.connects)
    if (worked(c) && c.failed == failure::none && !c.to.ends_with(":80")) return true;
  for (const tls_probe& t : seen.handshakes)
    if (worked(t) && t.outcome == tls_outcome::ok) return true;
  return false;
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

}  // namespace tharsis::sdt
