// Decides when an idle link proves that it is alive, and when it must be given up.
//
// While no ping is out any received byte counts as life and restarts the wait; a ping that is out is answered
// by its pong alone, so that a half-open path is noticed. How long the wait is: the shortest interval right
// after connecting and, where the profile says so, while the application is in the foreground; else what
// interval_search has found out.
//
// One machine serves all connections of a link, one after the other: what it learned stays.
#pragma once
#include <utility>

#include "plugins/stn/core/interval_search.h"
#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class heartbeat {
 public:
  enum class action { wait, send_ping, give_up };

  explicit heartbeat(const heartbeat_settings& s) : settings_(s), search_(s) {}

  // True: the deadline has moved.
  [[nodiscard]] bool on_foreground(bool is) {
    foreground_ = is;
    return moved();
  }
  // The server wishes a ping after so long an idle time; 0: it has no wish. Such pings teach nothing about the path.
  // True: the deadline has moved.
  [[nodiscard]] bool on_wish(duration interval) {
    wish_ = interval;
    return moved();
  }
  // The link goes over another network, about which this is known.
  void resume(const learned_interval& l) { search_.resume(l); }

  // A connection is there, at this time of the wall's clock;
  void on_connected(int64_t wall) { search_.on_connected(wall); }
  // and it is up.
  void on_up(instant now) {
    ping_ = ping::none;
    pongs_ = 0;
    rest(now);
  }

  // The connection is gone. With a ping out, that may be the answer to it.
  void on_down() {
    if (ping_ == ping::idle) search_.on_lost(gap_);
    ping_ = ping::none;
    deadline_ = never;
  }

  void on_bytes(instant now) {
    if (ping_ == ping::none) rest(now);
  }

  void on_pong(instant now) {
    if (ping_ == ping::none) return;  // A late or unasked pong teaches nothing.
    if (ping_ == ping::idle) {
      ++pongs_;
      search_.on_pong(gap_);
    }
    ping_ = ping::none;
    round_trip_ = now - asked_;
    rest(now);
  }

  // A long upload before the ping still makes its way: the pong cannot be there yet.
  void on_upload(instant now) {
    if (ping_ != ping::none) deadline_ = later(now, settings_.pong_timeout);
  }

  // Ask when deadline() has passed; harmless to ask early.
  [[nodiscard]] action on_deadline(instant now) {
    if (now < deadline_) return action::wait;
    if (ping_ == ping::none) {
      send(wish_ > duration::zero() ? ping::early : ping::idle, now);
      return action::send_ping;
    }
    on_down();
    return action::give_up;
  }

  // Somebody wants proof before the interval is over. True: send a ping; false: one is out. Its pong
  // says nothing about the interval.
  [[nodiscard]] bool on_doubt(instant now) {
    if (ping_ != ping::none) return false;
    send(ping::early, now);
    return true;
  }

  instant deadline() const { return deadline_; }
  // Of the last ping that was answered; 0: none was.
  duration round_trip() const { return round_trip_; }
  duration interval() const {
    if (wish_ > duration::zero()) return wish_;
    const bool shortest = pongs_ < settings_.settle || (foreground_ && settings_.foreground_shortest);
    return shortest ? settings_.interval_min : search_.learned().interval;
  }
  const learned_interval& learned() const { return search_.learned(); }

 private:
  enum class ping { none, idle, early };

  bool moved() {
    if (ping_ != ping::none || deadline_ == never) return false;
    const instant before = std::exchange(deadline_, later(heard_, interval()));
    return deadline_ != before;
  }
  void rest(instant now) {
    heard_ = now;
    deadline_ = later(now, interval());
  }
  void send(ping kind, instant now) {
    ping_ = kind;
    gap_ = now - heard_;
    asked_ = now;
    deadline_ = later(now, settings_.pong_timeout);
  }

  heartbeat_settings settings_;
  interval_search search_;
  bool foreground_ = true;
  duration wish_{};
  instant deadline_ = never;
  instant heard_{};
  duration gap_{};  // Before the ping that is out.
  instant asked_{};
  duration round_trip_{};
  ping ping_ = ping::none;
  int64_t pongs_ = 0;  // Of this connection.
};

}  // namespace tharsis::stn
