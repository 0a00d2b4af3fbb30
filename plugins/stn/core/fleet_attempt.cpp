#include "plugins/stn/core/fleet_attempt.h"

#include <algorithm>

namespace tharsis::stn {
namespace {

// As Linux repeats the first packet of a connection: after 1 s, 2 s more, 4 s more.
duration until_repeated(uint8_t packets) { return 1s * (1 << (packets - 1)); }

}  // namespace

instant fleet_attempt::deadline() const {
  instant first = std::min(race_.deadline(), until_);
  for (const flight& f : flights_) first = std::min(first, f.due);
  return first;
}

void fleet_attempt::on_deadline(std::vector<fleet_server>& servers, fleet_tally& tally, instant now, std::vector<outcome>& outcomes) {
  for (size_t i = 0; i < flights_.size() && !winner_;) {
    flight& f = flights_[i];
    const bool over = now >= f.due && step(f, servers[f.server], tally, now, outcomes);
    if (over) flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
    else ++i;
  }
  if (winner_ || now >= until_) return;
  while (const auto next = race_.take_start(now)) start(*next, now);
}

void fleet_attempt::start(size_t attempt, instant now) {
  const instant give_up = std::min(until_, later(now, settings_.timeout));
  flights_.push_back({roads_[race_.address(attempt)], attempt, stage::to_server, 1, 0, now, now + round_trip_ / 2, give_up, {}});
}

// True: that was its end.
bool fleet_attempt::step(flight& f, fleet_server& s, fleet_tally& tally, instant now, std::vector<outcome>& outcomes) {
  switch (f.at) {
    case stage::to_server: arrive(f, s, tally, now); return false;
    case stage::refused: return fail(f, THARSIS_E_REFUSED, now, outcomes);
    case stage::unanswered:
      if (now >= f.give_up) return fail(f, THARSIS_E_TIMEOUT, now, outcomes);
      f.at = stage::to_server;
      f.due = now + round_trip_ / 2;
      ++f.packets;
      return false;
    case stage::accepted:
      race_.on_progress(f.attempt, now);
      outcomes.push_back({f.server, THARSIS_OK, now - f.began});
      f.at = stage::secured;
      f.due = std::min(f.secured, f.give_up);
      return false;
    case stage::secured: break;
  }
  if (now < f.secured) return fail(f, THARSIS_E_TIMEOUT, now, outcomes);
  if (f.life == s.life()) {
    winner_ = f.server;
    winner_life_ = f.life;
    return true;
  }
  if (!s.silent()) return fail(f, THARSIS_E_RESET, now, outcomes);
  f.secured = never;
  f.due = f.give_up;
  return false;
}

void fleet_attempt::arrive(flight& f, fleet_server& s, fleet_tally& tally, instant now) {
  std::optional<instant> through;
  if (s.open()) {
    if (f.packets == 1) tally.on_dial(f.server, now);
    through = s.take(now);
  } else if (!s.silent()) {
    f.at = stage::refused;
    f.due = now + round_trip_ / 2;
    return;
  }
  if (!through) {
    f.at = stage::unanswered;
    f.due = std::min(f.give_up, now - round_trip_ / 2 + until_repeated(f.packets));
    return;
  }
  f.at = stage::accepted;
  f.life = s.life();
  f.due = now + round_trip_ / 2;
  f.secured = std::max(*through + round_trip_ / 2, now + round_trip_ * 3 / 2);  // TLS 1.3 takes a round trip more.
}

bool fleet_attempt::fail(const flight& f, tharsis_status why, instant now, std::vector<outcome>& outcomes) {
  outcomes.push_back({f.server, why, now - f.began});
  race_.on_failed(f.attempt, now);
  return true;
}

}  // namespace tharsis::stn
