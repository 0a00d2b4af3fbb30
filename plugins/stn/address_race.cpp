#include "plugins/stn/address_race.h"

#include <algorithm>
#include <utility>

#include "plugins/stn/core/segment_sizes.h"
#include "plugins/stn/core/stall.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/async/proxy_dial.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::stn {
namespace {

dial_terms terms_of_race(const race_plan& p) {
  dial_terms t{{}, p.usual, p.weak, p.others};
  for (const road& r : p.roads) t.expected.push_back(r.expected);
  return t;
}

// The handshake is the server's turn: that our first words arrived does not count.
wire_progress servers_part(const wire_progress& p) { return {0, p.received, p.round_trip}; }

}  // namespace

// One connection on its way.
struct address_race::attempt {
  road by;
  int64_t mss = 0;
  size_t number = 0;          // In the order; not of one that is beside another.
  attempt* beside = nullptr;  // Whose handshake stood still.
  tharsis_handle wire = 0;
  instant began{};
  duration connected{};  // How long that took.
  stall watch{};         // Of the handshake.
  instant moved{};       // The last time that the handshake was seen to move, and
  uint64_t bytes = 0;    // how far it was then.
  bool stuck = false;
  bool over = false;
};

task<result<std::unique_ptr<stream>>> race_owner::verify(std::unique_ptr<stream> wire, instant) { co_return std::move(wire); }

address_race::address_race(strand& place, const tharsis_net& net, const dial_settings& s, const race_plan& p, race_owner& owner)
    : place_(place), net_(net), settings_(s), plan_(p), owner_(owner), changed_(place),
      order_(s, terms_of_race(p), place.now()) {}

address_race::~address_race() = default;

task<result<address_race::arrival>> address_race::run(instant deadline) {
  task_set attempts(place_);  // Those that have not won are closed with it.
  while (place_.now() < deadline) {
    while (const auto next = order_.take_start(place_.now())) {
      attempt fresh{plan_.roads[order_.address(*next)], plan_.mss, *next};
      tell_beside(fresh);
      start(attempts, std::move(fresh), deadline);
    }
    if (winner_) co_return std::move(*winner_);
    if (given_up_ && !given_up_for_.empty()) co_return error{THARSIS_E_CANCELLED, std::move(given_up_for_)};
    if (given_up_) co_return error{THARSIS_E_NETWORK, "the network changed while " + plan_.server + " was being reached"};
    if (lost()) break;
    if (place_.now() >= order_.silent_until()) {
      leave_silent();
      break;
    }
    look_after(attempts, deadline);
    const instant until = std::min({deadline, order_.deadline(), order_.silent_until(), next_look()});
    co_await changed_.wait(until);
  }
  if (failure_.text.empty()) failure_.text = "no connection to " + plan_.server + (plan_.through ? " through the proxy " + plan_.through->text() : "") + " in time";
  if (plan_.roads.size() > 1)
    failure_.text = "none of the " + std::to_string(plan_.roads.size()) + " addresses of " + plan_.host +
                    " could be used; the failure that says most: " + failure_.text;
  co_return std::move(failure_);
}

void address_race::give_up(std::string why) {
  given_up_ = true;
  given_up_for_ = std::move(why);
  changed_.raise();
}

// They are as bad as those that failed, for all that is known.
void address_race::leave_silent() {
  failure_ = {THARSIS_E_TIMEOUT, plan_.server + " has been silent for " + wait_text(settings_.silent_endpoint) + ", so the next endpoint is tried"};
  for (const attempt& a : attempts_)
    if (!a.over && a.beside == nullptr) owner_.on_failed(plan_, a.by, failure_);
}

void address_race::start(task_set& attempts, attempt a, instant deadline) {
  a.began = place_.now();
  attempts_.push_back(std::move(a));
  attempts.spawn(try_road(&attempts_.back(), std::min(deadline, later(place_.now(), settings_.timeout))));
}

void address_race::tell_beside(const attempt& next) const {
  const auto silent = std::find_if(attempts_.rbegin(), attempts_.rend(), [](const attempt& a) { return !a.over; });
  if (silent != attempts_.rend()) owner_.on_beside(plan_, silent->by, next.by);
}

bool address_race::lost() const {
  return order_.lost() && std::all_of(attempts_.begin(), attempts_.end(), [](const attempt& a) { return a.over; });
}

instant address_race::next_look() const {
  instant next = never;
  for (const attempt& a : attempts_) next = std::min(next, a.watch.deadline());
  return next;
}

// A handshake of which nothing moves: no server thinks for long there, so perhaps large packets do not pass.
void address_race::look_after(task_set& attempts, instant deadline) {
  for (attempt& a : attempts_) {
    if (!a.watch.watched() || place_.now() < a.watch.deadline()) continue;
    const auto p = progress_of(net_, a.wire);
    if (!p || a.over) {
      a.watch.end();
      continue;
    }
    if (std::exchange(a.bytes, p->received) != p->received) a.moved = place_.now();
    if (!a.watch.on_look(servers_part(*p), place_.now())) continue;
    a.stuck = true;
    owner_.on_narrow_dial(plan_);
    start(attempts, {a.by, plan_.beside, a.number, &a}, deadline);
  }
}

