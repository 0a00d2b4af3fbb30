#include "plugins/stn/http_dialler.h"

#include <algorithm>

#include "plugins/stn/client_trust.h"
#include "plugins/stn/core/stays_here.h"
#include "plugins/stn/proxy_fallback.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

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
  if (plan->secure && !plan->through) tell_proved(*plan, won->by.at);
  http_wire wire;
  wire.bytes = std::move(won->wire);
  if (!plan->through) wire.at = won->by.at;
  wire.others = plan->roads.size() > 1;
  if (!plan->tunnel) wire.hands_on = plan->through;
  co_return std::move(wire);
}

// As links do: who answers there has shown that the name is his.
void http_dialler_of::tell_proved(const race_plan& p, const tharsis_address& at) {
  const duration connect = around_.paths.score().latency(at);
  around_.names.tell({sizeof(tharsis_dns_feedback), THARSIS_OK, at, text_of(around_.paths.network()), connect.count(), THARSIS_DNS_PROVED, 0, text_of(p.host)});
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
  auto roads = co_await roads_of(std::move(to), std::move(through), deadline);
  if (!roads) co_return roads.failure();
  p.roads = std::move(*roads);
  around_.paths.prepare(p, settings_.dial);
  co_return std::move(p);
}

task<result<std::vector<road>>> http_dialler_of::roads_of(url to, std::optional<proxy> through, instant deadline) {
  result<std::vector<tharsis_address>> addresses(error{});
  if (through) addresses = co_await resolve_proxy(around_.names, *through, deadline);
  else addresses = co_await around_.names.resolve(to.host, deadline);
  if (!addresses) co_return addresses.failure();
  for (tharsis_address& at : *addresses)
    if (!through) at.port = to.port;
  // dns has put a server's in the order of its experience, which includes ours.
  const bool ranked = through || settings_.dial.by == dial_settings::rank::given || around_.names.has_service();
  std::vector<road> roads;
  for (const tharsis_address& at : ranked ? *addresses : around_.paths.score().order(*addresses, place_.now())) {
    if (!through && !to.secure && !settings_.plain_allowed && !is_loopback(at)) co_return unencrypted(to, "to " + ip_text(at));
    roads.push_back({at, address_source::resolver, to.host, to.port, {}});
  }
  if (!through) around_.servers.sift(roads, [](const road& r) { return r.at; }, place_.now());
  co_return std::move(roads);
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
