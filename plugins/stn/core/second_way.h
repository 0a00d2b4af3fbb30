// Notices within a round trip or two that a connection is dead though nobody said so, and decides about a second one
// beside it: a NAT forgets an idle flow and drops what comes of it, and TCP goes on repeating it for minutes.
//
// Two things make it dial. A request after a long idle time, another network or sleep, when dead flows are common: at once,
// so that the answer comes as soon as if the death had been known. And written bytes that the peer's system has not
// confirmed in time. The old connection stays if it shows a sign of life before the second one has proved itself.
//
// A second connection that was not needed makes the next one of its kind wait, twice as long each time.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "plugins/stn/core/second_way_settings.h"

namespace tharsis::stn {

// Why a second connection was dialled.
enum class second_reason : uint32_t { none, idle, network, woke, unconfirmed };
inline constexpr const char* second_reason_names[] = {"none", "idle", "network", "woke", "unconfirmed"};

struct second_totals {
  uint64_t dialled = 0;
  uint64_t needed = 0;    // Took the old one's place,
  uint64_t needless = 0;  // or the old one showed a sign of life first,
  uint64_t failed = 0;    // or it did not come up.
  bool operator==(const second_totals&) const = default;
};

class second_way {
 public:
  enum class action {
    none,
    dial,  // A second connection. Look at once: what moves from then on is a sign of life.
    drop,  // It: the old one lives.
    take,  // It, in the old one's place. on_up() follows.
  };
  // What the old connection's wire looks like.
  struct sight {
    uint64_t confirmed = 0;    // Bytes that the peer's system has, since the connection began.
    uint64_t outstanding = 0;  // Written, and not confirmed.
    duration round_trip{};     // Smoothed; zero: nobody knows.
  };

  explicit second_way(const second_way_settings& s) : settings_(s) {}

  void change(const second_way_settings& s) { settings_ = s; }
  // Bytes cost money: a second connection only where something has shown that it is needed.
  void on_metered(bool is) { metered_ = is; }
  // What was needless on the last network says nothing about this one.
  void on_another_network() { pauses_ = {}; }

  // A connection is up, and was heard just now.
  void on_up(const sight& s, instant now) {
    up_ = true;
    second_ = second::none;
    due_ = action::none;
    see(s);
    be_calm(now);
  }
  // There is none, nor a second one.
  void on_down() {
    up_ = false;
    second_ = second::none;
    due_ = action::none;
    since_ = never;
  }

  // Bytes came. `open`: something was sent and has no answer still.
  void on_heard(bool open, instant now) {
    be_calm(now);
    if (open) await(now, true);
    spare(now);
  }

  // The network has changed, or the machine slept, and the connection may be dead. `open`: as above.
  void on_doubt(second_reason why, bool open, instant now) {
    doubt_ = why;
    if (open) be_asked(now);
  }

  // So many bytes were written. `request`: somebody waits for their answer. True: look at once, for it takes several
  // packets, and any of them that is confirmed is a sign of life.
  [[nodiscard]] bool on_written(size_t bytes, bool request, instant now) {
    written_ = now;
    if (since_ != never) return wanted_ = wanted_ || request, false;
    await(now, request);
    if (request) be_asked(now);
    return bytes > packet;
  }

  // Ask when deadline() has passed, and whenever the second one has news; harmless at any time.
  void on_look(const sight& s, instant now) {
    const bool moved = s.confirmed > confirmed_ && based_;
    see(s);
    if (!up_ || since_ == never) return;
    if (s.outstanding == 0 || moved) {
      be_calm(now);
      if (s.outstanding > 0) await(now, wanted_), based_ = true;
      return spare(now);
    }
    if (second_ == second::none) return judge(now);
    based_ = true;
  }

  // It has proved itself. Look first.
  void on_second_up() {
    if (second_ == second::dialled && due_ == action::none) due_ = action::take;
  }
  // It died, or did not come about.
  void on_second_lost(instant now) {
    const second was = std::exchange(second_, second::none);
    if (was == second::none) return;
    due_ = action::none;
    await(now, true);  // As long as nothing moves, the next one comes by what is unconfirmed.
    if (was == second::leads) return;
    ++totals_.failed;
    pause_of(why_).on_needless(settings_, now);
  }

  // It is not wanted any more, whatever becomes of the old one.
  void on_cancelled() {
    second_ = second::none;
    due_ = action::none;
  }

