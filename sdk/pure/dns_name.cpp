#include "sdk/pure/dns_name.h"

#include <algorithm>
#include <cstdio>

#include "sdk/pure/address.h"
#include "sdk/pure/letters.h"

namespace tharsis::dns {
namespace {

constexpr size_t name_max = 253;  // RFC 1035: 255 octets on the wire.
constexpr size_t label_max = 63;

// An underscore is no host's by the book, but service names and real hosts have it.
bool belongs(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7F) return std::string("'") + c + "'";
  char text[16];
  std::snprintf(text, sizeof text, "byte 0x%02x", byte);
  return text;
}

// "1.2.3" or "0x7f.1": resolvers read such as addresses of an old fashion, and no name ends so.
bool ends_in_number(std::string_view name) {
  std::string_view last = name.substr(name.rfind('.') + 1);
  const bool hex = last.starts_with("0x");
  if (hex) last.remove_prefix(2);
  return std::all_of(last.begin(), last.end(), [&](char c) { return (c >= '0' && c <= '9') || (hex && c >= 'a' && c <= 'f'); });
}

// Each byte as it stands in a canonical name; 0: it does not.
constexpr std::array<char, 256> canonical = [] {
  std::array<char, 256> all{};
  for (char c = 'a'; c <= 'z'; ++c) all[static_cast<unsigned char>(c)] = all[static_cast<unsigned char>(c - 'a' + 'A')] = c;
  for (char c = '0'; c <= '9'; ++c) all[static_cast<unsigned char>(c)] = c;
  for (const char c : {'-', '_', '.'}) all[static_cast<unsigned char>(c)] = c;
  return all;
}();

error wrong(std::string_view what) { return {THARSIS_E_INVALID, std::string(what)}; }

}  // namespace

result<std::string> canonical_name(std::string_view text) {
  if (parse_ip(text)) return std::string(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return wrong("a name to resolve is empty");
  if (text.size() > name_max)
    return wrong("a name has at most 253 bytes, this one has " + std::to_string(text.size()));
  std::string name = in_small_letters(text);
  for (const char c : name) {
    if (belongs(c)) continue;
    const bool foreign = static_cast<unsigned char>(c) >= 0x80;
    return wrong("a name cannot hold " + shown(c) + (foreign ? "; write an international name in its xn-- form" : ""));
  }
  for (size_t from = 0; from <= name.size();) {
    const size_t end = std::min(name.find('.', from), name.size());
    if (end == from) return wrong("the name '" + name + "' has nothing between two dots");
    if (end - from > label_max) return wrong("a part of the name '" + name + "' is longer than 63 bytes");
    from = end + 1;
  }
  if (ends_in_number(name)) return wrong("'" + name + "' is neither an IP address nor a name");
  return name;
}

std::string_view quick_canonical_name(std::string_view text, std::array<char, 256>& room) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > name_max) return {};
  size_t label = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = canonical[static_cast<unsigned char>(text[i])];
    room[i] = c;
    label = c == '.' ? 0 : label + 1;
    if (c == '\0' || label > label_max || (label == 0 && (i == 0 || room[i - 1] == '.'))) return {};
  }
  const std::string_view name(room.data(), text.size());
  // What ends in no digit and has no hexadecimal number at its end is no address.
  const bool may_be_number = label == 0 || (name.back() >= '0' && name.back() <= '9') || name.substr(name.size() - label).starts_with("0x");
  return may_be_number && (label == 0 || ends_in_number(name)) ? std::string_view() : name;
}

}  // namespace tharsis::dns
