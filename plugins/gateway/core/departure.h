// What clients are told of where else to go, and when a gateway that is drained may end. Pure.
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "plugins/gateway/core/settings.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

class departure {
 public:
  explicit departure(const settings& s) : drain_(s.drain), move_(s.move) {}

  // Others are better, or not any more.
  void on_move(const move_wish& m) { move_ = m; }
  // This gateway ends. Harmless to say twice.
  void begin(instant now) {
    if (ends_ == never) ends_ = later(now, drain_.within);
  }

  bool drains() const { return ends_ != never; }
  // When it ends, whoever is still there.
  instant ends() const { return ends_; }
  // `guests`: connections, and requests over HTTP that have no answer.
  bool over(size_t guests, instant now) const { return drains() && (guests == 0 || now >= ends_); }

  bool has_word() const { return drains() || !move_.to.empty(); }
  // For one client; with has_word().
  mars::frame word(instant now) const {
    mars::server_move m;
    m.ends = drains() ? 1 : 0;
    m.endpoints = drains() ? drain_.to : move_.to;
    const duration left = drains() ? std::max(ends_ - now, duration::zero()) : move_.within;
    m.within_ms = static_cast<int32_t>(milliseconds(left));
    m.valid_ms = static_cast<int32_t>(milliseconds(drains() ? drain_.valid : move_.valid));
    m.why = drains() ? "the gateway is drained" : "";
    mars::frame f{mars::command_noop, mars::sequence_noop, {}, {}, {}};
    f.move = encode(m);
    return f;
  }

 private:
  drain_wish drain_;
  move_wish move_;
  instant ends_ = never;
};

}  // namespace tharsis::gateway
