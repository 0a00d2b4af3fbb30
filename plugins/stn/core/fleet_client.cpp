#include "plugins/stn/core/fleet_client.h"

#include <algorithm>
#include <cmath>

#include "plugins/stn/core/address_choice.h"

namespace tharsis::stn {
namespace {

constexpr duration task_timeout = task_settings{}.timeout;

tharsis_address address_of(uint16_t server) {
  tharsis_address a{};
  a.family = 4;
  a.port = 443;
  a.ip[0] = 10;
  a.ip[2] = static_cast<uint8_t>(server >> 8);
  a.ip[3] = static_cast<uint8_t>(server);
  return a;
}
uint16_t server_at(const tharsis_address& a) { return static_cast<uint16_t>(a.ip[2] << 8 | a.ip[3]); }

template <class T>
void shuffle(std::vector<T>& list, dice& chance) {
  for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[chance.below(i)]);
}

fleet_use use_of(const fleet_scenario& s, dice& chance) {
  const auto place = static_cast<int64_t>(chance.below(100));
  return place < s.foreground ? fleet_use::foreground : place < s.foreground + s.background ? fleet_use::background : fleet_use::idle;
}

}  // namespace

fleet_client::fleet_client(fleet_world& w, uint32_t number, uint64_t seed, uint16_t server, instant now)
    : chance_(seed + number * uint64_t{0x632be59bd9b4e019}),
      pace_(w.policy),
      rhythm_(w.policy.link.heartbeat),
      silence_(w.policy.link.answer_timeout),
      round_trip_(w.scenario.round_trip_min + chance_.up_to(w.scenario.round_trip_max - w.scenario.round_trip_min)),
      number_(number),
      life_(w.servers[server].life()),
      server_(server),
      use_(use_of(w.scenario, chance_)) {
  settle(now);
  task_at_ = next_task(w.scenario, now);
  w.tally.on_connected(server);
}

// As a connection that has found out how long its network remembers it, and is somewhere between two pings.
void fleet_client::settle(instant now) {
  if (rhythm_.on_foreground(use_ == fleet_use::foreground)) return;
  pace_.on_use(use_ == fleet_use::foreground, now - (use_ == fleet_use::background ? chance_.up_to(10min) : use_ == fleet_use::idle ? duration(1h) : chance_.up_to(20min)));
  rhythm_.resume({duration::max(), true, 0});
  instant at = now - 1h;
  rhythm_.on_up(at);
  const instant last = now - chance_.up_to(150s);
  for (int pings = 0; pings < 64 && (at = rhythm_.deadline()) < last; ++pings) {
    if (rhythm_.on_deadline(at) == heartbeat::action::send_ping) rhythm_.on_pong(at + round_trip_);
  }
  pace_.on_up(now - 1h);
  const auto rest = rhythm_.interval();
  rhythm_.on_bytes(now - chance_.up_to(rest));
}

instant fleet_client::next_task(const fleet_scenario& s, instant now) {
  const duration mean = use_ == fleet_use::foreground ? s.tasks_foreground : use_ == fleet_use::background ? s.tasks_background : s.tasks_idle;
  const double wait = -std::log(1 - chance_.share()) * static_cast<double>(mean.count());
  return later(now, duration(static_cast<int64_t>(wait) + 1));
}

void fleet_client::on_word_of_end(uint16_t incident, instant at) {
  incident_ = incident;
  end_at_ = std::min(end_at_, at + round_trip_ / 2);
}

instant fleet_client::wake(instant now) const {
  switch (state_) {
    case state::up: return std::min({task_at_, answer_at_, pong_at_, end_at_, rhythm_.deadline(), silence_.deadline()});
    case state::pausing: {
      const bool some = wanted_until_ != instant::min();
      return std::min({task_at_, pace_.due(some, now), some ? wanted_until_ : never});
    }
    case state::dialling: return std::min(task_at_, attempt_->deadline());
    case state::proving: return std::min(task_at_, proved_at_);
  }
  return never;
}

void fleet_client::on_wake(fleet_world& w, instant now) {
  if (wanted_until_ != instant::min() && now >= wanted_until_) wanted_until_ = instant::min();
  if (now >= task_at_) send_task(w, now);
  switch (state_) {
    case state::up: return on_wake_up(w, now);
    case state::pausing:
      if (now >= pace_.due(wanted_until_ != instant::min(), now)) begin_attempt(w, now);
      return;
    case state::dialling: return on_dialling(w, now);
    case state::proving:
      if (now >= proved_at_) on_proving(w, now);
  }
}

void fleet_client::send_task(fleet_world& w, instant now) {
  task_at_ = next_task(w.scenario, now);
  wanted_until_ = now + task_timeout;
  pace_.on_task(now);
  if (state_ != state::up) return;
  silence_.on_sent(now);
  if (answer_at_ == never && connected(w)) answer_at_ = now + round_trip_ + w.servers[server_].answer();
}

void fleet_client::on_wake_up(fleet_world& w, instant now) {
  if (now >= answer_at_ || now >= pong_at_) {
    // What was on its way when the server went comes still, or not at all: then it is not counted on.
    const bool answered = now >= answer_at_, ponged = now >= pong_at_;
    if (answered) answer_at_ = never;
    if (ponged) pong_at_ = never;
    if (connected(w)) {
      silence_.on_bytes(now);
      if (ponged) rhythm_.on_pong(now);
      rhythm_.on_bytes(now);
      if (answered) {
        silence_.on_calm();
        wanted_until_ = instant::min();
      }
    }
  }
  if (now >= end_at_) return go_down(w, now, reconnect::end::by_server);
  on_pulse(w, now);
}

