#include "plugins/stn/http_dialler.h"

#include <algorithm>

#include "plugins/stn/client_trust.h"
#include "plugins/stn/core/stays_here.h"
#include "plugins/stn/proxy_fallback.h"
#include "sdk/pure/address.h"

namespace tharsis::stn {
namespace {

// Reading the system's authorities takes some ten milliseconds; a file that is replaced is seen after so long.
constexpr duration trust_kept = 60s;

}  // namespace

task<result<http_wire>> http_dialler_of::dial(url to, instant deadline) {
  const proxied_reach<result<http_wire>> by = [this, to](std::optional<proxy> through, instant until) {
    return reach_by(to, std::move(through), until);
  };
  const auto told = [this](const error& why) { host_.info(setting_ + ": " + why.text + "; trying without the proxy"); };
  auto reached = co_await reach_by_choice(place_, around_.proxies, settings_.proxy, stays_here(to.host), by, told, deadline);
  co_return std::move(reached);
}

task<result<http_wire>> http_dialler_of::reach_by(url to, std::optional<proxy> through, instant deadline) {
  auto plan = co_await plan_of(to, std::move(through), deadline);
  if (!plan) co_return plan.failure();
  address_race race(place_, *host_.net, settings_.dial, *plan, booked_);
  auto won = co_await race.run(deadline);
  if (won.status() == THARSIS_E_UNTRUSTED) trusted_.reset();  // Somebody may be mending just that.
  if (!won) co_return error{won.status(), "cannot reach " + to.place() + ": " + won.failure().text};
  if (plan->secure && !plan->through) around_.paths.on_proved(to.host, won->by.at, won->connected);
  http_wire wire;
  wire.bytes = std::move(won->wire);
  if (!plan->through) wire.at = won->by.at;
  wire.others = plan->roads.size() > 1;
  if (!plan->tunnel) wire.hands_on = plan->through;
  co_return std::move(wire);
}

task<result<race_plan>> http_dialler_of::plan_of(url to, std::optional<proxy> through, instant deadline) {
  race_plan p;
  p.server = to.place();
  p.host = to.host;
  p.secure = to.secure;
  p.through = through;
  // Most proxies make tunnels to the ports of TLS alone; http:// they hand on.
  p.tunnel = to.secure || !through || through->speaks != proxy::kind::http;
  if (through && !to.secure && !settings_.plain_allowed) co_return unencrypted(to, "through the proxy " + through->text());
  if (p.secure || (through && through->secure)) {
    auto loaded = co_await trust();
    if (!loaded) co_return loaded.failure();
    p.trust = std::move(*loaded);
  }
  if (settings_.tls.resume) p.again.sessions = &around_.sessions;
  p.again.server = setting_ + ' ' + p.server;
  error none = co_await find_roads(&p, std::move(to), deadline);
  if (none.status != THARSIS_OK) co_return std::move(none);
  around_.paths.prepare(p, settings_.dial);
  co_return std::move(p);
}

task<error> http_dialler_of::find_roads(race_plan* p, url to, instant deadline) {
  const auto by = settings_.dial.by == dial_settings::rank::given ? resolver::order::given : resolver::order::best_first;
  result<resolver::known_addresses> found(error{});
  if (p->through) found = co_await resolve_proxy(around_.names, *p->through, deadline);
  else found = co_await around_.names.find_ranked(to.host, to.port, deadline, by);
  if (!found) co_return found.failure();
  p->usual = found->usual;
  for (const known_address& a : found->list) {
    if (!p->through && !to.secure && !settings_.plain_allowed && !is_loopback(a.at)) co_return unencrypted(to, "to " + ip_text(a.at));
    p->roads.push_back({a.at, address_source::resolver, to.host, to.port, a.connect, a.avoided});
  }
  if (!p->through) around_.servers.sift(p->roads, [](const road& r) { return r.at; }, place_.now());
  co_return fine();
}

error http_dialler_of::unencrypted(const url& to, const std::string& where) const {
  return {THARSIS_E_DENIED, to.origin() + " would send everything unencrypted " + where + "; use https://, or set " + setting_ + ".plain: allowed"};
}

task<result<tls_context>> http_dialler_of::trust() {
  if (trusted_ && place_.now() < trusted_until_) co_return *trusted_;
  const client_trust wanted{setting_ + ".tls", settings_.tls, settings_.versions.http1, settings_.versions.http2};
  auto loaded = co_await load_client_trust(place_, host_.files, wanted);
  if (loaded) {
    trusted_ = *loaded;
    trusted_until_ = later(place_.now(), trust_kept);
  }
  co_return std::move(loaded);
}

}  // namespace tharsis::stn
