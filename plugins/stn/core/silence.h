// Notices a path that swallows requests: some were sent, and not one byte came back.
//
// Half-way it asks for a ping, so that a slow server, which answers pings at once, is told from a dead
// path. As long as pongs come and nothing new is sent it asks more and more seldom, so that a request
// that takes minutes does not cost a ping every two seconds.
#pragma once
#include <algorithm>
#include <utility>

#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class silence {
 public:
  enum class action { wait, probe, give_up };

  // 0: never anything to do.
  explicit silence(duration timeout) : half_(timeout / 2) {}

  // Another timeout from now on.
  void change(duration timeout) { half_ = timeout / 2; }

  // A request was sent. Only the first after a calm restarts the clock: requests in a row must not
  // put the judgement off for ever.
  void on_sent(instant now) {
    if (since_ != never && patience_ == 1) return;
    since_ = now;
    patience_ = 1;
    probed_ = false;
  }

  void on_bytes(instant now) {
    if (since_ == never) return;
    since_ = now;
    if (std::exchange(probed_, false)) patience_ = std::min(2 * patience_, patience_max);
  }

  // Nothing that was sent is without an answer any more.
  void on_calm() {
    since_ = never;
    patience_ = 1;
    probed_ = false;
  }

  // A long upload still makes its way: no answer can be there yet.
  void on_upload(instant now) {
    if (since_ != never) since_ = now;
  }

  // Ask when deadline() has passed; harmless to ask early.
  [[nodiscard]] action on_deadline(instant now) {
    if (now < deadline()) return action::wait;
    since_ = now;
    return std::exchange(probed_, true) ? action::give_up : action::probe;
  }

  instant deadline() const {
    if (half_ == duration::zero() || since_ == never) return never;
    return later(since_, probed_ ? half_ : half_ * patience_);
  }

 private:
  static constexpr int64_t patience_max = 64;

  duration half_;
  instant since_ = never;  // The last sign of life, the first request after a calm, or the ping.
  int64_t patience_ = 1;
  bool probed_ = false;
};

}  // namespace tharsis::stn
