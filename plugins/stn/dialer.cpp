#include "plugins/stn/dialer.h"

#include <algorithm>

#include "plugins/stn/client_trust.h"
#include "plugins/stn/core/stays_here.h"
#include "plugins/stn/ping_proof.h"
#include "plugins/stn/proxy_fallback.h"

namespace tharsis::stn {
namespace {

// Names the race that give_up() ends, for as long as it lasts.
struct under_way {
  under_way(address_race*& place, address_race& race) : name(place) { name = &race; }
  ~under_way() { name = nullptr; }
  address_race*& name;
};

error without_port(const endpoint& to, const std::string& why) {
  return {THARSIS_E_NOT_FOUND, to.text() + " leaves the port to dns' table, and " + why + "; write the endpoint with its port, like " + to.scheme + "://" + to.host + ":443"};
}

duration connecting_of(const phase_clock& phases, instant now) { return phases.at(now)[static_cast<size_t>(phase::connect)]; }

}  // namespace

task<result<std::unique_ptr<stream>>> dialer::reach(endpoint to, instant deadline, bool others) {
  address_ = {};
  others_ = others;
  source_ = address_source::resolver;
  overtook_ = false;
  phases_.enter(phase::resolve, place_.now());
  if (settings_.proxy.direct && !can_tunnel(to)) {  // It may be left out, and has not failed.
    const std::optional<proxy> none;
    auto wire = co_await reach_by(std::move(to), none, deadline);
    co_return std::move(wire);
  }
  const proxied_reach<result<std::unique_ptr<stream>>> by = [this, to](std::optional<proxy> through, instant until) {
    return reach_by(to, std::move(through), until);
  };
  const auto told = [this](const error& why) { host_.info("link " + settings_.name + ": " + why.text + "; trying without the proxy"); };
  auto wire = co_await reach_by_choice(place_, ways_.proxies(), settings_.proxy, stays_here(to.host), by, told, deadline);
  co_return std::move(wire);
}

task<result<std::unique_ptr<stream>>> dialer::reach_by(endpoint to, std::optional<proxy> through, instant deadline) {
  auto p = co_await plan_of(std::move(to), std::move(through), deadline);
  if (!p) co_return p.failure();
  auto wire = co_await race(std::move(*p), deadline);
  co_return std::move(wire);
}

task<result<std::unique_ptr<stream>>> dialer::reach_own(endpoint to, size_t turn, instant deadline) {
  auto through = ways_.proxies().of(settings_.proxy, stays_here(to.host));
  if (!through) co_return through.failure();
  if (*through && settings_.proxy.direct && (!can_tunnel(to) || !ways_.proxies().works(**through, place_.now()))) through->reset();
  auto p = co_await plan_of(std::move(to), std::move(*through), deadline);
  if (!p) co_return p.failure();
  std::erase_if(p->roads, [](const road& r) { return r.source == address_source::backup; });
  if (p->roads.empty()) co_return error{THARSIS_E_NOT_FOUND, p->host + " has no address but its backups"};
  p->roads = {p->roads[turn % p->roads.size()]};
  p->verify = can_ask();
  p->early = false;
  auto wire = co_await race(std::move(*p), deadline);
  co_return std::move(wire);
}

task<result<race_plan>> dialer::plan_of(endpoint to, std::optional<proxy> through, instant deadline) {
  co_await ways_.paths().ready();
  race_plan p;
  p.server = to.text();
  p.host = to.host;
  p.secure = to.scheme == "tcps";
  p.through = through;
  p.others = others_;
  p.verify = settings_.dial.verify && can_ask();
  if (through && !p.secure && !settings_.plain_allowed) co_return unencrypted(to, "through the proxy " + through->text());
  if (p.secure || (through && through->secure)) {
    auto loaded = co_await load_trust();
    if (!loaded) co_return loaded.failure();
    p.trust = std::move(*loaded);
  }
  if (settings_.tls.resume) p.again.sessions = &ways_.sessions();
  p.again.server = "link " + settings_.name + ' ' + p.server;
  // With the codec mars the link always speaks first.
  p.early = settings_.tls.early_data && settings_.tls.resume && settings_.codec == "mars" && !p.verify;
  error none = fine();
  if (through) none = co_await tunnelled(&p, std::move(to), std::move(*through), deadline);
  else none = co_await direct(&p, std::move(to), deadline);
  if (none.status != THARSIS_OK) co_return std::move(none);
  ways_.paths().prepare(p, settings_.dial);
  if (narrow_ > 0) {
    p.mss = narrow_;
    p.beside = 0;
  }
  co_return std::move(p);
}

// Without a proxy: the server's addresses.
task<error> dialer::direct(race_plan* p, endpoint to, instant deadline) {
  auto found = co_await gather(to, deadline);
  if (!found) co_return found.failure();
  co_await ways_.learn_translation(found->lists, deadline);
  choice chosen = co_await ways_.choose(std::move(found->lists), found->ranked, settings_);
  p->usual = std::max(chosen.usual, found->usual);
  for (const candidate& c : chosen.all)
    if (c.address.port != 0) p->roads.push_back({c.address, c.source, {}, 0, c.connect, c.avoided});
  if (p->roads.empty()) co_return without_port(to, "it says none for " + ip_text(chosen.all.front().address));
  std::stable_partition(p->roads.begin(), p->roads.end(), [this](const road& r) {
    return std::none_of(taken_.begin(), taken_.end(), [&](const tharsis_address& t) { return t == r.at; });
  });
  if (auto refused = unsafe(to, p->roads)) co_return std::move(*refused);
  co_return fine();
}

// Whether a proxy could be told where to lead.
bool dialer::can_tunnel(const endpoint& to) const {
  if (to.port != 0) return true;  // Of what has none it is that one.
  const std::vector<target> all = ways_.targets(settings_, to);
  return std::any_of(all.begin(), all.end(), [](const target& t) { return t.port != 0; });
}

// The proxy's addresses, and where it shall lead: to the addresses that were given, or else to the name, which it
// resolves, and then to the backups.
task<error> dialer::tunnelled(race_plan* p, endpoint to, proxy through, instant deadline) {
  auto addresses = co_await resolve_proxy(ways_.names(), through, deadline);
  if (!addresses) co_return addresses.failure();
  p->usual = addresses->usual;
  for (const target& t : ways_.targets(settings_, to)) {
    if (t.port == 0) continue;
    for (const known_address& a : addresses->list) p->roads.push_back({a.at, t.source, t.host, t.port, a.connect});
  }
  if (p->roads.empty()) co_return without_port(to, "the proxy " + through.text() + ", which resolves the name, does not read it");
  co_return fine();
}

// All sources; the resolver is asked only where its answer is wanted.
task<result<dialer::sources>> dialer::gather(endpoint to, instant deadline) {
  sources all;
  all.lists = ways_.given(settings_, to.port);
  if (!all.lists.debug.empty() || !all.lists.application.empty()) co_return std::move(all);
  auto resolved = co_await ways_.names().find(to.host, deadline);
  if (resolved) {
    ways_.settle(*resolved, settings_);
    resolved_host_ = to.host;
    resolved_ = std::move(*resolved);
  } else if (resolved_host_ == to.host) {
    resolved_.ranked = false;  // What was told of them since is no part of that order,
    resolved_.usual = {};      // and it may be another network.
  } else {
    resolved_ = {};
  }
  resolver::known_addresses here = resolved_;
  here.use_port(to.port);
  if (here.list.empty() && all.lists.backup.empty()) co_return resolved.failure();
  all.lists.resolved = std::move(here.list);
  all.ranked = here.ranked;
  all.usual = here.usual;
  co_return std::move(all);
}

error dialer::unencrypted(const endpoint& to, const std::string& where) const {
  return {THARSIS_E_DENIED, to.text() + " would send everything unencrypted " + where + "; use tcps://, or set links." + settings_.name + ".plain: allowed"};
}

std::optional<error> dialer::unsafe(const endpoint& to, const std::vector<road>& roads) {
  if (to.scheme != "tcp" || settings_.plain_allowed) return {};
  const auto outside = std::find_if_not(roads.begin(), roads.end(), [](const road& r) { return is_loopback(r.at); });
  if (outside == roads.end()) return {};
  address_ = outside->at;
  return unencrypted(to, "to " + ip_text(outside->at));
}

// At every attempt anew, so that an authority that is replaced, or written later, is seen.
task<result<tls_context>> dialer::load_trust() {
  const client_trust wanted{"links." + settings_.name + ".tls", settings_.tls};
  auto loaded = co_await load_client_trust(place_, host_.files, wanted);
  co_return std::move(loaded);
}

task<result<std::unique_ptr<stream>>> dialer::race(race_plan p, instant deadline) {
  phases_.enter(phase::connect, place_.now());
  tunnelled_ = p.through.has_value();
  knows_ = p.usual > duration::zero() || p.through;  // A proxy may be slow for reasons of its own.
  connected_before_ = connecting_of(phases_, place_.now());
  address_race here(place_, *host_.net, settings_.dial, p, *this);
  const under_way mark(under_way_, here);
  auto won = co_await here.run(deadline);
  if (!won) co_return won.failure();
  address_ = won->by.at;
  source_ = won->by.source;
  mss_ = won->mss;
  overtook_ = here.running() > 1 && !(won->by.at == p.roads.front().at);
  if (p.secure && !p.early && !tunnelled_) ways_.paths().on_proved(p.host, address_, won->connected);
  co_return std::move(won->wire);
}

bool dialer::be_narrower(int64_t than) {
  if (settings_.dial.mss == 0 && settings_.dial.small_segments) narrow_ = ways_.paths().beside(than);
  return narrow_ > 0;
}

start_sight dialer::progress() const {
  const bool more = under_way_ != nullptr && under_way_->has_more();
  return {phases_.current(), phases_.since(), connecting_of(phases_, place_.now()) - connected_before_, knows_, more};
}

void dialer::give_up(std::string why) {
  if (under_way_ != nullptr) under_way_->give_up(std::move(why));
}

// Through a proxy nobody knows whose doing it is, and the address is the proxy's.
void dialer::blame(tharsis_status why) {
  if (!tunnelled_ && address_.family != 0) ways_.paths().on_failure(address_, why);
}

void dialer::on_failed(const race_plan& p, const road& by, const error& why) {
  address_ = by.at;
  booked_race::on_failed(p, by, why);
}

task<result<std::unique_ptr<stream>>> dialer::verify(std::unique_ptr<stream> wire, instant deadline) {
  auto frames = framing::open(*built_in_codec(settings_.codec), THARSIS_STN_CLIENT, settings_.client_version, settings_.codec_settings);
  if (!frames) co_return frames.failure();
  auto proved = co_await prove_by_ping(place_, std::move(wire), std::move(*frames), deadline);
  co_return std::move(proved);
}

}  // namespace tharsis::stn
