#include "plugins/stn/dialer.h"

#include <algorithm>

#include "plugins/stn/core/stays_here.h"
#include "plugins/stn/link_trust.h"
#include "plugins/stn/ping_proof.h"
#include "sdk/async/blocking.h"
#include "sdk/async/proxy_dial.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::stn {
namespace {

// How long a proxy may take where there is a way without it: half of the time.
instant share_of_proxy(instant now, instant deadline) { return deadline == never ? never : now + (deadline - now) / 2; }

}  // namespace

// What the attempts of one race tell the race.
struct dialer::board {
  board(dialer& d, size_t roads)
      : of(d), changed(d.place_), order(d.settings_.dial, roads, d.place_.now()) {
    of.under_way_ = this;
  }
  ~board() { of.under_way_ = nullptr; }
  dialer& of;
  bool given_up = false;
  signal changed;
  dial_race order;
  std::unique_ptr<stream> winner;
  road by;  // The winner's.
  error failure{THARSIS_E_TIMEOUT, {}};
};

task<result<std::unique_ptr<stream>>> dialer::reach(endpoint to, instant deadline) {
  address_ = {};
  source_ = address_source::resolver;
  phases_.enter(phase::resolve, place_.now());
  const auto through = chosen_proxy(to);
  if (!through && !settings_.proxy.direct) co_return through.failure();
  if (through && *through && (!settings_.proxy.direct || ways_.proxy_works(**through))) {
    const instant until = settings_.proxy.direct ? share_of_proxy(place_.now(), deadline) : deadline;
    auto wire = co_await reach_through(to, **through, until);
    if (wire || !settings_.proxy.direct) co_return std::move(wire);
    ways_.on_proxy_failed(**through, settings_.proxy.pause);
    host_.info("link " + settings_.name + ": " + wire.failure().text + "; trying without the proxy");
  }
  auto wire = co_await reach_directly(std::move(to), deadline);
  co_return std::move(wire);
}

// Nothing: none.
result<std::optional<proxy>> dialer::chosen_proxy(const endpoint& to) const {
  const proxy_settings& s = settings_.proxy;
  if (s.from == proxy_settings::source::named) return std::optional(s.named);
  if (s.from == proxy_settings::source::none || ways_.system_proxy().empty() || stays_here(to)) return std::optional<proxy>();
  auto told = parse_proxy(ways_.system_proxy());
  if (!told) return error{told.status(), "the system's proxy is not usable: " + told.failure().text};
  return std::optional(std::move(*told));
}

task<result<std::unique_ptr<stream>>> dialer::reach_through(endpoint to, proxy through, instant deadline) {
  auto p = co_await tunnelled(std::move(to), std::move(through), deadline);
  if (!p) co_return p.failure();
  auto wire = co_await race(std::move(*p), deadline);
  co_return std::move(wire);
}

task<result<std::unique_ptr<stream>>> dialer::reach_directly(endpoint to, instant deadline) {
  auto p = co_await direct(std::move(to), deadline);
  if (!p) co_return p.failure();
  auto wire = co_await race(std::move(*p), deadline);
  co_return std::move(wire);
}

task<result<std::unique_ptr<stream>>> dialer::reach_own(endpoint to, size_t turn, instant deadline) {
  const auto through = chosen_proxy(to);
  if (!through) co_return through.failure();
  const bool around = !*through || (settings_.proxy.direct && !ways_.proxy_works(**through));
  result<plan> p(error{});
  if (around) p = co_await direct(std::move(to), deadline);
  else p = co_await tunnelled(std::move(to), **through, deadline);
  if (!p) co_return p.failure();
  std::erase_if(p->roads, [](const road& r) { return r.source == address_source::backup; });
  if (p->roads.empty()) co_return error{THARSIS_E_NOT_FOUND, p->to.host + " has no address but its backups"};
  p->roads = {p->roads[turn % p->roads.size()]};
  p->verify = true;
  auto wire = co_await race(std::move(*p), deadline);
  co_return std::move(wire);
}

