#include "plugins/stn/address_race.h"

#include <algorithm>
#include <utility>

#include "sdk/async/proxy_dial.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::stn {

task<result<std::unique_ptr<stream>>> race_owner::verify(std::unique_ptr<stream> wire, instant) { co_return std::move(wire); }

address_race::address_race(strand& place, const tharsis_net& net, const dial_settings& s, const race_plan& p, race_owner& owner)
    : place_(place), net_(net), settings_(s), plan_(p), owner_(owner), changed_(place), order_(s, p.roads.size(), place.now()) {}

task<result<address_race::arrival>> address_race::run(instant deadline) {
  task_set attempts(place_);  // Those that have not won are closed with it.
  while (place_.now() < deadline) {
    while (const auto next = order_.take_start(place_.now())) {
      const instant give_up_at = std::min(deadline, later(place_.now(), settings_.timeout));
      attempts.spawn(try_road(plan_.roads[*next], give_up_at));
    }
    if (winner_) co_return std::move(*winner_);
    if (given_up_) co_return error{THARSIS_E_NETWORK, "the network changed while " + plan_.server + " was being reached"};
    if (order_.lost()) break;
    co_await changed_.wait(std::min(deadline, order_.deadline()));
  }
  if (failure_.text.empty()) failure_.text = "no connection to " + plan_.server + (plan_.through ? " through the proxy " + plan_.through->text() : "") + " in time";
  if (plan_.roads.size() > 1)
    failure_.text = "none of the " + std::to_string(plan_.roads.size()) + " addresses of " + plan_.host +
                    " could be used; the last failure: " + failure_.text;
  co_return std::move(failure_);
}

void address_race::give_up() {
  given_up_ = true;
  changed_.raise();
}

task<void> address_race::try_road(road by, instant deadline) {
  auto wire = co_await travel(by, deadline);
  if (!wire) {
    failure_ = wire.failure();
    owner_.on_failed(plan_, by, failure_);
    order_.on_failed(place_.now());
  } else if (!winner_) {
    winner_ = arrival{std::move(*wire), std::move(by)};
  }
  changed_.raise();
}

task<result<std::unique_ptr<stream>>> address_race::travel(road by, instant deadline) {
  auto wire = co_await lead(std::move(by), deadline);
  if (wire && plan_.secure) {
    order_.on_progress(place_.now());
    owner_.on_tls();
    wire = co_await secure(std::move(*wire), deadline);
  }
  if (wire && plan_.verify) {
    order_.on_progress(place_.now());
    wire = co_await owner_.verify(std::move(*wire), deadline);
  }
  co_return std::move(wire);
}

// Up to the server's door, through a proxy or not.
task<result<std::unique_ptr<stream>>> address_race::lead(road by, instant deadline) {
  const instant began = place_.now();
  auto tcp = co_await dial_tcp(place_, net_, by.at, deadline, settings_.mss);
  owner_.on_tcp(plan_, by, tcp.status(), place_.now() - began);
  if (!tcp) co_return error{tcp.status(), (plan_.through ? "the proxy " + plan_.through->text() + ": " : "") + tcp.failure().text};
  std::unique_ptr<stream> wire = std::move(*tcp);
  if (!plan_.through) co_return std::move(wire);
  if (!plan_.tunnel) co_return co_await enter_proxy(place_, std::move(wire), *plan_.through, plan_.trust, deadline);
  co_return co_await make_tunnel(place_, std::move(wire), *plan_.through, plan_.trust, by.host, by.port, deadline);
}

task<result<std::unique_ptr<stream>>> address_race::secure(std::unique_ptr<stream> wire, instant deadline) {
  tls_resumption again = plan_.again;
  const std::string key = ticket_key(*plan_.trust, again.server, plan_.host);
  if (plan_.early && again.sessions->early_data(key, place_.wall() / 1'000'000'000))
    co_return tls_connect_early(place_, std::move(wire), *plan_.trust, plan_.host, std::move(again));
  auto safe = co_await tls_connect(place_, std::move(wire), *plan_.trust, plan_.host, deadline, std::move(again));
  co_return std::move(safe);
}

}  // namespace tharsis::stn
