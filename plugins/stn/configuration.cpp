#include "plugins/stn/configuration.h"

#include <algorithm>
#include <optional>

#include "plugins/stn/core/link_endpoint.h"
#include "plugins/stn/core/stays_here.h"
#include "sdk/pure/nearest.h"

namespace tharsis::stn {
namespace {

error wrong(const host& from, const std::string& path, const std::string& what) {
  return {THARSIS_E_INVALID, from.where(path) + ": stn." + path + ": " + what};
}

// The schema's defaults stand in plugin.yaml; those of settings.h are for who has no manifest.
heartbeat_settings read_heartbeat(const host& from, const std::string& at) {
  heartbeat_settings s;
  s.interval_min = from.wait(at + ".interval_min", s.interval_min);
  s.interval_max = from.wait(at + ".interval_max", s.interval_max);
  s.step = from.wait(at + ".step", s.step);
  s.pong_timeout = from.wait(at + ".pong_timeout", s.pong_timeout);
  s.grow_after = from.whole(at + ".grow_after", s.grow_after);
  s.shrink_after = from.whole(at + ".shrink_after", s.shrink_after);
  s.settle = from.whole(at + ".settle", s.settle);
  s.relearn_after = from.wait(at + ".relearn_after", s.relearn_after);
  s.foreground_shortest = from.text(at + ".foreground", "shortest") == "shortest";
  s.late = from.wait(at + ".late", s.late);
  s.pong_timeout_late = from.wait(at + ".pong_timeout_late", s.pong_timeout_late);
  s.early = from.whole(at + ".early", s.early);
  return s;
}

// But `fresh`, which has a key of its own.
void read_pauses(const host& from, const std::string& at, pause_table& t) {
  t.used = from.wait(at + ".used", t.used);
  t.long_used = from.wait(at + ".long", t.long_used);
  t.left = from.wait(at + ".left", t.left);
  t.inactive = from.wait(at + ".inactive", t.inactive);
}

reconnect_settings read_reconnect(const host& from, const std::string& at) {
  reconnect_settings s;
  s.pause_min = from.wait(at + ".pause_min", s.pause_min);
  s.pauses.fresh = from.wait(at + ".pause_max", s.pauses.fresh);
  read_pauses(from, at + ".pauses", s.pauses);
  s.pauses_wanted.fresh = from.wait(at + ".pause_wanted", s.pauses_wanted.fresh);
  read_pauses(from, at + ".pauses_wanted", s.pauses_wanted);
  s.grows = from.text(at + ".grows", "doubling") == "at_once" ? reconnect_settings::growth::at_once : reconnect_settings::growth::doubling;
  s.jitter = from.whole(at + ".jitter", s.jitter);
  s.spread_foreground = from.wait(at + ".spread_foreground", s.spread_foreground);
  s.spread = from.wait(at + ".spread", s.spread);
  s.spread_lively = from.wait(at + ".spread_lively", s.spread_lively);
  for (size_t i = 0; i < from.texts(at + ".ladder").size(); ++i) s.ladder.push_back(from.wait(at + ".ladder." + std::to_string(i)));
  s.ladder_soon = from.wait(at + ".ladder_soon", s.ladder_soon);
  s.pause_no_network = from.wait(at + ".pause_no_network", s.pause_no_network);
  s.pause_no_account = from.wait(at + ".pause_no_account", s.pause_no_account);
  s.pause_no_account_inactive = from.wait(at + ".pause_no_account_inactive", s.pause_no_account_inactive);
  s.account_expected = from.text(at + ".account", "told") == "expected";
  s.refused_min = from.wait(at + ".refused_min", s.refused_min);
  s.refused_max = from.wait(at + ".refused_max", s.refused_max);
  s.lived = from.wait(at + ".lived", s.lived);
  s.lived_lively = from.wait(at + ".lived_lively", s.lived_lively);
  s.outage_share = from.whole(at + ".outage_share", s.outage_share);
  return s;
}

auth_settings read_auth(const host& from, const std::string& at) {
  auth_settings s;
  const std::string use = from.text(at + ".use", "optional");
  s.when = use == "off" ? auth_settings::use::off : use == "required" ? auth_settings::use::required : auth_settings::use::optional;
  s.attempts = from.whole(at + ".attempts", s.attempts);
  return s;
}

second_way_settings read_second_way(const host& from, const std::string& at) {
  second_way_settings s;
  const std::string when = from.text(at + ".when", "idle");
  s.when = when == "never" ? second_way_settings::use::never : when == "unconfirmed" ? second_way_settings::use::unconfirmed : second_way_settings::use::idle;
  s.idle_after = from.wait(at + ".idle_after", s.idle_after);
  s.patience = from.whole(at + ".patience", s.patience);
  s.patience_least = from.wait(at + ".patience_least", s.patience_least);
  s.patience_unknown = from.wait(at + ".patience_unknown", s.patience_unknown);
  s.pause_min = from.wait(at + ".pause_min", s.pause_min);
  s.pause_max = from.wait(at + ".pause_max", s.pause_max);
  return s;
}

move_settings read_moves(const host& from, const std::string& at) {
  move_settings s;
  s.follow = from.flag(at + ".follow", s.follow);
  s.most = from.whole(at + ".most", s.most);
  s.per = from.wait(at + ".per", s.per);
  s.within_max = from.wait(at + ".within_max", s.within_max);
  s.valid_max = from.wait(at + ".valid_max", s.valid_max);
  return s;
}

signalling_settings read_signalling(const host& from, const std::string& at) {
  signalling_settings s;
  const std::string by = from.text(at + ".by", "udp");
  s.by = by == "off" ? signalling_settings::way::off : by == "link" ? signalling_settings::way::link : signalling_settings::way::udp;
  s.period = from.wait(at + ".period", s.period);
  s.keep = from.wait(at + ".keep", s.keep);
  return s;
}

lane_settings read_lanes(const host& from, const std::string& at) {
  lane_settings s;
  s.on = from.text(at + ".use", "auto") == "auto";
  s.max = from.whole(at + ".max", s.max);
  s.max_metered = from.whole(at + ".max_metered", s.max_metered);
  return s;
}

hedge_settings read_hedge(const host& from, const std::string& at) {
  hedge_settings s;
  s.on = from.text(at + ".use", "auto") == "auto";
  s.copies = from.whole(at + ".copies", s.copies);
  s.budget = from.whole(at + ".budget", s.budget);
  return s;
}

// What links and the HTTP client have in common.
dial_settings read_race(const host& from, const std::string& at) {
  dial_settings s;
  s.stagger = from.wait(at + ".stagger", s.stagger);
  s.stagger_min = from.wait(at + ".stagger_min", s.stagger_min);
  s.stagger_max = from.wait(at + ".stagger_max", s.stagger_max);
  s.by = from.text(at + ".rank") == "given" ? dial_settings::rank::given : dial_settings::rank::known;
  s.small_segments = from.text(at + ".small_segments", "auto") == "auto";
  return s;
}

dial_settings read_dial(const host& from, const std::string& at) {
  dial_settings s = read_race(from, at);
  s.parallel = from.whole(at + ".parallel", s.parallel);
  s.timeout = from.wait(at + ".timeout", s.timeout);
  s.verify = from.flag(at + ".verify", s.verify);
  const std::string first = from.text(at + ".first", "given");
  s.ties = from.text(at + ".ties") == "given" ? dial_settings::order::given : dial_settings::order::own;
  s.first = first == "v4" ? dial_settings::family::v4 : first == "v6" ? dial_settings::family::v6 : dial_settings::family::given;
  s.addresses = from.whole(at + ".addresses", s.addresses);
  s.addresses_background = from.whole(at + ".addresses_background", s.addresses_background);
  s.backups = from.whole(at + ".backups", s.backups);
  s.mss = from.whole(at + ".mss", s.mss);
  return s;
}

result<std::vector<tharsis_address>> read_addresses(const host& from, const std::string& at) {
  std::vector<tharsis_address> all;
  for (const std::string& text : from.texts(at)) {
    const auto a = parse_place(text);
    if (!a) return wrong(from, at + "." + std::to_string(all.size()), a.failure().text);
    all.push_back(*a);
  }
  return all;
}

std::optional<error> read_tls(const host& from, const std::string& at, tls_settings& s) {
  s.certificate = from.text(at + ".certificate");
  s.key = from.text(at + ".key");
  if (s.certificate.empty() != s.key.empty())
    return wrong(from, at + (s.key.empty() ? ".certificate" : ".key"), "a certificate and its key are named together, in certificate: and key:");
  s.from_1_2 = from.text(at + ".min_version", "1.3") == "1.2";
  s.resume = from.flag(at + ".resume", s.resume);
  s.early_data = from.text(at + ".early_data", "never") == "keyed";
  for (const std::string& text : from.texts(at + ".pins")) {
    const auto pin = parse_pin(text);
    if (!pin) return wrong(from, at + ".pins." + std::to_string(s.pins.size()), pin.failure().text);
    s.pins.push_back(*pin);
  }
  return {};
}

std::optional<error> read_proxy(const host& from, const std::string& at, proxy_settings& s) {
  const std::string text = from.text(at + ".proxy", "system");
  s.direct = from.text(at + ".proxy_fallback", "never") == "direct";
  s.pause = from.wait(at + ".proxy_pause", s.pause);
  if (text == "none" || text == "system") {
    s.from = text == "none" ? proxy_settings::source::none : proxy_settings::source::system;
    return {};
  }
  auto named = parse_proxy(text);
  if (!named) return wrong(from, at + ".proxy", named.failure().text + "; or system, or none");
  s.from = proxy_settings::source::named;
  s.named = std::move(*named);
  return {};
}

// What stands beside the endpoints.
std::optional<error> read_sources(const host& from, link_settings& s) {
  const std::string at = "links." + s.name;
  if (auto mistake = read_tls(from, at + ".tls", s.tls)) return mistake;
  if (auto mistake = read_proxy(from, at, s.proxy)) return mistake;
  auto backup = read_addresses(from, at + ".backup.addresses");
  if (!backup) return backup.failure();
  auto debug = read_addresses(from, at + ".debug_addresses");
  if (!debug) return debug.failure();
  s.backup.addresses = std::move(*backup);
  s.debug_addresses = std::move(*debug);
  s.backup.return_every = from.wait(at + ".backup.return_every", s.backup.return_every);
  return {};
}

result<std::vector<endpoint>> read_endpoints(const host& from, const std::string& at,
                                             const link_settings& s) {
  std::vector<endpoint> all;
  for (const std::string& text : from.texts(at + ".endpoints")) {
    const std::string path = at + ".endpoints." + std::to_string(all.size());
    const auto e = link_endpoint(text, terms_of(s), at);
    if (!e) return wrong(from, path, e.failure().text);
    all.push_back(*e);
  }
  if (all.empty())
    return wrong(from, at,
                 "a link needs at least one endpoint, as in endpoints: [\"tcps://im.example.com:443\"]");
  return all;
}

// All but the endpoints. `ca`: trusted instead of what the settings say, unless it is empty.
link_settings read_link(const host& from, const std::string& name, const std::string& ca = {}) {
  const std::string at = "links." + name;
  link_settings s;
  s.name = name;
  s.codec = from.text(at + ".codec", s.codec);
  for (const std::string& key : from.keys(at + ".codec_settings")) s.codec_settings.emplace_back(key, from.text(at + ".codec_settings." + key));
  s.tls.ca = ca.empty() ? from.text(at + ".tls.ca") : ca;
  s.tls.system_store = from.flag(at + ".tls.system_store", s.tls.ca.empty());
  s.user = from.text(at + ".user");
  s.client_version = static_cast<uint32_t>(from.whole(at + ".client_version", s.client_version));
  s.plain_allowed = from.text(at + ".plain", "refused") == "allowed";
  s.eager = from.text(at + ".eager", "keyed") == "keyed";
  s.udp = from.text(at + ".udp", "auto") == "auto";
  s.on_demand = from.text(at + ".keep", "always") == "on_demand";
  s.idle_after = from.wait(at + ".idle_after", s.idle_after);
  s.connect_timeout = from.wait(at + ".connect_timeout", s.connect_timeout);
  s.answer_timeout = from.wait(at + ".answer_timeout", s.answer_timeout);
  s.doubt_timeout = from.wait(at + ".doubt_timeout", s.doubt_timeout);
  s.second_way = read_second_way(from, at + ".second_way");
  s.heartbeat = read_heartbeat(from, at + ".heartbeat");
  s.reconnect = read_reconnect(from, at + ".reconnect");
  s.auth = read_auth(from, at + ".auth");
  s.signalling = read_signalling(from, at + ".signalling");
  s.dial = read_dial(from, at + ".dial");
  s.lanes = read_lanes(from, at + ".lanes");
  s.hedge = read_hedge(from, at + ".hedge");
  s.moves = read_moves(from, at + ".moves");
  return s;
}

std::optional<error> mistake_in(const host& from, const link_settings& s) {
  const std::string at = "links." + s.name;
  if (s.user.size() > user_size_max)
    return wrong(from, at + ".user", "a user's name has at most " + std::to_string(user_size_max) + " bytes");
  if (!is_codec_name(s.codec)) return wrong(from, at + ".codec", "a codec's name is a lower-case word, like mars or length-prefixed, not '" + s.codec + "'");
  if (const auto* codec = built_in_codec(s.codec))  // Others may come later.
    if (const auto tried = framing::open(*codec, THARSIS_STN_CLIENT, s.client_version, s.codec_settings); !tried)
      return wrong(from, at + (s.codec_settings.empty() ? ".codec" : ".codec_settings"), tried.failure().text);
  if (s.second_way.pause_min > s.second_way.pause_max)
    return wrong(from, at + ".second_way.pause_min", "is longer than pause_max");
  if (s.heartbeat.interval_min > s.heartbeat.interval_max)
    return wrong(from, at + ".heartbeat.interval_min", "is longer than interval_max");
  if (s.reconnect.pause_min > s.reconnect.pauses.fresh)
    return wrong(from, at + ".reconnect.pause_min", "is longer than pause_max");
  if (s.dial.stagger_min > s.dial.stagger_max) return wrong(from, at + ".dial.stagger_min", "is longer than stagger_max");
  if (s.dial.mss > 0 && s.dial.mss < 88) return wrong(from, at + ".dial.mss", "no system takes segments below 88 bytes; 0: as it likes");
  if (s.reconnect.refused_min > s.reconnect.refused_max)
    return wrong(from, at + ".reconnect.refused_min", "is longer than refused_max");
  return {};
}

sync_settings read_sync(const host& from) {
  sync_settings s;
  s.account = from.wait("sync.account", s.account);
  s.no_account = from.wait("sync.no_account", s.no_account);
  s.inactive = from.wait("sync.inactive", s.inactive);
  s.no_network = from.whole("sync.no_network", s.no_network);
  return s;
}

activity_settings read_activity(const host& from) {
  activity_settings s;
  s.fresh = from.wait("activity.fresh", s.fresh);
  s.long_used = from.wait("activity.long", s.long_used);
  s.inactive = from.wait("activity.inactive", s.inactive);
  return s;
}

breaker_settings read_breaker(const host& from) {
  breaker_settings s;
  s.use = from.flag("breaker.use", s.use);
  s.window = from.wait("breaker.window", s.window);
  s.least = from.whole("breaker.least", s.least);
  s.share = from.whole("breaker.share", s.share);
  s.open_min = from.wait("breaker.open_min", s.open_min);
  s.open_max = std::max(from.wait("breaker.open_max", s.open_max), s.open_min);
  s.probe = from.wait("breaker.probe", s.probe);
  return s;
}

weak_settings read_weak(const host& from) {
  weak_settings s;
  s.mark = from.wait("weak.mark", s.mark);
  s.slow_connect = from.wait("weak.slow_connect", s.slow_connect);
  s.slow_byte = from.wait("weak.slow_byte", s.slow_byte);
  s.slow_task = from.wait("weak.slow_task", s.slow_task);
  s.good_task = from.wait("weak.good_task", s.good_task);
  s.least = from.wait("weak.least", s.least);
  return s;
}

void read_network_times(const host& from, const std::string& at, network_times& t) {
  t.first_byte = from.wait(at + "first_byte", t.first_byte);
  t.first_byte_max = from.wait(at + "first_byte_max", t.first_byte_max);
  t.first_byte_excellent = from.wait(at + "first_byte_excellent", t.first_byte_excellent);
  t.rate = from.whole(at + "rate", t.rate);
  t.each_ahead = from.wait(at + "each_ahead", t.each_ahead);
  t.gap = from.wait(at + "gap", t.gap);
}

}  // namespace

outbox_settings read_outbox_settings(const host& from) {
  outbox_settings s;
  s.use = from.text("outbox.use", "off") == "on";
  s.count = from.whole("outbox.count", s.count);
  s.bytes = from.whole("outbox.bytes", s.bytes);
  s.ttl = from.wait("outbox.ttl", s.ttl);
  s.sync_each = from.text("outbox.sync", "each") == "each";
  s.key_file = from.text("outbox.key_file");
  return s;
}

namespace {

stream_settings read_streams(const host& from) {
  stream_settings s;
  if (from.text("streams.when") == "wifi") s.when_allowed = stream_settings::when::wifi;
  s.streams_max = from.whole("streams.streams_max", s.streams_max);
  s.memory_max = from.whole("streams.memory_max", s.memory_max);
  s.idle_after = from.wait("streams.idle_after", s.idle_after);
  s.retry_after = from.wait("streams.retry_after", s.retry_after);
  s.retry_after_max = from.wait("streams.retry_after_max", s.retry_after_max);
  s.progress_every = from.wait("streams.progress_every", s.progress_every);
  s.pace.queue = from.wait("streams.queue", s.pace.queue);
  s.pace.flight_first = from.whole("streams.flight_first", s.pace.flight_first);
  s.pace.flight_min = from.whole("streams.flight_min", s.pace.flight_min);
  s.pace.flight_max = from.whole("streams.flight_max", s.pace.flight_max);
  return s;
}

task_settings read_tasks(const host& from) {
  task_settings s;
  s.timeout = from.wait("tasks.timeout", s.timeout);
  s.waiting_max = from.whole("tasks.waiting_max", s.waiting_max);
  s.body_max = from.whole("tasks.body_max", s.body_max);
  s.retries = from.whole("tasks.retries", s.retries);
  s.stop = from.wait("tasks.stop", s.stop);
  answer_time_settings& a = s.answer_times;
  read_network_times(from, "tasks.answers.fast.", a.fast);
  read_network_times(from, "tasks.answers.cellular.", a.cellular);
  a.response_size = from.whole("tasks.answers.response_size", a.response_size);
  a.ahead_max = from.whole("tasks.answers.ahead_max", a.ahead_max);
  s.repeats.most = from.whole("tasks.repeats.most", s.repeats.most);
  s.repeats.kept = from.whole("tasks.repeats.kept", s.repeats.kept);
  s.repeats.review = from.wait("tasks.repeats.review", s.repeats.review);
  s.repeats.fresh = from.wait("tasks.repeats.fresh", s.repeats.fresh);
  s.repeats.suspect = from.whole("tasks.repeats.suspect", s.repeats.suspect);
  s.repeats.suspect_as = from.whole("tasks.repeats.suspect_as", s.repeats.suspect_as);
  s.flow.capacity = from.whole("tasks.flow.capacity", s.flow.capacity);
  s.flow.drain = from.wait("tasks.flow.drain", s.flow.drain);
  s.flow.inactive_share = from.whole("tasks.flow.inactive_share", s.flow.inactive_share);
  s.flow.inactive_level = from.whole("tasks.flow.inactive_level", s.flow.inactive_level);
  if (const auto where = from.text("tasks.flow.on"); !where.empty()) s.flow.everywhere = where == "every";
  s.budget.use = from.flag("tasks.budget.use", s.budget.use);
  s.budget.share = from.whole("tasks.budget.share", s.budget.share);
  s.budget.idle_every = from.wait("tasks.budget.idle_every", s.budget.idle_every);
  s.budget.idle_most = from.whole("tasks.budget.idle_most", s.budget.idle_most);
  s.budget.most = from.whole("tasks.budget.most", s.budget.most);
  s.rest.use = from.flag("tasks.rest.use", s.rest.use);
  s.rest.most = from.wait("tasks.rest.most", s.rest.most);
  s.rest.jitter = from.whole("tasks.rest.jitter", s.rest.jitter);
  return s;
}

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

// What is wrong with a link's name, if anything.
std::optional<error> mistake_in_link_name(const host& from, const std::string& path, const std::string& name, const std::vector<link_settings>& links) {
  std::vector<std::string> known;
  for (const link_settings& l : links) known.push_back(l.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return {};
  const auto meant = nearest(name, known);
  return wrong(from, path, "there is no link '" + name + "' under links" + (meant ? "; did you mean '" + *meant + "'?" : ""));
}

result<minor_settings> read_minor(const host& from, const std::string& name, const std::vector<link_settings>& links) {
  const std::string at = "minor_links." + name;
  minor_settings s;
  s.name = name;
  s.like = from.text(at + ".like");
  if (s.like.empty()) s.like = name;
  if (auto mistake = mistake_in_link_name(from, at + ".like", s.like, links)) return std::move(*mistake);
  s.hosts = from.texts(at + ".hosts");
  if (s.hosts.empty()) return wrong(from, at + ".hosts", "minor links need a host at least, like media.example.com or *.example.com");
  for (size_t i = 0; i < s.hosts.size(); ++i) {
    const std::string below = is_pattern(s.hosts[i]) ? s.hosts[i].substr(2) : s.hosts[i];
    if (below.find_first_of("*/:@") != std::string::npos || !parse_endpoint("tcps://" + below + ":1"))
      return wrong(from, at + ".hosts." + std::to_string(i), "'" + s.hosts[i] + "' is no host, like media.example.com, and no pattern, like *.example.com");
  }
  s.port = from.whole(at + ".port", s.port);
  s.most = from.whole(at + ".max", s.most);
  s.in_all = from.whole(at + ".max_all", s.in_all);
  s.idle_after = from.wait(at + ".idle_after", s.idle_after);
  return s;
}

result<group_settings> read_group(const host& from, const std::string& name, const std::vector<link_settings>& links) {
  const std::string at = "groups." + name;
  if (!mistake_in_link_name(from, at, name, links))
    return wrong(from, at, "there is a link of this name, and a task that names it could mean either; call the group otherwise");
  group_settings s{name, from.texts(at + ".links")};
  for (size_t i = 0; i < s.links.size(); ++i) {
    const std::string path = at + ".links." + std::to_string(i);
    if (auto mistake = mistake_in_link_name(from, path, s.links[i], links)) return std::move(*mistake);
    if (std::count(s.links.begin(), s.links.end(), s.links[i]) > 1) return wrong(from, path, "'" + s.links[i] + "' stands here twice");
  }
  if (s.links.empty()) return wrong(from, at + ".links", "a group needs at least one link");
  const std::string choose = from.text(at + ".choose", "first_up");
  s.choose = choose == "least_waiting" ? group_settings::choice::least_waiting
             : choose == "round_robin" ? group_settings::choice::round_robin
                                       : group_settings::choice::first_up;
  return s;
}

error wrong_line(const link_line& line, const std::string& what) { return {THARSIS_E_INVALID, line.command_name + ": " + what}; }

}  // namespace

result<http_settings> read_http(const host& from) {
  auto ways = read_http_ways(from, "http");
  if (!ways) return ways.failure();
  http_settings s = std::move(*ways);
  s.connect_timeout = from.wait("http.connect_timeout", s.connect_timeout);
  s.idle_timeout = from.wait("http.idle_timeout", s.idle_timeout);
  s.total_timeout = from.wait("http.total_timeout", s.total_timeout);
  s.redirects = from.whole("http.redirects", s.redirects);
  s.answer_max = from.whole("http.answer_max", s.answer_max);
  s.inflated_max = from.whole("http.inflated_max", s.inflated_max);
  s.calls_max = from.whole("http.calls_max", s.calls_max);
  s.pool = read_pool(from, "http.pool");
  return s;
}

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
  return s;
}

care_settings read_care(const host& tables) { return {read_tasks(tables), read_breaker(tables)}; }

result<link_settings> read_link_alone(const host& tables) {
  link_settings link = read_link(tables, "main");
  if (auto mistake = mistake_in(tables, link)) return std::move(*mistake);
  return link;
}

}  // namespace tharsis::stn
