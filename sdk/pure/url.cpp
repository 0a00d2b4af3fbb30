#include "sdk/pure/url.h"

#include <algorithm>
#include <charconv>

#include "sdk/pure/address.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/letters.h"

namespace tharsis {
namespace {

constexpr size_t host_max = 253;
constexpr size_t label_max = 63;
constexpr size_t shown_max = 100;
constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_visible(char c) { return c > ' ' && c < 127; }

// The URL as a sentence may show it: no query, odd bytes as '?', and only the scheme where an '@' may follow
// a password.
std::string shown(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return std::string(text.starts_with("https:") ? "https" : "http") + "://...";
  std::string out(text.substr(0, std::min(text.find_first_of("?#"), shown_max)));
  std::replace_if(out.begin(), out.end(), [](char c) { return c != ' ' && !is_visible(c); }, '?');
  return out;
}

error wrong_url(std::string_view text, std::string_view what) {
  return {THARSIS_E_INVALID, "'" + shown(text) + "' is not a usable URL: " + std::string(what) +
                                 "; write it like https://logs.example.com/in"};
}

// What is wrong with a host that is no IP address, or nothing.
std::string_view complaint_about_name(std::string_view name) {
  if (name.empty()) return "the host is missing";
  if (name.size() > host_max) return "the host is longer than 253 characters";
  size_t label = 0;
  for (size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '.') {
      if (i == label) return "the host has an empty part between dots";
      if (i - label > label_max) return "a part of the host is longer than 63 characters";
      label = i + 1;
    } else if (static_cast<unsigned char>(name[i]) >= 128) {
      return "the host has letters beyond ASCII (write it as xn--...)";
    } else if (!is_digit(name[i]) && !is_letter(name[i]) && name[i] != '-' && name[i] != '_') {
      return "the host has a character that no host has";
    }
  }
  const std::string_view last = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  if (std::all_of(last.begin(), last.end(), is_digit) && !parse_ip(name)) return "the host looks like an IP address and is none";
  return {};
}

std::string_view complaint_about_target(std::string_view target) {
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == '%' && (i + 2 >= target.size() || hex_digit(target[i + 1]) < 0 || hex_digit(target[i + 2]) < 0))
      return "a '%' is not followed by two hexadecimal digits";
    if (target[i] == '#') return "it has a fragment ('#...'), which is never sent; leave it out";
    if (!is_visible(target[i]) || std::string_view("\"<>\\^`{|}").find(target[i]) != std::string_view::npos)
      return "the path or query has a character that must be percent-encoded";
  }
  return {};
}

// "host", "host:80", "[::1]:80" into the URL, whose port is the scheme's own.
std::string_view read_authority(std::string_view text, url& into) {
  if (text.find('@') != std::string_view::npos)
    return "it has a user name or password, which would end up in logs; leave it out";
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return "the bracket is not closed";
    const auto ip = parse_ip(text.substr(1, bracket - 1));
    if (!ip || ip->family != 6) return "what stands in brackets is not an IPv6 address";
    into.host = ip_text(*ip);
    port = text.substr(bracket + 1);
    if (!port.empty() && port[0] != ':') return "something stands between the bracket and the port";
  } else {
    const std::string_view name = text.substr(0, text.find(':'));
    if (const auto complaint = complaint_about_name(name); !complaint.empty()) return complaint;
    into.host = in_small_letters(name);
    port = text.substr(name.size());
  }
  if (port.empty()) return {};
  port.remove_prefix(1);
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (failure != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535)
    return "the port is not a number from 1 to 65535";
  into.port = static_cast<uint16_t>(number);
  return {};
}

}  // namespace

result<url> parse_url(std::string_view text) {
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return wrong_url(text, "it does not begin with http:// or https://");
  const std::string scheme = in_small_letters(text.substr(0, colon));
  if (scheme != "http" && scheme != "https") return wrong_url(text, "its scheme is neither http nor https");
  url u;
  u.secure = scheme == "https";
  u.port = u.secure ? 443 : 80;
  const std::string_view rest = text.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto complaint = read_authority(authority, u); !complaint.empty()) return wrong_url(text, complaint);
  const std::string_view target = rest.substr(authority.size());
  if (const auto complaint = complaint_about_target(target); !complaint.empty()) return wrong_url(text, complaint);
  u.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return u;
}

std::string url::authority() const {
  const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  return port == (secure ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string url::place() const {
  return (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string url::origin() const { return (secure ? "https://" : "http://") + authority(); }

std::string url::text() const { return origin() + target; }

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', hex_digits[byte >> 4], hex_digits[byte & 15]};
    }
  }
  return out;
}

result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const bool both = i + 2 < text.size();
    const int high = both ? hex_digit(text[i + 1]) : -1, low = both ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return error{THARSIS_E_INVALID, "byte " + std::to_string(i) + ": a '%' is not followed by two hexadecimal digits"};
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

}  // namespace tharsis
