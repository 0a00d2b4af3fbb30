// Whether somebody needs a link that is kept on demand only: it connects when a task wants it, and rests when for a
// while there was neither a task nor a push. A link that is always kept is always needed.
#pragma once
#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class on_demand {
 public:
  explicit on_demand(const link_settings& s) : always_(!s.on_demand), idle_after_(s.idle_after) {}

  // Other settings from now on.
  void change(const link_settings& s) {
    always_ = !s.on_demand;
    idle_after_ = s.idle_after;
  }

  // A task came or ended, or the server pushed something.
  void on_use(instant now) { used_at_ = now; }
  // Somebody wants a connection without having a task for it now; he is heard for as long as one would be kept.
  void on_wish(instant now) {
    on_use(now);
    wished_until_ = later(now, idle_after_);
  }
  void on_up() { wished_until_ = instant{}; }

  // Is there a reason to connect? `tasks`: some have no answer yet.
  bool wants(bool tasks, instant now) const { return always_ || tasks || now < wished_until_; }

  // While it is up: ask is_over() then. What was used meanwhile has moved it on.
  instant deadline() const { return always_ ? never : later(used_at_, idle_after_); }
  bool is_over(bool tasks, instant now) {
    if (now < deadline()) return false;
    if (tasks) on_use(now);
    return !tasks;
  }

 private:
  bool always_;
  duration idle_after_;
  instant used_at_{};
  instant wished_until_{};
};

}  // namespace tharsis::stn
