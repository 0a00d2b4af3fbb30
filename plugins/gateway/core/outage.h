// Decides when the planned outage begins and ends: once, after so many messages, for so long. Pure.
#pragma once
#include "plugins/gateway/core/settings.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

class outage {
 public:
  explicit outage(const outage_plan& plan) : plan_(plan) {}

  // A message was carried out.
  void on_message(instant now) {
    if (plan_.after_messages > 0 && ++messages_ == plan_.after_messages) ends_ = later(now, plan_.lasts);
  }

  bool begun() const { return ends_ != never; }
  bool out(instant now) const { return begun() && now < ends_; }
  // When it ends; `never` when it is not there.
  instant deadline(instant now) const { return out(now) ? ends_ : never; }
  const outage_plan& plan() const { return plan_; }

 private:
  outage_plan plan_;
  int64_t messages_ = 0;
  instant ends_ = never;
};

}  // namespace tharsis::gateway
