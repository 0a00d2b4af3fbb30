// links.NAME: one long link.
#include "plugins/stn/configuration_parts.h"
#include "plugins/stn/core/link_endpoint.h"

namespace tharsis::stn {
namespace {

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

dial_settings read_dial(const host& from, const std::string& at) {
  dial_settings s = read_race(from, at);
  s.parallel = from.whole(at + ".parallel", s.parallel);
  s.timeout = from.wait(at + ".timeout", s.timeout);
  s.silent_endpoint = from.wait(at + ".silent_endpoint", s.silent_endpoint);
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

}  // namespace

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

link_settings read_link(const host& from, const std::string& name, const std::string& ca) {
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
  s.deduplicated = from.text(at + ".deduplicated", "told") == "told";
  s.pushes_once = from.text(at + ".pushes", "once") == "once";
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

}  // namespace tharsis::stn
