// A thousand proven names as dns keeps them, for figures that begin with them.
#pragma once
#include <string>

#include "plugins/dns/core/proven_file.h"
#include "sdk/pure/address.h"

namespace tharsis::bench {

inline constexpr size_t names_count = 1000;
inline constexpr const char* names_source = "tls://127.0.0.1:1#dns.test";  // Nobody answers there.
inline std::string name_of(size_t i) { return "service" + std::to_string(i) + ".region.example.com"; }

inline dns::answer answer_of_name(size_t i) {
  const std::string low = std::to_string(i % 250);
  dns::answer a{THARSIS_OK, THARSIS_DNS_SERVERS, {}, {}};
  for (const std::string& ip : {"192.0.2." + low, "198.51.100." + low, "2001:db8::" + low, "2001:db8:1::" + low}) {
    a.addresses.push_back(*parse_ip(ip));
    a.candidates.push_back({a.addresses.back(), names_source, true, "a trusted server says so"});
  }
  a.trusted = true;
  a.verdict = "proven";
  a.life = 24h;
  return a;
}
inline void fill(dns::cache& c, size_t count, instant now) {
  for (size_t i = 0; i < count; ++i) (void)c.put({name_of(i), 0}, answer_of_name(i), now, true);
}
// As it stood on the disk at `wall`, seconds.
inline std::string names_file(int64_t wall) {
  dns::cache c({});
  fill(c, names_count, instant{1h});
  return dns::write_proven(c, {}, instant{1h}, wall);
}

}  // namespace tharsis::bench
