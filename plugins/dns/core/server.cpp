#include "plugins/dns/core/server.h"

#include "plugins/dns/core/name.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

constexpr struct { std::string_view scheme; way by; uint16_t port; } ways[] = {
    {"udp://", way::udp, 53}, {"tcp://", way::tcp, 53}, {"tls://", way::tls, 853}, {"https://", way::https, 443}};

error no_server(std::string_view text, const std::string& what) {
  return {THARSIS_E_INVALID, "'" + std::string(text) + "' is no DNS server: " + what};
}

bool belongs_to_path(char c) { return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '\\'; }

}  // namespace

result<server> parse_server(std::string_view text) {
  server s;
  s.text = text;
  uint16_t port = 0;
  std::string_view rest;
  for (const auto& w : ways)
    if (text.starts_with(w.scheme)) s.by = w.by, port = w.port, rest = text.substr(w.scheme.size());
  if (port == 0) return no_server(text, "write udp://IP:PORT, tcp://IP:PORT, tls://IP:PORT#NAME or https://IP:PORT/dns-query#NAME");
  if (const size_t mark = rest.find('#'); mark != std::string_view::npos) {
    s.name = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
    if (!s.vouched()) return no_server(text, "only tls:// and https:// can prove a name; leave '#" + s.name + "' out");
    if (!canonical_name(s.name)) return no_server(text, "behind '#' stands the name that its certificate is for");
  }
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    s.path = rest.substr(slash);
    rest = rest.substr(0, slash);
    for (const char c : s.path)
      if (!belongs_to_path(c)) return no_server(text, "its path has a byte that no path has");
  }
  if (s.by != way::https && !s.path.empty()) return no_server(text, "only https:// has a path");
  if (s.by == way::https && s.path.empty()) s.path = "/dns-query";
  const auto at = parse_place(rest);
  if (!at) return no_server(text, "it is named by its IP address, since nobody could resolve its name; '" + std::string(rest) + "' is none");
  s.at = *at;
  if (s.at.port == 0) s.at.port = port;
  if (s.vouched() && s.name.empty()) s.name = ip_text(s.at);
  return s;
}

}  // namespace tharsis::dns
