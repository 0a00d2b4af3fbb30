#include "plugins/dns/read_domains.h"

#include <algorithm>

#include "plugins/dns/server_keys.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"

namespace tharsis::dns {
namespace {

class domain_reader {
 public:
  domain_reader(const host& tables, const std::string& key, const settings& all) : tables_(tables), at_("domains." + key), key_(key), all_(all) {}

  result<domain_rule> read() {
    const auto name = canonical_name(key_);
    if (!name) complain("", name.failure().text + (key_.find('*') == std::string::npos ? "" : "; a domain has all names below it, write it without '*'"));
    else if (parse_ip(*name)) complain("", "'" + *name + "' is an address; rules are for domains");
    else rule_.domain = *name;
    const std::string word = tables_.text(at_ + ".class");
    rule_.local = word == "local";
    rule_.mode = rule_.local ? trust::guarded : trust_named(word);
    const std::string family = tables_.text(at_ + ".family", "both");
    rule_.family = family == "ipv4" ? 4 : family == "ipv6" ? 6 : 0;
    if (!tables_.where(at_ + ".stale_max").empty()) rule_.stale_max = tables_.wait(at_ + ".stale_max");
    read_ranges();
    read_servers();
    if (wrong_.status != THARSIS_OK) return wrong_;
    return rule_;
  }

 private:
  void complain(const std::string& path, const std::string& what) {
    if (wrong_.status == THARSIS_OK) wrong_ = {THARSIS_E_INVALID, "dns." + at_ + path + " (" + tables_.where(at_ + path) + "): " + what};
  }
  void read_ranges() {
    const auto texts = tables_.texts(at_ + ".allowed");
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto range = parse_range(texts[i]);
      if (range) rule_.allowed.push_back(*range);
      else complain(".allowed." + std::to_string(i), range.failure().text);
    }
  }
  void read_servers() {
    const auto texts = tables_.texts(at_ + ".servers");
    for (size_t i = 0; i < texts.size(); ++i) {
      auto known = parse_server(texts[i]);
      const std::string path = ".servers." + std::to_string(i);
      if (!known) complain(path, known.failure().text);
      else if (!known->key_file.empty() && !known->key_file.starts_with('/')) complain(path, "'" + known->key_file + "' is no absolute path; a file beside the profile is ${config}/" + known->key_file);
      else rule_.servers.push_back(std::move(*known));
    }
    if (rule_.local && !texts.empty()) complain(".servers", "class local asks the system's resolver and nobody else; leave the servers or the class out");
    if (wrong_.status == THARSIS_OK)
      if (const error wrong = load_server_keys(tables_.files, rule_.servers); wrong.status != THARSIS_OK) complain(".servers", wrong.text);
    if (wrong_.status == THARSIS_OK && all_.of(rule_).believes_nobody())
      complain(".class", "strict believes only servers that prove their name (tls://, https:// and so on), and there is none for this domain");
  }

  const host& tables_;
  const std::string at_, key_;
  const settings& all_;
  domain_rule rule_;
  error wrong_ = fine();
};

}  // namespace

error read_domains(const host& tables, settings& into) {
  for (const std::string& key : tables.keys("domains")) {
    auto rule = domain_reader(tables, key, into).read();
    if (!rule) return rule.failure();
    if (!into.domains.add(std::move(*rule))) return {THARSIS_E_INVALID, "dns.domains." + key + " (" + tables.where("domains." + key) + "): the domain stands here twice"};
  }
  return fine();
}

}  // namespace tharsis::dns
