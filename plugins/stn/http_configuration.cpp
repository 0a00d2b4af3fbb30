// stn.http, and short links.
#include <algorithm>

#include "plugins/stn/configuration.h"
#include "plugins/stn/configuration_parts.h"

namespace tharsis::stn {
namespace {

// Whom to trust, and which way to go.
result<http_settings> read_http_ways(const host& from, const std::string& at) {
  http_settings s;
  s.tls.ca = from.text(at + ".tls.ca");
  s.tls.system_store = from.flag(at + ".tls.system_store", s.tls.ca.empty());
  if (auto mistake = read_tls(from, at + ".tls", s.tls)) return std::move(*mistake);
  if (auto mistake = read_proxy(from, at, s.proxy)) return std::move(*mistake);
  s.plain_allowed = from.text(at + ".plain", "refused") == "allowed";
  s.dial = read_race(from, at + ".dial");
  if (const auto spoken = from.texts(at + ".versions"); !spoken.empty()) {
    s.versions.http1 = std::find(spoken.begin(), spoken.end(), "http/1.1") != spoken.end();
    s.versions.http2 = std::find(spoken.begin(), spoken.end(), "h2") != spoken.end();
  }
  return s;
}

http_pool_settings read_pool(const host& from, const std::string& at) {
  http_pool_settings s;
  s.per_origin = from.whole(at + ".per_origin", s.per_origin);
  s.in_all = from.whole(at + ".in_all", s.in_all);
  s.idle = from.wait(at + ".idle", s.idle);
  return s;
}

result<std::vector<url>> read_urls(const host& from, const std::string& at, bool plain_allowed) {
  std::vector<url> all;
  for (const std::string& text : from.texts(at)) {
    const std::string path = at + "." + std::to_string(all.size());
    auto to = parse_url(text);
    if (!to) return wrong(from, path, to.failure().text);
    if (to->target != "/") return wrong(from, path, "'" + to->origin() + "/...' has a path; each task has its own");
    const auto ip = parse_ip(to->host);
    if (!to->secure && !plain_allowed && ip && !is_loopback(*ip))
      return wrong(from, path, "'" + to->origin() + "' would send everything unencrypted; use https://, or set plain: allowed beside it");
    all.push_back(std::move(*to));
  }
  return all;
}

}  // namespace

result<short_link_settings> read_short_link(const host& from, const std::string& name) {
  const std::string at = "short_links." + name;
  short_link_settings s;
  s.name = name;
  auto ways = read_http_ways(from, at);
  if (!ways) return ways.failure();
  s.http = std::move(*ways);
  auto endpoints = read_urls(from, at + ".endpoints", s.http.plain_allowed);
  if (!endpoints) return endpoints.failure();
  if (endpoints->empty()) return wrong(from, at, "a short link needs at least one endpoint, as in endpoints: [\"https://im.example.com\"]");
  s.endpoints = std::move(*endpoints);
  auto fallback = read_urls(from, at + ".fallback", s.http.plain_allowed);
  if (!fallback) return fallback.failure();
  s.fallback = std::move(*fallback);
  s.codec = from.text(at + ".codec", s.codec);
  if (!is_codec_name(s.codec)) return wrong(from, at + ".codec", "a codec's name is a lower-case word, not '" + s.codec + "'");
  for (const std::string& field : from.keys(at + ".headers")) s.headers.push_back({field, from.text(at + ".headers." + field)});
  if (const auto writable = http1::write_head(http1::request_head{"POST", "/", s.headers}); !writable)
    return wrong(from, at + ".headers", writable.failure().text);
  for (const http1::field& f : s.headers)  // Two words about one body are read in two ways.
    if (http1::same_name(f.name, "Content-Length") || http1::same_name(f.name, "Transfer-Encoding"))
      return wrong(from, at + ".headers", f.name + " is set by the short link itself; leave it out");
  s.attempts = from.whole(at + ".attempts", s.attempts);
  s.pause = from.wait(at + ".pause", s.pause);
  s.parallel = from.whole(at + ".parallel", s.parallel);
  s.answer_timeout = from.wait(at + ".answer_timeout", s.answer_timeout);
  s.long_poll_timeout = from.wait(at + ".long_poll_timeout", s.long_poll_timeout);
  s.keep_alive = from.flag(at + ".keep_alive", s.keep_alive);
  s.http.connect_timeout = from.wait(at + ".connect_timeout", s.http.connect_timeout);
  s.http.answer_max = from.whole(at + ".answer_max", s.http.answer_max);
  s.http.pool = {s.parallel, s.parallel * 2, from.wait(at + ".idle", 5s)};
  return s;
}

result<http_settings> read_http(const host& from) {
  auto ways = read_http_ways(from, "http");
  if (!ways) return ways.failure();
  http_settings s = std::move(*ways);
  s.connect_timeout = from.wait("http.connect_timeout", s.connect_timeout);
  s.idle_timeout = from.wait("http.idle_timeout", s.idle_timeout);
  s.total_timeout = from.wait("http.total_timeout", s.total_timeout);
  s.redirects = from.whole("http.redirects", s.redirects);
  s.repeats = from.whole("http.repeats", s.repeats);
  s.answer_max = from.whole("http.answer_max", s.answer_max);
  s.inflated_max = from.whole("http.inflated_max", s.inflated_max);
  s.calls_max = from.whole("http.calls_max", s.calls_max);
  s.pool = read_pool(from, "http.pool");
  return s;
}

}  // namespace tharsis::stn