// Without a proxy: what to trust, and the server's addresses.
task<result<dialer::plan>> dialer::direct(endpoint to, instant deadline) {
  plan p{.to = to, .roads = {}, .through = {}, .trust = {}, .verify = settings_.dial.verify};
  if (to.scheme == "tcps") {
    auto loaded = co_await load_trust();
    if (!loaded) co_return loaded.failure();
    p.trust = std::move(*loaded);
  }
  auto lists = co_await gather(to, deadline);
  if (!lists) co_return lists.failure();
  co_await ways_.learn_translation(*lists, deadline);
  for (const candidate& c : ways_.choose(*lists, settings_)) p.roads.push_back({c.address, c.source, {}, 0});
  if (auto refused = unsafe(to, p.roads)) co_return std::move(*refused);
  co_return std::move(p);
}

// The proxy's addresses, and where it shall lead: to the addresses that were given, or else to the name, which it
// resolves, and then to the backups.
task<result<dialer::plan>> dialer::tunnelled(endpoint to, proxy through, instant deadline) {
  plan p{.to = to, .roads = {}, .through = through, .trust = {}, .verify = settings_.dial.verify};
  if (to.scheme == "tcp" && !settings_.plain_allowed)
    co_return error{THARSIS_E_DENIED, to.text() + " would send everything unencrypted through the proxy " + through.text() +
                                          "; use tcps://, or set links." + settings_.name + ".plain: allowed"};
  if (to.scheme == "tcps" || through.secure) {
    auto loaded = co_await load_trust();
    if (!loaded) co_return loaded.failure();
    p.trust = std::move(*loaded);
  }
  auto addresses = co_await ways_.names().resolve(through.host, deadline);
  if (!addresses) co_return error{addresses.status(), "the proxy " + through.text() + ": " + addresses.failure().text};
  for (const target& t : ways_.targets(settings_, to))
    for (tharsis_address at : *addresses) {
      at.port = through.port;
      p.roads.push_back({at, t.source, t.host, t.port});
    }
  co_return std::move(p);
}

// All sources; the resolver is asked only where its answer is wanted.
task<result<address_lists>> dialer::gather(endpoint to, instant deadline) {
  address_lists lists = ways_.given(settings_, to.port);
  if (!lists.debug.empty() || !lists.application.empty()) co_return std::move(lists);
  auto resolved = co_await ways_.names().resolve(to.host, deadline);
  if (resolved) {
    for (tharsis_address& a : *resolved) a.port = to.port;
    resolved_host_ = to.host;
    resolved_ = std::move(*resolved);
  } else if (resolved_host_ != to.host) {
    resolved_.clear();
  }
  lists.resolved = resolved_;
  if (lists.resolved.empty() && lists.backup.empty()) co_return resolved.failure();
  co_return std::move(lists);
}

std::optional<error> dialer::unsafe(const endpoint& to, const std::vector<road>& roads) {
  if (to.scheme != "tcp" || settings_.plain_allowed) return {};
  const auto outside = std::find_if_not(roads.begin(), roads.end(), [](const road& r) { return is_loopback(r.at); });
  if (outside == roads.end()) return {};
  address_ = outside->at;
  return error{THARSIS_E_DENIED, to.text() + " would send everything unencrypted to " + ip_text(outside->at) +
                                     "; use tcps://, or set links." + settings_.name + ".plain: allowed"};
}

// At every attempt anew, so that an authority that is replaced, or written later, is seen.
task<result<tls_context>> dialer::load_trust() {
  const tharsis_files* const files = host_.files;
  const auto read = [files, link = settings_.name, s = settings_.tls] { return read_trust(*files, link, s); };
  auto loaded = co_await blocking(place_, read);
  if (!loaded)
    co_return error{THARSIS_E_BUSY,
                    "too much blocking work waits, so the trusted certificates could not be read"};
  co_return std::move(*loaded);
}

