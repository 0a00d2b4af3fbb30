#include "plugins/dns/read_settings.h"

#include <optional>
#include <utility>

#include "plugins/dns/read_domains.h"
#include "plugins/dns/read_table_keys.h"
#include "plugins/dns/server_keys.h"
#include "plugins/dns/system_files.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"

namespace tharsis::dns {
namespace {

error wrong_setting(const host& tables, const std::string& path, const std::string& what) {
  return {THARSIS_E_INVALID, "dns." + path + " (" + tables.where(path) + "): " + what};
}

// A key itself, or the path of its file. [may block]
result<table_key> read_table_key(const host& tables, const std::string& given) {
  if (is_table_key_text(given)) return parse_table_key(given, "it");
  if (!given.starts_with('/')) return error{THARSIS_E_INVALID, "'" + given + "' is neither a key nor an absolute path; a file beside the profile is ${config}/" + given};
  const auto read = read_table_keys(tables.files, {given});
  if (!read) return read.failure();
  return read->front();
}

error read_known(const host& tables, settings::known_settings& into) {
  into.again = tables.wait("read_again", into.again);
  into.region = tables.text("region");
  const auto hosts = tables.texts("hosts");
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i] != "system" && !hosts[i].starts_with('/'))
      return wrong_setting(tables, "hosts." + std::to_string(i), "'" + hosts[i] + "' is no absolute path; a file beside the profile is ${config}/" + hosts[i] + ", and the system's is 'system'");
    into.hosts.push_back(hosts[i] == "system" ? system_hosts : hosts[i]);
  }
  into.table_file = tables.text("table.file");
  const auto keys = tables.texts("table.keys");
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string path = "table.keys." + std::to_string(i);
    const auto key = read_table_key(tables, keys[i]);
    if (!key) return wrong_setting(tables, path, key.failure().text);
    into.table_keys.push_back(*key);
  }
  if (!into.table_file.empty() && keys.empty())
    return wrong_setting(tables, "table.file", "whose signature would be good? dns.table.keys has to name a public key");
  return fine();
}

std::optional<error> read_serve(const host& tables, serve_settings& s) {
  s.open = tables.flag("serve.open");
  s.certificate = tables.text("serve.certificate");
  s.key = tables.text("serve.key");
  s.certificate_called = "certificate (" + tables.where("serve.certificate") + ")";
  s.key_called = "key (" + tables.where("serve.key") + ")";
  s.questions_max = static_cast<size_t>(tables.whole("serve.questions_max", static_cast<int64_t>(s.questions_max)));
  s.connections_max = static_cast<size_t>(tables.whole("serve.connections_max", static_cast<int64_t>(s.connections_max)));
  for (const auto& [path, to] : {std::pair("serve.listen", &s.listen), std::pair("serve.https", &s.https)}) {
    const std::string text = tables.text(path);
    if (text.empty()) continue;
    const auto at = place_to_serve(text, "dns." + std::string(path) + " (" + tables.where(path) + ")", s.open, "set dns.serve.open: true");
    if (!at) return at.failure();
    *to = *at;
  }
  if (s.https && (s.certificate.empty() || s.key.empty()))
    return error{THARSIS_E_INVALID, "dns.serve.https (" + tables.where("serve.https") + "): it needs a certificate that its clients trust; set dns.serve.certificate and dns.serve.key"};
  return std::nullopt;
}

// Names and what addresses they have.
error read_addresses(const host& tables, const std::string& map, std::map<std::string, std::vector<tharsis_address>>& into) {
  for (const std::string& key : tables.keys(map)) {
    const std::string path = map + "." + key;
    const auto name = canonical_name(key);
    if (!name) return wrong_setting(tables, path, name.failure().text);
    if (parse_ip(*name)) return wrong_setting(tables, path, "'" + *name + "' is an address; only names have addresses here");
    auto& addresses = into[*name];
    const std::vector<std::string> texts = tables.texts(path);
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto address = parse_ip(texts[i]);
      if (!address) return wrong_setting(tables, path + "." + std::to_string(i), "'" + texts[i] + "' is no IP address");
      addresses.push_back(*address);
    }
  }
  return fine();
}

}  // namespace

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
  s.cache.memory = static_cast<size_t>(tables.whole("cache.memory", static_cast<int64_t>(s.cache.memory)));
  s.cache.stale_wait = tables.wait("cache.stale_wait", s.cache.stale_wait);
  s.cache.stale_unproven = tables.wait("cache.stale_unproven", s.cache.stale_unproven);
  s.cache.keep = tables.flag("cache.keep", s.cache.keep);
  const std::vector<std::string> early = tables.texts("prefetch");
  for (size_t i = 0; i < early.size(); ++i) {
    auto name = canonical_name(early[i]);
    const std::string path = "prefetch." + std::to_string(i);
    if (!name) return error{THARSIS_E_INVALID, "dns." + path + " (" + tables.where(path) + "): " + name.failure().text};
    s.prefetch.push_back(std::move(*name));
  }
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
    if (!known->key_file.empty() && !known->key_file.starts_with('/'))
      return wrong_setting(tables, path, "'" + known->key_file + "' is no absolute path; a file beside the profile is ${config}/" + known->key_file);
    s.servers.push_back(std::move(*known));
  }
  if (const error wrong = load_server_keys(tables.files, s.servers); wrong.status != THARSIS_OK) return wrong_setting(tables, "servers", wrong.text);
  s.health.failures = static_cast<int>(tables.whole("health.failures", s.health.failures));
  s.health.wait = tables.wait("health.wait", s.health.wait);
  s.proof.per_minute = static_cast<size_t>(tables.whole("proof.per_minute", static_cast<int64_t>(s.proof.per_minute)));
  s.proof.port = static_cast<uint16_t>(tables.whole("proof.port", s.proof.port));
  s.proof.life = tables.wait("proof.life", s.proof.life);
  s.proof.timeout = tables.wait("proof.timeout", s.proof.timeout);
  if (auto wrong = read_serve(tables, s.serve)) return std::move(*wrong);
  if (const std::string own = tables.text("host", "off"); own != "off") {
    if (s.servers.empty()) s.servers.push_back(*parse_server("system"));  // Who was asked before is asked still.
    server& source = s.servers.emplace_back();
    source.by = way::host;
    source.text = "host";
    source.trusted_host = own == "trusted";
  }
  if (s.believes_nobody())
    return error{THARSIS_E_INVALID, "dns.mode (" + tables.where("mode") + "): strict believes only servers that prove their name (tls://, https:// and so on), and dns.servers names none"};
  if (const error wrong = read_known(tables, s.known); wrong.status != THARSIS_OK) return wrong;
  if (const error wrong = read_addresses(tables, "pins", s.pins); wrong.status != THARSIS_OK) return wrong;
  if (const error wrong = read_addresses(tables, "last_resort", s.last_resort); wrong.status != THARSIS_OK) return wrong;
  if (const error wrong = read_domains(tables, s); wrong.status != THARSIS_OK) return wrong;
  return s;
}

}  // namespace tharsis::dns