  [[nodiscard]] action take_action() {
    const action a = std::exchange(due_, action::none);
    switch (a) {
      case action::none: break;
      case action::dial:
        second_ = second::dialled;
        based_ = false;
        ++totals_.dialled;
        break;
      case action::drop: second_ = second::none; break;
      case action::take:
        second_ = second::leads;
        pauses_ = {};
        ++totals_.needed;
        break;
    }
    return a;
  }

  instant deadline() const {
    if (!up_ || since_ == never || second_ != second::none || settings_.when == second_way_settings::use::never) return never;
    if (due_ != action::none) return since_;
    const instant soon = later(since_, patience());  // Also in a pause: if all is confirmed by then, nothing is awaited.
    return looked_ ? std::max(soon, pause_of(second_reason::unconfirmed).until) : soon;
  }

  // How long written bytes may be unconfirmed: where nobody waits for more than a pong they may be lost once.
  duration patience() const {
    const duration base = round_trip_ == duration::zero() ? settings_.patience_unknown
                                                          : std::max(round_trip_ / 100 * settings_.patience, round_trip_ + settings_.patience_least);
    return wanted_ || doubt_ != second_reason::none ? base : 4 * base;
  }
  // One is on its way, and the old one may still win.
  bool races() const { return second_ == second::dialled && due_ != action::drop; }
  second_reason why() const { return why_; }  // The last one was dialled,
  duration quiet() const { return quiet_; }   // and so long after the last sign of life.
  const second_totals& totals() const { return totals_; }

 private:
  enum class second { none, dialled, leads };
  struct pause {
    instant until{};
    duration length{};
    void on_needless(const second_way_settings& s, instant now) {
      length = length == duration::zero() ? s.pause_min : std::min(2 * length, s.pause_max);
      until = later(now, length);
    }
  };
  // What goes in one is confirmed as a whole.
  static constexpr size_t packet = 1200;

  pause& pause_of(second_reason r) { return pauses_[r == second_reason::unconfirmed ? 1 : 0]; }
  const pause& pause_of(second_reason r) const { return pauses_[r == second_reason::unconfirmed ? 1 : 0]; }

  void see(const sight& s) {
    confirmed_ = s.confirmed;
    if (s.round_trip > duration::zero()) round_trip_ = s.round_trip;
  }
  // It lives, and owes nothing.
  void be_calm(instant now) {
    heard_ = now;
    doubt_ = second_reason::none;
    since_ = never;
  }
  void await(instant now, bool wanted) {
    since_ = now;
    wanted_ = wanted;
    based_ = looked_ = false;
  }

  // Nothing has moved. As long as some of what is outstanding may be younger than `since_`, and the older bytes confirmed, it
  // is too early; from now on it is known what counts.
  void judge(instant now) {
    if (now >= std::max(later(since_, patience()), pause_of(second_reason::unconfirmed).until) && (based_ || now >= later(written_, patience()))) return dial(second_reason::unconfirmed, now);
    if (!std::exchange(based_, true)) since_ = std::max(since_, written_);
    looked_ = now >= later(since_, patience());
  }

  // For the first time since the last sign of life.
  void be_asked(instant now) {
    if (!up_ || second_ != second::none || settings_.when != second_way_settings::use::idle || metered_) return;
    const second_reason why = doubt_ != second_reason::none ? doubt_ : now - heard_ >= settings_.idle_after ? second_reason::idle : second_reason::none;
    if (why == second_reason::none || now < pause_of(why).until) return;
    if (since_ == never) await(now, true);
    dial(why, now);
  }
  void dial(second_reason why, instant now) {
    due_ = action::dial;
    why_ = why;
    quiet_ = now - heard_;
  }
  void spare(instant now) {
    if (due_ == action::dial) due_ = action::none;  // It was not begun.
    if (!races()) return;
    ++totals_.needless;
    pause_of(why_).on_needless(settings_, now);
    due_ = action::drop;
  }

  second_way_settings settings_;
  std::array<pause, 2> pauses_{};
  bool metered_ = false;
  bool up_ = false;
  second second_ = second::none;
  action due_ = action::none;
  second_reason why_ = second_reason::none, doubt_ = second_reason::none;
  instant heard_{};         // The last sign of life.
  instant since_ = never;   // Bytes are outstanding, as far as is known, and nothing was heard.
  bool wanted_ = true;      // Somebody waits for what comes of them.
  instant written_{};       // The last ones.
  bool looked_ = false;     // When it was late, and it was not confirmed.
  bool based_ = false;      // What is confirmed beyond `confirmed_` is a sign of life.
  uint64_t confirmed_ = 0;
  duration round_trip_{}, quiet_{};
  second_totals totals_;
};

}  // namespace tharsis::stn