task<result<std::unique_ptr<stream>>> dialer::race(plan p, instant deadline) {
  phases_.enter(phase::connect, place_.now());
  board results(*this, p.roads.size());
  task_set attempts(place_);  // Those that have not won are closed with it.
  while (place_.now() < deadline) {
    while (const auto next = results.order.take_start(place_.now())) {
      const instant give_up = std::min(deadline, later(place_.now(), settings_.dial.timeout));
      attempts.spawn(try_road(&results, &p, p.roads[*next], give_up));
    }
    if (results.winner) {
      address_ = results.by.at;
      source_ = results.by.source;
      co_return std::move(results.winner);
    }
    if (results.given_up) co_return error{THARSIS_E_NETWORK, "the network changed while " + p.to.text() + " was being reached"};
    if (results.order.lost()) break;
    co_await results.changed.wait(std::min(deadline, results.order.deadline()));
  }
  if (results.failure.text.empty()) results.failure.text = "no connection to " + p.to.text() + " in time";
  if (p.roads.size() > 1)
    results.failure.text = "none of the " + std::to_string(p.roads.size()) + " addresses of " + p.to.host +
                           " could be used; the last failure: " + results.failure.text;
  co_return std::move(results.failure);
}

void dialer::give_up() {
  if (under_way_ == nullptr) return;
  under_way_->given_up = true;
  under_way_->changed.raise();
}

void dialer::blame(tharsis_status why) {
  if (address_.family != 0) ways_.on_failure(address_, why);
}

task<void> dialer::try_road(board* results, const plan* p, road by, instant deadline) {
  auto wire = co_await travel(results, p, by, deadline);
  if (!wire) {
    address_ = by.at;
    if (!p->through) ways_.on_failure(by.at, wire.status());
    results->failure = wire.failure();
    results->order.on_failed(place_.now());
  } else if (!results->winner) {
    results->winner = std::move(*wire);
    results->by = std::move(by);
  }
  results->changed.raise();
}

task<result<std::unique_ptr<stream>>> dialer::travel(board* results, const plan* p, road by, instant deadline) {
  auto wire = co_await lead(p, std::move(by), deadline);
  if (wire && p->to.scheme == "tcps") {
    results->order.on_progress(place_.now());
    phases_.enter(phase::tls, place_.now());
    wire = co_await secure(p, std::move(*wire), deadline);
  }
  if (wire && p->verify && settings_.codec == "mars") {  // How to ask in others, only their links know.
    results->order.on_progress(place_.now());
    wire = co_await prove_by_ping(place_, std::move(*wire), settings_.client_version, deadline);
  }
  co_return std::move(wire);
}

// Up to the server's door, through a proxy or not.
task<result<std::unique_ptr<stream>>> dialer::lead(const plan* p, road by, instant deadline) {
  const instant began = place_.now();
  auto tcp = co_await dial_tcp(place_, *host_.net, by.at, deadline, settings_.dial.mss);
  if (!tcp) {
    if (p->through) ways_.on_failure(by.at, tcp.status());  // Of a server all failures count: see try_road().
    co_return error{tcp.status(), (p->through ? "the proxy " + p->through->text() + ": " : "") + tcp.failure().text};
  }
  ways_.on_success(by.at, place_.now() - began);
  if (!p->through) co_return std::unique_ptr<stream>(std::move(*tcp));
  auto tunnel = co_await make_tunnel(place_, std::move(*tcp), *p->through, p->trust, by.host, by.port, deadline);
  co_return std::move(tunnel);
}

// With a ticket that allows it the handshake goes on while the link speaks already; with the codec mars it always
// speaks first.
task<result<std::unique_ptr<stream>>> dialer::secure(const plan* p, std::unique_ptr<stream> wire, instant deadline) {
  tls_resumption again;
  if (settings_.tls.resume) again.sessions = &ways_.sessions();
  again.server = "link " + settings_.name + ' ' + p->to.text();
  const std::string key = ticket_key(*p->trust, again.server, p->to.host);
  const bool early = settings_.tls.early_data && settings_.tls.resume && settings_.codec == "mars" && !p->verify;
  if (early && ways_.sessions().early_data(key, place_.wall() / 1'000'000'000))
    co_return tls_connect_early(place_, std::move(wire), *p->trust, p->to.host, std::move(again));
  auto safe = co_await tls_connect(place_, std::move(wire), *p->trust, p->to.host, deadline, std::move(again));
  co_return std::move(safe);
}

}  // namespace tharsis::stn