// As session does: a silence asks by a ping before it gives up.
void fleet_client::on_pulse(fleet_world& w, instant now) {
  const auto silent = silence_.on_deadline(now);
  if (silent == silence::action::give_up) return go_down(w, now, reconnect::end::otherwise);
  if (silent == silence::action::probe && rhythm_.on_doubt(now)) send_ping(w, now);
  const auto beat = rhythm_.on_deadline(now);
  if (beat == heartbeat::action::give_up) return go_down(w, now, reconnect::end::otherwise);
  if (beat == heartbeat::action::send_ping) send_ping(w, now);
}

// Answered at once, also by a slow server.
void fleet_client::send_ping(fleet_world& w, instant now) {
  if (connected(w)) pong_at_ = now + round_trip_;
  else if (!w.servers[server_].silent()) end_at_ = now + round_trip_;  // Whoever has its address does not know of it.
}

void fleet_client::go_down(fleet_world& w, instant now, reconnect::end by) {
  if (connected(w)) w.tally.on_gone(server_);
  rhythm_.on_down();
  silence_.on_calm();
  answer_at_ = pong_at_ = end_at_ = never;
  if (incident_ != 0 && !noticed_) {
    noticed_ = true;
    noticed_at_ = now;
    w.tally.on_noticed(incident_, now);
  }
  state_ = state::pausing;
  pace_.on_down(now, chance_.next(), by);
}

std::vector<uint16_t> fleet_client::roads(const fleet_world& w, instant now) {
  const auto count = w.servers.size();
  std::vector<tharsis_address> all;
  for (size_t i = 0; i < count; ++i) all.push_back(address_of(static_cast<uint16_t>(i)));
  if (w.scenario.order == fleet_order::turn)
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(number_ % count), all.end());
  if (w.scenario.order == fleet_order::shuffled || w.policy.shuffles) shuffle(all, chance_);
  if (!score_) score_ = std::make_unique<address_score>();
  const dial_settings& dial = w.policy.link.dial;
  // Who has no experience takes them as they come.
  if (!w.policy.doubling && dial.ties == dial_settings::order::own) all = own_order(all, number_ + 1);
  if (!w.policy.doubling && dial.by != dial_settings::rank::given) all = score_->order(all, now);
  address_lists lists;
  lists.resolved = unknown_addresses(all);
  choice_terms terms;
  terms.foreground = use_ == fleet_use::foreground;
  terms.random = chance_.next();
  std::vector<uint16_t> found;
  for (const candidate& c : choose_addresses(lists, dial, terms)) found.push_back(server_at(c.address));
  return found;
}

void fleet_client::begin_attempt(fleet_world& w, instant now) {
  state_ = state::dialling;
  pace_.on_attempt(now);
  attempt_ = std::make_unique<fleet_attempt>(w.policy.link.dial, roads(w, now), round_trip_, now, now + w.policy.link.connect_timeout);
  on_dialling(w, now);
}

void fleet_client::on_dialling(fleet_world& w, instant now) {
  std::vector<fleet_attempt::outcome> outcomes;
  attempt_->on_deadline(w.servers, w.tally, now, outcomes);
  for (const auto& o : outcomes) {
    if (w.policy.doubling) break;  // It has no experience.
    if (o.status == THARSIS_OK) score_->on_success(address_of(o.server), o.took, now);
    else score_->on_failure(address_of(o.server), o.status, now);
  }
  if (attempt_->winner()) {
    server_ = *attempt_->winner();
    life_ = attempt_->winner_life();
    state_ = state::proving;
    proved_at_ = now + round_trip_ + w.servers[server_].answer();
  } else if (attempt_->lost(now)) {
    fail_attempt(now);
  }
}

void fleet_client::on_proving(fleet_world& w, instant now) {
  const fleet_server& s = w.servers[server_];
  if (life_ == s.life() && now < attempt_->until()) return come_up(w, now);
  if (life_ != s.life() && s.silent() && now < attempt_->until()) {
    proved_at_ = attempt_->until();
    return;
  }
  score_->on_failure(address_of(server_), now < attempt_->until() ? THARSIS_E_RESET : THARSIS_E_TIMEOUT, now);
  fail_attempt(now);
}

void fleet_client::fail_attempt(instant now) {
  attempt_.reset();
  proved_at_ = never;
  state_ = state::pausing;
  pace_.on_down(now, chance_.next(), reconnect::end::otherwise);
}

void fleet_client::come_up(fleet_world& w, instant now) {
  attempt_.reset();
  proved_at_ = never;
  state_ = state::up;
  pace_.on_up(now);
  rhythm_.on_connected(0);
  rhythm_.on_up(now);
  w.tally.on_connected(server_);
  if (noticed_) w.tally.on_recovered(incident_, now - noticed_at_);
  noticed_ = false;
  incident_ = 0;
  if (wanted_until_ == instant::min()) return;
  silence_.on_sent(now);  // What has waited for it.
  answer_at_ = now + round_trip_ + w.servers[server_].answer();
}

}  // namespace tharsis::stn
