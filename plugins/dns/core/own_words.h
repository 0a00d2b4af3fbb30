// What the system's resolver may say though no public name has it: what whoever owns this machine has written in its hosts file, and
// addresses of the network at hand, whose intranet may have names of its own below any domain. Pure.
#pragma once
#include <algorithm>
#include <string>

#include "plugins/dns/core/address_rules.h"
#include "plugins/dns/core/domain_rules.h"
#include "plugins/dns/core/hosts_file.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {

struct own_words {
  hosts_file hosts;

  // Why the address cannot be the name's though the system's resolver gives it; empty: it may be. `rule`: of its domain, or null.
  std::string why_not(const std::string& name, const domain_rule* rule, const tharsis_address& a) const {
    if (is_of_an_intranet(a)) return {};
    std::string why = why_bogus(rule, a);
    if (why.empty() || is_nobodys(a)) return why;
    const auto* const line = hosts.find(name);
    const bool written = line != nullptr && std::any_of(line->begin(), line->end(), [&](const auto& one) { return same_ip(one, a); });
    return written ? std::string() : why;
  }
};

}  // namespace tharsis::dns
