#include "plugins/dns/core/httpdns.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "sdk/pure/address.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/json_value.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::dns {
namespace {

// The vendor takes up to a day; clocks are often some minutes wrong.
constexpr int64_t signature_life = 1800;
constexpr uint32_t httpdns_life_max = 7 * 86'400;

findings httpdns_failure(std::string why) {
  findings f;
  f.why = std::move(why);
  return f;
}

findings httpdns_none(uint32_t life) {
  findings f;
  f.what = findings::kind::no_data;
  f.life = life;
  return f;
}

// Nothing: it is none, or of the other family.
std::optional<tharsis_address> address_of(std::string_view text, uint16_t kind) {
  const auto a = parse_ip(text);
  if (!a || a->family != (kind == type::a ? 4 : 6)) return std::nullopt;
  return *a;
}

void add_once(findings& f, const tharsis_address& a) {
  const bool known = std::any_of(f.addresses.begin(), f.addresses.end(), [&](const auto& o) { return same_ip(o, a); });
  if (!known && f.addresses.size() < found_max) f.addresses.push_back(a);
}

findings found_or_none(findings f) {
  if (f.addresses.empty()) return httpdns_none(f.life);
  f.what = findings::kind::found;
  return f;
}

findings read_tencent(uint16_t kind, std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r' || body.back() == ' ')) body.remove_suffix(1);
  if (body.empty()) return httpdns_none(0);
  const size_t comma = body.rfind(',');
  const auto life = comma == std::string_view::npos ? std::nullopt : whole_number<uint32_t>(body.substr(comma + 1));
  if (!life || *life > httpdns_life_max) return httpdns_failure("its answer is no list of addresses with their life");
  findings f;
  f.life = *life;
  for (std::string_view left = body.substr(0, comma); !left.empty();) {
    const size_t end = std::min(left.find(';'), left.size());
    const auto a = address_of(left.substr(0, end), kind);
    if (!a) return httpdns_failure("its answer holds what is no address of the family that was asked for");
    add_once(f, *a);
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return found_or_none(std::move(f));
}

findings read_aliyun(std::string_view name, uint16_t kind, std::string_view body) {
  const auto all = parse_json(body);
  if (!all || !all->is(json_value::kind::group)) return httpdns_failure("its answer is no JSON object");
  const json_value* host = all->find("host");
  if (host != nullptr && (!host->is(json_value::kind::text) || host->text != name)) return httpdns_failure("its answer is about another name");
  const json_value* list = all->find(kind == type::a ? "ips" : "ipsv6");
  const json_value* life = all->find("ttl");
  const bool understood = (list == nullptr || list->is(json_value::kind::list)) && (all->find("ips") != nullptr || all->find("ipsv6") != nullptr);
  if (!understood) return httpdns_failure("its answer has no list of addresses");
  findings f;
  if (life != nullptr) {
    const auto seconds = life->is(json_value::kind::number) ? whole_number<uint32_t>(life->text) : std::nullopt;
    if (!seconds || *seconds > httpdns_life_max) return httpdns_failure("its answer has a life that is none");
    f.life = *seconds;
  }
  if (list == nullptr) return httpdns_none(f.life);
  for (const json_value& one : list->items) {
    const auto a = one.is(json_value::kind::text) ? address_of(one.text, kind) : std::nullopt;
    if (!a) return httpdns_failure("its answer holds what is no address of the family that was asked for");
    add_once(f, *a);
  }
  return found_or_none(std::move(f));
}

std::optional<std::string> md5_of(const std::string& text) {
  ERR_set_mark();
  std::array<uint8_t, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  const bool done = EVP_Digest(text.data(), text.size(), sum.data(), &size, EVP_md5(), nullptr) == 1;
  ERR_pop_to_mark();
  if (!done) return std::nullopt;
  return hex_text(std::span(sum).first(size));
}

}  // namespace

result<std::string> httpdns_target(const server& to, std::string_view name, uint16_t kind, int64_t now) {
  const std::string host(name);
  if (to.by == way::tencent) return "/d?dn=" + host + "&token=" + to.key + "&ttl=1&type=" + (kind == type::a ? "a" : "aaaa");
  const std::string asked = "?host=" + host + "&query=" + (kind == type::a ? "4" : "6");
  if (to.key.empty()) return to.path + "/d" + asked;
  const std::string until = std::to_string(now + signature_life);
  const auto sum = md5_of(host + "-" + to.key + "-" + until);
  if (!sum) return error{THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no MD5, with which the question would have to be signed"};
  return to.path + "/sign_d" + asked + "&t=" + until + "&s=" + *sum;
}

findings read_httpdns(const server& by, std::string_view name, uint16_t kind, std::string_view body) {
  return by.by == way::tencent ? read_tencent(kind, body) : read_aliyun(name, kind, body);
}

bool is_httpdns_key(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace tharsis::dns
