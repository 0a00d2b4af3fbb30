#include "plugins/dns/read_settings.h"

#include "plugins/dns/core/name.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {

result<settings> read_settings(const host& tables) {
  settings s;
  s.timeout = tables.wait("timeout", s.timeout);
  s.questions_max = static_cast<size_t>(tables.whole("questions_max", static_cast<int64_t>(s.questions_max)));
  s.cache.ttl = tables.wait("cache.ttl", s.cache.ttl);
  s.cache.negative_ttl = tables.wait("cache.negative_ttl", s.cache.negative_ttl);
  s.cache.ttl_min = tables.wait("cache.ttl_min", s.cache.ttl_min);
  s.cache.ttl_max = tables.wait("cache.ttl_max", s.cache.ttl_max);
  s.cache.negative_ttl_max = tables.wait("cache.negative_ttl_max", s.cache.negative_ttl_max);
  s.cache.stale_max = tables.wait("cache.stale_max", s.cache.stale_max);
  if (s.cache.ttl_min > s.cache.ttl_max)
    return error{THARSIS_E_INVALID, "dns.cache.ttl_min (" + tables.where("cache.ttl_min") + ") is longer than dns.cache.ttl_max; make it shorter"};
  s.cache.entries = static_cast<size_t>(tables.whole("cache.entries", static_cast<int64_t>(s.cache.entries)));
  s.ranked = tables.text("rank", "known") == "known";
  s.budget = tables.wait("budget", s.budget);
  s.other_family = tables.wait("other_family", s.other_family);
  s.udp.again = tables.wait("udp.again", s.udp.again);
  s.udp.late_window = tables.wait("udp.late_window", s.udp.late_window);
  s.tls.ca = tables.text("tls.ca");
  s.tls.system_store = tables.flag("tls.system_store", s.tls.ca.empty());
  s.mode = trust_named(tables.text("mode", "guarded")).value_or(trust::guarded);
  const std::vector<std::string> servers = tables.texts("servers");
  for (size_t i = 0; i < servers.size(); ++i) {
    auto known = parse_server(servers[i]);
    const std::string path = "servers." + std::to_string(i);
    if (!known) return error{THARSIS_E_INVALID, "dns." + path + " (" + tables.where(path) + "): " + known.failure().text};
    s.servers.push_back(std::move(*known));
  }
  if (s.believes_nobody())
    return error{THARSIS_E_INVALID, "dns.mode (" + tables.where("mode") + "): strict believes only servers of tls:// and https://, and dns.servers names none"};
  for (const std::string& key : tables.keys("pins")) {
    const std::string path = "pins." + key;
    const auto wrong = [&](const std::string& at, const std::string& what) {
      return error{THARSIS_E_INVALID, "dns." + at + " (" + tables.where(at) + "): " + what};
    };
    const auto name = canonical_name(key);
    if (!name) return wrong(path, name.failure().text);
    if (parse_ip(*name)) return wrong(path, "'" + *name + "' is an address; only names are pinned");
    auto& addresses = s.pins[*name];
    const std::vector<std::string> texts = tables.texts(path);
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto address = parse_ip(texts[i]);
      if (!address) return wrong(path + "." + std::to_string(i), "'" + texts[i] + "' is no IP address");
      addresses.push_back(*address);
    }
  }
  return s;
}

}  // namespace tharsis::dns
