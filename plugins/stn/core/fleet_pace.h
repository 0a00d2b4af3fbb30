// When a simulated client tries again: as real links do (core/reconnect.h), or as others do.
#pragma once
#include <optional>

#include "plugins/stn/core/fleet_policy.h"

namespace tharsis::stn {

class fleet_pace {
 public:
  explicit fleet_pace(const fleet_policy& p) : use_({}) {
    if (!p.doubling) ours_.emplace(p.link.reconnect, use_);
  }
  fleet_pace(const fleet_pace&) = delete;

  // Is it in the foreground, and since when that or the contrary?
  void on_use(bool foreground, instant since) {
    (void)use_.on_foreground(true, foreground ? since : since - 1h);
    if (!foreground) (void)use_.on_foreground(false, since);
    if (ours_) ours_->on_account(true);
  }
  void on_up(instant now) {
    if (ours_) ours_->on_up(now);
    else others_.on_up();
  }
  void on_task(instant now) {
    if (ours_) ours_->on_task(now);
  }
  void on_attempt(instant now) {
    if (ours_) ours_->on_attempt(now);
  }
  void on_down(instant now, uint64_t random, reconnect::end by) {
    if (ours_) ours_->on_down(now, random, by);
    else others_.on_down(now);
  }
  instant due(bool wanted, instant now) const { return ours_ ? ours_->due(wanted, now) : others_.due(); }

 private:
  activity use_;
  std::optional<reconnect> ours_;
  plain_backoff others_;
};

}  // namespace tharsis::stn
