// What a request of DNS over HTTPS (RFC 8484, 4.1) asks: its message, or with which status it is refused. Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/base64.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {

inline constexpr std::string_view doh_path = "/dns-query";
inline constexpr std::string_view doh_type = "application/dns-message";
inline constexpr size_t doh_body_max = 65'535;

struct doh_request {
  int status = 200;  // Else a refusal, with a sentence.
  std::vector<uint8_t> message;
  std::string_view refusal{};
};

// The value of `name` in "a=b&c=d"; empty: there is none.
inline std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    if (one.substr(0, one.find('=')) == name && one.size() > name.size()) return one.substr(name.size() + 1);
    query.remove_prefix(std::min(query.size(), one.size() + 1));
  }
  return {};
}

// Base64 for URLs (RFC 4648, 5), without padding.
inline std::optional<std::vector<uint8_t>> base64url_bytes(std::string_view text) {
  std::string usual(text);
  for (char& c : usual) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  usual.append((4 - usual.size() % 4) % 4, '=');
  return base64_bytes(usual);
}

// `target` as it was sent: "/dns-query?dns=AAAB". HEAD is asked as GET is.
inline doh_request read_doh_request(std::string_view method, std::string_view target, const http1::field_list& fields, std::string_view body) {
  const size_t mark = target.find('?');
  if (target.substr(0, mark) != doh_path) return {404, {}, "names are asked for at /dns-query\n"};
  if (method == "GET" || method == "HEAD") {
    auto message = base64url_bytes(query_value(mark == std::string_view::npos ? "" : target.substr(mark + 1), "dns"));
    if (!message || message->empty()) return {400, {}, "?dns= has to be a DNS message in base64url without padding\n"};
    return {200, std::move(*message)};
  }
  if (method != "POST") return {405, {}, "names are asked for with GET or POST\n"};
  const std::string_view type = http1::value_of(fields, "content-type");
  if (!http1::same_name(type.substr(0, type.find(';')), doh_type)) return {415, {}, "a question is of type application/dns-message\n"};
  if (body.size() > doh_body_max) return {413, {}, "a DNS message has 65535 bytes at most\n"};
  return {200, std::vector<uint8_t>(body.begin(), body.end())};
}

}  // namespace tharsis::dns
