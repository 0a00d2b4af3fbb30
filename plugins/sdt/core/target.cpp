#include "plugins/sdt/core/target.h"

#include <algorithm>
#include <cctype>

#include "sdk/pure/address.h"
#include "sdk/pure/letters.h"
#include "sdk/pure/url.h"

namespace tharsis::sdt {
namespace {

constexpr uint16_t tls_port = 443;
constexpr std::string_view how = "write a NAME, IP:PORT, tcp://HOST:PORT, tcps://HOST:PORT, http://HOST or https://HOST";

error meaningless(std::string_view text, const std::string& why) {
  // A name and a password would end up in logs.
  if (text.find('@') != std::string_view::npos) return {THARSIS_E_INVALID, "what was given is no target: " + why + "; " + std::string(how)};
  return {THARSIS_E_INVALID, "'" + std::string(text.substr(0, 100)) + "' is no target: " + why + "; " + std::string(how)};
}

// Labels of letters, digits, '-' and '_', not all digits at the end: that would be an address that is none.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  size_t label = 0;
  for (const char c : text) {
    const bool part = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    if (!part && c != '.') return false;
    if (c == '.' && label == 0) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  const std::string_view last = text.substr(text.rfind('.') == std::string_view::npos ? 0 : text.rfind('.') + 1);
  return last.empty() || !std::all_of(last.begin(), last.end(), [](unsigned char c) { return std::isdigit(c); });
}

aim aim_at(std::string_view given, std::string scheme, std::string_view host, uint16_t port) {
  aim a;
  a.given = given;
  a.scheme = std::move(scheme);
  a.host = in_small_letters(host);
  a.port = port;
  if (auto ip = parse_ip(a.host)) {
    ip->port = port;
    a.literal = *ip;
  }
  a.loopback = a.literal ? is_loopback(*a.literal) : a.host == "localhost" || a.host.ends_with(".localhost");
  return a;
}

result<aim> from_url(std::string_view text) {
  const auto u = parse_url(text);
  if (!u) return meaningless(text, u.failure().text);
  if (!parse_ip(u->host) && !is_name(u->host)) return meaningless(text, "'" + u->host + "' is no host");
  aim a = aim_at(text, u->secure ? "https" : "http", u->host, u->port);
  a.page = u->target;
  return a;
}

result<aim> from_endpoint(std::string_view text, std::string_view whole) {
  const std::string_view scheme = whole.substr(0, whole.find("://"));
  if (scheme != "tcp" && scheme != "tcps") return meaningless(text, "there is no way '" + std::string(scheme.substr(0, 20)) + "'");
  const auto e = parse_endpoint(whole);
  if (!e) return meaningless(text, e.failure().text);
  if (e->port == 0) return meaningless(text, "it has no port");
  if (!parse_ip(e->host) && !is_name(e->host)) return meaningless(text, "'" + e->host + "' is no host");
  return aim_at(text, e->scheme, e->host, e->port);
}

}  // namespace

result<aim> parse_aim(std::string_view text) {
  if (text.empty()) return meaningless(text, "it is empty");
  if (text.starts_with("http://") || text.starts_with("https://")) return from_url(text);
  if (text.find("://") != std::string_view::npos) return from_endpoint(text, text);
  if (const auto place = parse_place(text)) {
    if (place->port == 0) return meaningless(text, "an address needs a port");
    return aim_at(text, "tcp", ip_text(*place), place->port);
  }
  if (text.find(':') != std::string_view::npos) return from_endpoint(text, "tcp://" + std::string(text));
  if (!is_name(text)) return meaningless(text, "no host has such a name");
  return aim_at(text, "tcps", std::string(text), tls_port);
}

bool leads_to(std::string_view endpoint, std::string_view host, uint16_t port) {
  const auto at = parse_aim(endpoint);
  return at && at->host == host && at->port == port;
}

}  // namespace tharsis::sdt
