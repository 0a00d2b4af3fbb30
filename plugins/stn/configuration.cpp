#include "plugins/stn/configuration.h"

#include "plugins/stn/configuration_parts.h"
#include "plugins/stn/core/stays_here.h"

namespace tharsis::stn {
namespace {

error wrong_line(const link_line& line, const std::string& what) { return {THARSIS_E_INVALID, line.command_name + ": " + what}; }

}  // namespace

result<settings> read_settings(const host& tables) {
  settings s;
  for (const std::string& name : tables.keys("links")) {
    link_settings link = read_link(tables, name);
    auto endpoints = read_endpoints(tables, "links." + name, link);
    if (!endpoints) return endpoints.failure();
    link.endpoints = std::move(*endpoints);
    if (auto mistake = read_sources(tables, link)) return std::move(*mistake);
    if (auto mistake = mistake_in(tables, link)) return std::move(*mistake);
    s.links.push_back(std::move(link));
  }
  s.tasks = read_tasks(tables);
  s.outbox = read_outbox_settings(tables);
  s.streams = read_streams(tables);
  if (s.streams.pace.flight_min > s.streams.pace.flight_first || s.streams.pace.flight_first > s.streams.pace.flight_max)
    return error{THARSIS_E_INVALID, "stn.streams: flight_min is at most flight_first, and that at most flight_max"};
  auto http = read_http(tables);
  if (!http) return http.failure();
  s.http = std::move(*http);
  s.activity = read_activity(tables);
  s.sync = read_sync(tables);
  s.weak = read_weak(tables);
  s.breaker = read_breaker(tables);
  s.extra = read_extra(tables);
  s.heals = tables.flag("heal.use", s.heals);
  for (const std::string& name : tables.keys("short_links")) {
    auto link = read_short_link(tables, name);
    if (!link) return link.failure();
    s.short_links.push_back(std::move(*link));
  }
  for (const std::string& name : tables.keys("groups")) {
    auto group = read_group(tables, name, s.links);
    if (!group) return group.failure();
    s.groups.push_back(std::move(*group));
  }
  for (const std::string& name : tables.keys("minor_links")) {
    auto minor = read_minor(tables, name, s.links);
    if (!minor) return minor.failure();
    s.minor_links.push_back(std::move(*minor));
  }
  return s;
}

result<settings> read_settings(const host& tables, const link_line& line, const line_files& files) {
  for (const std::string& name : tables.keys("links"))
    if (name != "main") return wrong_line(line, "--set links." + name + ": there is one link here, links.main");
  link_settings link = read_link(tables, "main", files.ca);
  link.endpoints = line.endpoints;
  link.user = line.user.value_or(link.user);
  link.codec = line.codec.value_or(link.codec);
  link.client_version = line.client_version.value_or(link.client_version);
  link.plain_allowed = link.plain_allowed || line.plain;
  if (auto mistake = read_sources(tables, link)) return std::move(*mistake);
  if (!line.addresses.empty()) link.debug_addresses = line.addresses;
  if (line.through) {
    link.proxy.from = proxy_settings::source::named;
    link.proxy.named = *line.through;
  }
  if (!files.certificate.empty()) {
    link.tls.certificate = files.certificate;
    link.tls.key = files.key;
  }
  if (!line.pins.empty()) link.tls.pins = line.pins;
  for (const endpoint& e : link.endpoints) {
    if (e.scheme == "tcp" && !link.plain_allowed && !stays_here(e.host))
      return wrong_line(line, e.text() + " would send everything unencrypted; use tcps://, or say --plain");
    if (e.scheme == "tcps" && link.tls.ca.empty() && !link.tls.system_store)
      return wrong_line(line, "no certificate is trusted; name the server's authority with --ca");
  }
  if (auto mistake = mistake_in(tables, link)) return std::move(*mistake);
  settings s{{std::move(link)}, read_tasks(tables), {}, {}, {}, {}};
  s.streams = read_streams(tables);
  s.extra = read_extra(tables);
  return s;
}

result<link_settings> read_link_alone(const host& tables) {
  link_settings link = read_link(tables, "main");
  if (auto mistake = mistake_in(tables, link)) return std::move(*mistake);
  return link;
}

}  // namespace tharsis::stn
