// When the connection of a link's streams goes where the link has gone. What is in the middle there ends where it is, as long as
// that is not too long and its server stays; then it goes on over the next connection, from where both sides say it stands.
#pragma once
#include <algorithm>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class stream_move {
 public:
  // `patience`: how long those that are in the middle may hold it up.
  explicit stream_move(duration patience) : patience_(patience) {}

  // The link leads elsewhere than the connection of the streams. `ends`: by then its server has ended it; never or the past: it
  // has not said that. Told again it changes nothing, but for a server that ends sooner.
  void on_elsewhere(instant ends, instant now) {
    if (by_ == never) by_ = later(now, patience_);
    if (ends <= now || ends == never) return;
    server_ends_ = true;
    by_ = std::min(by_, ends);
  }
  // They lead to the same again, or there is another connection.
  void on_there() {
    by_ = never;
    server_ends_ = false;
  }

  bool waits() const { return by_ != never; }
  // No stream is opened there any more: its server would end in the middle of it.
  bool holds() const { return waits() && server_ends_; }
  // `busy`: streams are in the middle.
  bool due(bool busy, instant now) const { return waits() && (!busy || now >= by_); }
  instant deadline() const { return by_; }

 private:
  const duration patience_;
  instant by_ = never;
  bool server_ends_ = false;
};

}  // namespace tharsis::stn
