#include "plugins/sdt/core/wish.h"

#include <algorithm>

#include "sdk/pure/address.h"

namespace tharsis::sdt {
namespace {

error no_resolver(std::string_view text, std::string_view why) {
  return {THARSIS_E_INVALID, "'" + std::string(text.substr(0, 100)) + "' is no resolver: " + std::string(why) +
                                 "; write udp://IP, tcp://IP, tls://IP#NAME or https://IP/dns-query#NAME"};
}

struct way {
  std::string_view scheme;
  name_transport over;
  uint16_t port;
};
constexpr way ways[] = {{"udp://", name_transport::udp, 53},
                        {"tcp://", name_transport::tcp, 53},
                        {"tls://", name_transport::tls, 853},
                        {"https://", name_transport::https, 443}};

constexpr uint64_t heavy_budget = 20'000'000;

}  // namespace

void wish::go(depth how) {
  how_deep = how;
  if (how != depth::heavy) return;
  deadline = 2 * deadline;
  if (budget != 0) budget = std::max(budget, heavy_budget);
}

result<trusted_resolver> parse_resolver(std::string_view text) {
  const way* how = nullptr;
  for (const way& w : ways)
    if (text.starts_with(w.scheme)) how = &w;
  if (how == nullptr) return no_resolver(text, "it does not begin with udp://, tcp://, tls:// or https://");
  trusted_resolver r;
  r.over = how->over;
  std::string_view rest = text.substr(how->scheme.size());
  if (const size_t hash = rest.find('#'); hash != std::string_view::npos) {
    r.name = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    r.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (r.over == name_transport::https && r.path.empty()) r.path = "/dns-query";
  if (r.over != name_transport::https && !r.path.empty()) return no_resolver(text, "only https:// has a path");
  const auto at = parse_place(rest);
  if (!at) return no_resolver(text, "its host must be an address, for who should resolve its name?");
  r.at = *at;
  if (r.at.port == 0) r.at.port = how->port;
  if (r.name.empty()) r.name = ip_text(r.at);
  return r;
}

result<canary> parse_canary(std::string_view text) {
  canary c;
  const std::string_view page = text.substr(0, text.find('@'));
  const auto u = parse_url(page);
  if (!u) return error{THARSIS_E_INVALID, "a canary is 'http://host/page' with '@IP' behind it: " + u.failure().text};
  c.page = *u;
  for (std::string_view rest = text.substr(page.size()); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find('@'));
    auto at = parse_ip(word);
    if (!at) return error{THARSIS_E_INVALID, "the canary '" + std::string(page) + "' has '@" + std::string(word.substr(0, 60)) + "', which is no address"};
    at->port = c.page.port;
    c.at.push_back(*at);
    rest.remove_prefix(word.size());
  }
  return c;
}

}  // namespace tharsis::sdt
