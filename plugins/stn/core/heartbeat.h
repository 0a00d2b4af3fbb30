// Decides when an idle link proves that it is alive, and when it must be given up.
//
// While no ping is out any received byte counts as life and restarts the wait; a ping that is out is answered
// by its pong alone, so that a half-open path is noticed. How long the wait is: what the application, or the server,
// wishes; else the shortest interval right after connecting and, where the profile says so, while the application is in
// the foreground; else what interval_search has found out, which for a machine that dozes is another thing.
//
// In the background a ping may come early, when the radio is awake for something else.
//
// One machine serves all connections of a link, one after the other: what it learned stays.
#pragma once
#include <array>
#include <utility>

#include "plugins/stn/core/activity.h"
#include "plugins/stn/core/doze.h"
#include "plugins/stn/core/interval_search.h"
#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class heartbeat {
 public:
  enum class action { wait, send_ping, give_up };
  // Who says how long the wait is.
  enum class source { shortest, learned, server, application };

  // `use` outlives it. Without one the application is in the foreground, as far as nothing else is said, and never dozes.
  explicit heartbeat(const heartbeat_settings& s, const activity* use = nullptr) : settings_(s), use_(use), searches_{interval_search(s), interval_search(s)} {}

  // True: the deadline has moved.
  [[nodiscard]] bool on_foreground(bool is) {
    foreground_ = is;
    if (is) doze_.on_used();
    return move();
  }
  // The application wishes a ping after so long an idle time, on all connections; zero: it does not care. Such pings teach
  // nothing about the path. True: the deadline has moved.
  [[nodiscard]] bool on_wish(duration interval) {
    own_wish_ = bounded(interval);
    return move();
  }
  // The same from the server, for this connection. The application's is stronger.
  [[nodiscard]] bool on_server_wish(duration interval) {
    server_wish_ = bounded(interval);
    return move();
  }
  // The link goes over another network, about which this is known: awake, and dozing.
  void resume(const learned_interval& awake, const learned_interval& dozing = {}) {
    searches_[0].resume(awake);
    searches_[1].resume(dozing);
  }
  // Other settings from now on; what was learned stays, as far as they allow. True: the deadline has moved.
  [[nodiscard]] bool change(const heartbeat_settings& s) {
    const learned_interval awake = searches_[0].learned(), dozing = searches_[1].learned();
    settings_ = s;
    for (interval_search& one : searches_) one = interval_search(s);
    resume(awake, dozing);
    return move();
  }

  // A connection is there, at this time of the wall's clock;
  void on_connected(int64_t wall) {
    for (interval_search& s : searches_) s.on_connected(wall);
    server_wish_ = duration::zero();
  }
  // and it is up.
  void on_up(instant now) {
    ping_ = ping::none;
    pongs_ = 0;
    rest(now);
  }

  // The connection is gone. With a ping out, that may be the answer to it.
  void on_down() {
    if (ping_ == ping::idle) searches_[asked_as_].on_lost(gap_);
    ping_ = ping::none;
    deadline_ = never;
    server_wish_ = duration::zero();
  }

  void on_bytes(instant now) {
    if (ping_ == ping::none) rest(now);
  }

  void on_pong(instant now) {
    if (ping_ == ping::none) return;  // A late or unasked pong teaches nothing.
    if (ping_ == ping::idle) {
      ++pongs_;
      searches_[asked_as_].on_pong(gap_);
    }
    ping_ = ping::none;
    round_trip_ = now - asked_;
    ++answered_;
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
      const duration late = now - deadline_;
      if (nobody_there(now)) doze_.on_timer(late);
      send(is_wished() ? ping::early : ping::idle, now);
      if (late >= settings_.late) wait_for_pong(settings_.pong_timeout_late);
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

  // The radio is awake now, for something else. True: send a ping, so that it need not wake soon for that. A wait that
  // is to teach something is not cut short.
  [[nodiscard]] bool on_company(instant now) {
    if (ping_ != ping::none || deadline_ == never || foreground_ || teaches()) return false;
    const auto spared = interval() / 100 * settings_.early;
    if (settings_.early == 0 || now < deadline_ - spared) return false;
    send(is_wished() ? ping::early : ping::idle, now);
    return true;
  }

  instant deadline() const { return deadline_; }
  // Of the last ping that was answered; 0: none was.
  duration round_trip() const { return round_trip_; }
  // Pings that were answered, ever.
  uint64_t answered() const { return answered_; }
  // How long the pong of the last ping could take.
  duration pong_timeout() const { return pong_timeout_; }
  duration interval() const { return what().first; }
  source interval_from() const { return what().second; }
  const learned_interval& learned(bool dozing = false) const { return searches_[dozing ? 1 : 0].learned(); }
  bool dozes() const { return doze_.is(); }
  duration server_wish() const { return server_wish_; }  // Zero: there is none.

 private:
  enum class ping { none, idle, early };

  std::pair<duration, source> what() const {
    if (own_wish_ != duration::zero()) return {own_wish_, source::application};
    if (server_wish_ != duration::zero()) return {server_wish_, source::server};
    if (pongs_ < settings_.settle || (foreground_ && settings_.foreground_shortest)) return {settings_.interval_min, source::shortest};
    return {learned(doze_.is()).interval, source::learned};
  }
  bool teaches() const {
    const learned_interval& l = learned(doze_.is());
    return !is_wished() && !l.settled && settings_.step != duration::zero() && interval() >= l.interval;
  }
  bool nobody_there(instant now) const { return use_ != nullptr && use_->state(now) == usage::inactive; }

  static duration bounded(duration wish) {
    return wish == duration::zero() ? wish : std::clamp(wish, heartbeat_wish_min, heartbeat_wish_max);
  }
  bool is_wished() const { return own_wish_ != duration::zero() || server_wish_ != duration::zero(); }

  bool move() {
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
    asked_as_ = doze_.is() ? 1 : 0;
    wait_for_pong(settings_.pong_timeout);
  }
  void wait_for_pong(duration timeout) {
    pong_timeout_ = timeout;
    deadline_ = later(asked_, timeout);
  }

  heartbeat_settings settings_;
  const activity* use_;
  std::array<interval_search, 2> searches_;  // Awake, and dozing.
  doze doze_;
  duration own_wish_{}, server_wish_{};  // Zero: there is none.
  bool foreground_ = true;
  instant deadline_ = never;
  instant heard_{};
  duration gap_{};  // Before the ping that is out.
  instant asked_{};
  size_t asked_as_ = 0;  // Which of the searches.
  duration pong_timeout_{};
  duration round_trip_{};
  uint64_t answered_ = 0;
  ping ping_ = ping::none;
  int64_t pongs_ = 0;  // Of this connection.
};

}  // namespace tharsis::stn
