// Decides when an idle link proves that it is alive, and when it must be given up.
//
// NATs forget idle paths after a time nobody announces, so the machine looks for it: after
// `grow_after` pongs in a row the interval grows by `step`; a lost pong takes it back by a step and
// gives the link up. While no ping is out any received byte counts as life and restarts the wait; a
// ping that is out is answered by its pong alone, so that a half-open path is noticed.
//
// One machine serves all connections of a link, one after the other: what it learned stays.
#pragma once
#include <algorithm>

#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class heartbeat {
 public:
  enum class action { wait, send_ping, give_up };

  explicit heartbeat(const heartbeat_settings& s) : settings_(s), interval_(s.interval_min) {}

  // A new connection is up.
  void on_up(instant now) {
    ping_ = ping::none;
    pongs_in_a_row_ = 0;
    deadline_ = later(now, interval_);
  }

  void on_bytes(instant now) {
    if (ping_ == ping::none) deadline_ = later(now, interval_);
  }

  void on_pong(instant now) {
    if (ping_ == ping::none) return;  // A late or unasked pong teaches nothing.
    if (ping_ == ping::idle && ++pongs_in_a_row_ >= settings_.grow_after) {
      interval_ = std::min(interval_ + settings_.step, settings_.interval_max);
      pongs_in_a_row_ = 0;
    }
    ping_ = ping::none;
    deadline_ = later(now, interval_);
  }

  // A long upload before the ping still makes its way: the pong cannot be there yet.
  void on_upload(instant now) {
    if (ping_ != ping::none) deadline_ = later(now, settings_.pong_timeout);
  }

  // Ask when deadline() has passed; harmless to ask early.
  [[nodiscard]] action on_deadline(instant now) {
    if (now < deadline_) return action::wait;
    if (ping_ == ping::none) {
      send(ping::idle, now);
      return action::send_ping;
    }
    if (ping_ == ping::idle) interval_ = std::max(interval_ - settings_.step, settings_.interval_min);
    ping_ = ping::none;
    deadline_ = never;
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
  duration interval() const { return interval_; }

 private:
  enum class ping { none, idle, early };

  void send(ping kind, instant now) {
    ping_ = kind;
    deadline_ = later(now, settings_.pong_timeout);
  }

  heartbeat_settings settings_;
  duration interval_;
  instant deadline_ = never;
  ping ping_ = ping::none;
  int64_t pongs_in_a_row_ = 0;
};

}  // namespace tharsis::stn
