// What whoever owns this machine has written himself, which the system's resolver repeats: lines of its hosts file, and domains that its
// resolver searches, which are the network's own. Pure.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/address_rules.h"
#include "plugins/dns/core/domain_rules.h"
#include "plugins/dns/core/hosts_file.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"

namespace tharsis::dns {

struct own_words {
  hosts_file hosts;
  std::vector<std::string> searched;  // As canonical_name() writes them, of two labels at least: "com" is nobody's own.

  // "search office.example lan" or "domain office.example", as /etc/resolv.conf has it; all else says nothing here.
  void read_resolver_file(std::string_view text) {
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const std::string_view key = word(line);
      if (key != "search" && key != "domain") continue;
      for (std::string_view w = word(line); !w.empty(); w = word(line))
        if (auto name = canonical_name(w); name && name->find('.') != std::string::npos) searched.push_back(std::move(*name));
    }
  }

  // Why the address cannot be the name's though the system's resolver gives it; empty: it may be. `rule`: of its domain, or null.
  std::string why_not(const std::string& name, const domain_rule* rule, const tharsis_address& a) const {
    std::string why = why_bogus(rule, a);
    if (why.empty() || is_nobodys(a)) return why;
    const auto* const line = hosts.find(name);
    const bool written = line != nullptr && std::any_of(line->begin(), line->end(), [&](const auto& one) { return same_ip(one, a); });
    // Nobody but its owner has names for this machine itself.
    return written || (is_below_searched(name) && !is_loopback(a)) ? std::string() : why;
  }

 private:
  static std::string_view word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    const std::string_view w = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(w.size());
    return w;
  }
  bool is_below_searched(std::string_view name) const {
    return std::any_of(searched.begin(), searched.end(), [&](const std::string& d) {
      return name.ends_with(d) && (name.size() == d.size() || name[name.size() - d.size() - 1] == '.');
    });
  }
};

}  // namespace tharsis::dns
