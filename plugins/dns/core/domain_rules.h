// What is different for a domain and all names below it; of two that fit the longer one counts. Pure.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/address_range.h"
#include "plugins/dns/core/address_rules.h"
#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/server.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct domain_rule {
  std::string domain;  // As canonical_name() writes it.
  std::optional<trust> mode;  // Nothing: as for all names.
  // Only the network at hand knows it: the system's resolver is asked and nobody else, and private addresses are as good as any.
  bool local = false;
  std::vector<server> servers;  // Empty: those of all names.
  // Where its addresses lie, all of them; one outside is a lie, whoever tells it. Empty: anywhere.
  std::vector<address_range> allowed;
  uint32_t family = 0;  // 4 or 6: what is asked for where the caller leaves it open.
  std::optional<duration> stale_max;

  bool allows(const tharsis_address& a) const { return allowed.empty() || names(a); }
  // It stands among the allowed: a private one is as good as others then.
  bool names(const tharsis_address& a) const {
    for (const address_range& r : allowed)
      if (r.has(a)) return true;
    return false;
  }
};

// Why the name's rule (null: it has none) does not let it have this address; empty: it does.
inline std::string why_forbidden(const domain_rule* rule, const tharsis_address& a) {
  if (rule == nullptr || rule->allows(a)) return {};
  return "dns.domains does not allow it: an address of '" + rule->domain + "' lies elsewhere";
}
// Why no public name has it; empty: one may, or the name's rule says that this one does.
inline std::string why_bogus(const domain_rule* rule, const tharsis_address& a) {
  const std::string_view why = rule != nullptr && rule->names(a) ? std::string_view() : bogus(a);
  return why.empty() ? std::string() : "no public name has " + std::string(why);
}

class domain_rules {
 public:
  // A second one for the same domain is not taken: false.
  bool add(domain_rule rule) {
    node* at = &root_;
    for (std::string_view left = rule.domain; !left.empty();) at = &at->below[std::string(last_label(left))];
    if (at->rule) return false;
    at->rule = rules_.size();
    rules_.push_back(std::move(rule));
    return true;
  }

  // Null: nothing is different for this name. Valid until the next add(). [any thread, without a lock]
  const domain_rule* find(std::string_view canonical) const {
    const auto number = index(canonical);
    return number ? &rules_[*number] : nullptr;
  }
  // Its place among all().
  std::optional<size_t> index(std::string_view canonical) const {
    const node* at = &root_;
    std::optional<size_t> best;
    for (std::string_view left = canonical; !left.empty();) {
      const auto next = at->below.find(last_label(left));
      if (next == at->below.end()) break;
      at = &next->second;
      if (at->rule) best = at->rule;
    }
    return best;
  }

  const std::vector<domain_rule>& all() const { return rules_; }

 private:
  struct node {
    std::map<std::string, node, std::less<>> below;  // By the label before.
    std::optional<size_t> rule;
  };
  // Takes it off.
  static std::string_view last_label(std::string_view& left) {
    const size_t dot = left.rfind('.');
    const std::string_view label = dot == std::string_view::npos ? left : left.substr(dot + 1);
    left = left.substr(0, dot == std::string_view::npos ? 0 : dot);
    return label;
  }

  node root_;
  std::vector<domain_rule> rules_;
};

}  // namespace tharsis::dns