task<void> address_race::try_road(attempt* a, instant deadline) {
  auto wire = co_await travel(a, deadline);
  a->over = true;
  if (!wire && a->beside == nullptr) {
    // Behind a connection that stood somebody has answered, which says more than that elsewhere nobody listens.
    const bool reached = std::any_of(attempts_.begin(), attempts_.end(), [a](const attempt& other) { return &other != a && other.over && other.wire != 0; });
    if (a->wire != 0 || !reached) failure_ = wire.failure();
    owner_.on_failed(plan_, a->by, wire.failure());
    order_.on_failed(a->number, place_.now());
  } else if (wire && !winner_) {
    settle(*a);
    winner_ = arrival{std::move(*wire), std::move(a->by), a->mss, a->connected};
  }
  changed_.raise();
}

// What the winner shows: of those that it has overtaken, and of the size of segments.
void address_race::settle(const attempt& winner) {
  for (const attempt& a : attempts_) {
    if (&a == &winner || a.over) continue;
    if (a.beside != nullptr) owner_.on_narrow_needless(plan_);
    const duration waited = place_.now() - a.began;
    if (a.wire == 0 && a.beside == nullptr && waited > winner.connected * 5 / 4 + 15ms) owner_.on_silent(plan_, a.by);
  }
  const auto own = progress_of(net_, winner.wire);
  const auto size = static_cast<uint64_t>(winner.mss == 0 ? segment_sizes::full : winner.mss);
  if (winner.beside == nullptr) {
    if (plan_.secure && own && own->received > size) owner_.on_large(plan_);
    return;
  }
  const attempt& first = *winner.beside;
  const auto p = first.over ? std::nullopt : progress_of(net_, first.wire);
  if (p && p->received == first.bytes) owner_.on_hole(plan_, place_.now() - first.moved);
  else owner_.on_narrow_needless(plan_);
}

task<result<std::unique_ptr<stream>>> address_race::travel(attempt* a, instant deadline) {
  auto wire = co_await lead(a, deadline);
  if (wire && plan_.secure) {
    on_progress(*a);
    owner_.on_tls();
    wire = co_await secure(a, std::move(*wire), deadline);
  }
  if (wire && plan_.verify) {
    on_progress(*a);
    wire = co_await owner_.verify(std::move(*wire), deadline);
  }
  co_return std::move(wire);
}

void address_race::on_progress(attempt& a) {
  if (a.beside == nullptr) order_.on_progress(a.number, place_.now());
}

// Up to the server's door, through a proxy or not.
task<result<std::unique_ptr<stream>>> address_race::lead(attempt* a, instant deadline) {
  auto tcp = co_await dial_tcp(place_, net_, a->by.at, deadline, a->mss);
  a->connected = place_.now() - a->began;
  owner_.on_tcp(plan_, a->by, tcp.status(), a->connected);
  if (!tcp) co_return error{tcp.status(), (plan_.through ? "the proxy " + plan_.through->text() + ": " : "") + tcp.failure().text};
  a->wire = (*tcp)->handle();
  on_progress(*a);
  std::unique_ptr<stream> wire = std::move(*tcp);
  if (!plan_.through) co_return std::move(wire);
  if (!plan_.tunnel) co_return co_await enter_proxy(place_, std::move(wire), *plan_.through, plan_.trust, deadline);
  co_return co_await make_tunnel(place_, std::move(wire), *plan_.through, plan_.trust, a->by.host, a->by.port, deadline);
}

// A proxy may be slow for reasons of its own, so there nobody is taken to stand still.
task<result<std::unique_ptr<stream>>> address_race::secure(attempt* a, std::unique_ptr<stream> wire, instant deadline) {
  tls_resumption again = plan_.again;
  const std::string key = ticket_key(*plan_.trust, again.server, plan_.host);
  if (plan_.early && again.sessions->early_data(key, place_.wall() / 1'000'000'000))
    co_return tls_connect_early(place_, std::move(wire), *plan_.trust, plan_.host, std::move(again));
  if (plan_.beside > 0 && a->beside == nullptr && !plan_.through) {
    const auto p = progress_of(net_, a->wire);
    if (p) a->watch.begin(servers_part(*p), a->connected, place_.now());
    a->bytes = p ? p->received : 0;
    a->moved = place_.now();
    changed_.raise();
  }
  auto safe = co_await tls_connect(place_, std::move(wire), *plan_.trust, plan_.host, deadline, std::move(again));
  a->watch.end();
  co_return std::move(safe);
}

}  // namespace tharsis::stn
