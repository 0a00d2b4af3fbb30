#include "sdk/pure/address.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>

namespace tharsis {
namespace {

error not_an_ip(std::string_view text) {
  return {THARSIS_E_INVALID, "'" + std::string(text) + "' is not an IP address"};
}

// A decimal number without leading zeros, or nothing.
std::optional<unsigned> decimal(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return {};
  unsigned value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value > most) return {};
  return value;
}

bool parse_v4(std::string_view text, uint8_t* into) {
  for (int i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return false;
    const auto part = decimal(text.substr(0, dot), 255);
    if (!part) return false;
    into[i] = static_cast<uint8_t>(*part);
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return text.empty();
}

bool parse_group(std::string_view text, uint16_t& value) {
  if (text.empty() || text.size() > 4) return false;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return failure == std::errc() && end == text.data() + text.size();
}

// Fills 16 bytes; "::" stands once for as many zero groups as are missing.
bool parse_v6(std::string_view text, uint8_t* into) {
  std::array<uint8_t, 16> bytes{};
  size_t filled = 0;
  std::optional<size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (filled == 16) return false;
    const size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      if (filled > 12 || !parse_v4(part, bytes.data() + filled)) return false;
      filled += 4;
      break;
    }
    uint16_t group = 0;
    if (!parse_group(part, group)) return false;
    bytes[filled++] = static_cast<uint8_t>(group >> 8);
    bytes[filled++] = static_cast<uint8_t>(group & 0xff);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // A single colon at the end.
    if (text.front() == ':') {
      if (gap) return false;
      gap = filled;
      text.remove_prefix(1);
    }
  }
  if (gap ? filled > 14 : filled != 16) return false;
  const size_t head = gap.value_or(16);
  std::memset(into, 0, 16);
  std::memcpy(into, bytes.data(), head);
  std::memcpy(into + 16 - (filled - std::min(head, filled)), bytes.data() + std::min(head, filled),
              filled - std::min(head, filled));
  return true;
}

size_t ip_size(const tharsis_address& address) { return address.family == 4 ? 4 : 16; }

}  // namespace

result<tharsis_address> parse_ip(std::string_view text) {
  tharsis_address address{};
  if (text.find(':') != std::string_view::npos) {
    if (!parse_v6(text, address.ip)) return not_an_ip(text);
    address.family = 6;
  } else {
    if (!parse_v4(text, address.ip)) return not_an_ip(text);
    address.family = 4;
  }
  return address;
}

std::string ip_text(const tharsis_address& a) {
  char buffer[8];
  std::string text;
  if (a.family == 4) {
    for (int i = 0; i < 4; ++i) text += (i ? "." : "") + std::to_string(a.ip[i]);
    return text;
  }
  if (a.family != 6) return "none";
  int best = -1, best_length = 1;  // The longest run of at least two zero groups becomes "::".
  for (int i = 0; i < 8; ++i) {
    int n = 0;
    while (i + n < 8 && a.ip[2 * (i + n)] == 0 && a.ip[2 * (i + n) + 1] == 0) ++n;
    if (n > best_length) best = i, best_length = n;
  }
  for (int i = 0; i < 8;) {
    if (i == best) {
      text += "::";
      i += best_length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::snprintf(buffer, sizeof buffer, "%x", a.ip[2 * i] << 8 | a.ip[2 * i + 1]);
    text += buffer;
    ++i;
  }
  return text;
}

std::string to_text(const tharsis_address& a) {
  const std::string ip = ip_text(a);
  return (a.family == 6 ? "[" + ip + "]" : ip) + ":" + std::to_string(a.port);
}

std::string place_text(const tharsis_address& a) { return a.port == 0 ? ip_text(a) : to_text(a); }

bool same_ip(const tharsis_address& a, const tharsis_address& b) {
  return a.family == b.family && std::memcmp(a.ip, b.ip, ip_size(a)) == 0;
}

bool operator==(const tharsis_address& a, const tharsis_address& b) {
  return same_ip(a, b) && a.port == b.port && a.scope == b.scope;
}

bool is_loopback(const tharsis_address& a) {
  static constexpr uint8_t one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return a.family == 4 ? a.ip[0] == 127 : a.family == 6 && std::memcmp(a.ip, one, 16) == 0;
}

std::string endpoint::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return scheme + "://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<tharsis_address> parse_place(std::string_view text) {
  if (auto ip = parse_ip(text)) return ip;
  const auto place = parse_endpoint("ip://" + std::string(text));
  auto ip = place ? parse_ip(place->host) : result<tharsis_address>(not_an_ip(text));
  if (!ip || place->port == 0)
    return error{THARSIS_E_INVALID, "'" + std::string(text) + "' is no address; write it like 192.0.2.1, 192.0.2.1:443, 2001:db8::1 or [2001:db8::1]:443"};
  ip->port = place->port;
  return ip;
}

result<endpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return error{THARSIS_E_INVALID, "'" + std::string(text) + "' is not an endpoint: " + std::string(what) +
                                        "; write it like tcps://im.example.com:443"};
  };
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return wrong("the scheme is missing");
  endpoint e;
  e.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  const size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string_view::npos) return wrong("the bracket is not closed");
  const size_t port = rest.find(':', bracket);
  if (port == std::string_view::npos) return wrong("the port is missing");
  const auto number = decimal(rest.substr(port + 1), 65535);
  if (!number) return wrong("the port is not a number from 0 to 65535");
  e.port = static_cast<uint16_t>(*number);
  e.host = bracket ? rest.substr(1, bracket - 1) : rest.substr(0, port);
  if (bracket && port != bracket + 1) return wrong("something stands between the bracket and the port");
  if (e.host.empty()) return wrong("the host is missing");
  for (const char c : e.host)
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '@') return wrong("the host has a byte that no host has");
  if (bracket && !parse_ip(e.host)) return wrong("what stands in brackets is not an IPv6 address");
  return e;
}

}  // namespace tharsis
