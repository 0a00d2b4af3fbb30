// Names asked over HTTPS in the forms of two vendors, as these publish them:
//
//   tencent  GET /d?dn=NAME&token=TOKEN&ttl=1&type=a|aaaa     "192.0.2.1;192.0.2.2,300", nothing where there is none
//   aliyun   GET /ACCOUNT/d?host=NAME&query=4|6               {"host":..,"ips":[..],"ipsv6":[..],"ttl":60}
//            GET /ACCOUNT/sign_d?...&t=UNTIL&s=MD5            the same, signed with the account's secret
//
// Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/dns/core/findings.h"
#include "plugins/dns/core/server.h"

namespace tharsis::dns {

// What is asked for; it holds the key or what was made with it, and is not for logs. `now`: seconds since 1970.
//   THARSIS_E_UNSUPPORTED  this machine's OpenSSL has no MD5.
result<std::string> httpdns_target(const server& to, std::string_view name, uint16_t kind, int64_t now);

// No honest answer is longer.
inline constexpr size_t httpdns_answer_max = 16 * 1024;
findings read_httpdns(const server& by, std::string_view name, uint16_t kind, std::string_view body);

// Is this the text of a key: letters, digits, '-' and '_', at most 128?
bool is_httpdns_key(std::string_view text);

}  // namespace tharsis::dns
