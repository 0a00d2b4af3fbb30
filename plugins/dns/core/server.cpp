#include "plugins/dns/core/server.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"

namespace tharsis::dns {
namespace {

constexpr struct { std::string_view scheme; way by; uint16_t port; } ways[] = {
    {"udp://", way::udp, 53}, {"tcp://", way::tcp, 53}, {"tls://", way::tls, 853}, {"https://", way::https, 443},
    {"tencent://", way::tencent, 443}, {"aliyun://", way::aliyun, 443}};

error no_server(std::string_view text, const std::string& what) {
  return {THARSIS_E_INVALID, "'" + std::string(text) + "' is no DNS server: " + what};
}

bool belongs_to_path(char c) { return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '\\'; }

// "?token=FILE" of tencent, which needs one; "?secret=FILE" of aliyun. What is wrong, or nothing.
std::string take_key_file(std::string_view& rest, server& into) {
  const std::string_view word = into.by == way::tencent ? "token=" : "secret=";
  const size_t mark = rest.find('?');
  if (mark == std::string_view::npos) return into.by == way::tencent ? "it wants a token: write tencent://IP?token=FILE#NAME, the file with it" : "";
  const std::string_view query = rest.substr(mark + 1);
  if (!query.starts_with(word) || query.size() == word.size()) return "behind '?' stands " + std::string(word) + "FILE, the file with the key";
  into.key_file = query.substr(word.size());
  rest = rest.substr(0, mark);
  return {};
}

std::string wrong_path(const server& s) {
  for (const char c : s.path)
    if (!belongs_to_path(c)) return "its path has a byte that no path has";
  if (s.by == way::aliyun) {
    const bool is = s.path.size() > 1 && std::all_of(s.path.begin() + 1, s.path.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
    return is ? "" : "behind the address stands the account: write aliyun://IP/ACCOUNT#NAME";
  }
  return s.by == way::https || s.path.empty() ? "" : "only https:// has a path";
}

}  // namespace

result<server> parse_server(std::string_view text) {
  server s;
  s.text = text;
  uint16_t port = 0;
  std::string_view rest;
  for (const auto& w : ways)
    if (text.starts_with(w.scheme)) s.by = w.by, port = w.port, rest = text.substr(w.scheme.size());
  if (text == "system") {
    s.by = way::system;
    return s;
  }
  if (port == 0) return no_server(text, "write udp://IP:PORT, tcp://IP:PORT, tls://IP:PORT#NAME, https://IP:PORT/dns-query#NAME, tencent://IP?token=FILE#NAME, aliyun://IP/ACCOUNT#NAME or system");
  if (const size_t mark = rest.find('#'); mark != std::string_view::npos) {
    s.name = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
    if (!s.vouched()) return no_server(text, "only tls://, https://, tencent:// and aliyun:// can prove a name; leave '#" + s.name + "' out");
    if (!canonical_name(s.name)) return no_server(text, "behind '#' stands the name that its certificate is for");
  }
  if (s.by == way::tencent || s.by == way::aliyun)
    if (const std::string wrong = take_key_file(rest, s); !wrong.empty()) return no_server(text, wrong);
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    s.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (const std::string wrong = wrong_path(s); !wrong.empty()) return no_server(text, wrong);
  if (s.by == way::https && s.path.empty()) s.path = "/dns-query";
  const auto at = parse_place(rest);
  if (!at) return no_server(text, "it is named by its IP address, since nobody could resolve its name; '" + std::string(rest) + "' is none");
  s.at = *at;
  if (s.at.port == 0) s.at.port = port;
  if (s.vouched() && s.name.empty()) s.name = ip_text(s.at);
  return s;
}

}  // namespace tharsis::dns
