#include "plugins/stn/core/fleet_policy.h"

namespace tharsis::stn {

fleet_policy our_policy(const link_settings& link) { return {"tharsis", link}; }

fleet_policy naive_policy() {
  fleet_policy p{"naive back-off", {}};
  p.doubling = true;
  p.link.dial.parallel = 1;
  return p;
}

fleet_policy mars_policy() {
  fleet_policy p{"Mars' constants", {}};
  link_settings& l = p.link;
  l.answer_timeout = duration::zero();
  l.heartbeat.interval_max = 580s;
  l.heartbeat.pong_timeout = 8s;
  l.heartbeat.grow_after = 5;
  reconnect_settings& r = l.reconnect;
  r.grows = reconnect_settings::growth::at_once;
  r.jitter = 3;
  r.pauses = {15s, 30s, 120s, 300s, 600s};
  r.pauses_wanted = {5s, 10s, 20s, 30s, 300s};
  r.ladder = {0s, 60s, 120s, 240s, 360s, 480s, 600s};
  r.ladder_soon = 10min;
  r.spread = r.spread_foreground = duration::zero();
  l.dial.stagger = 2500ms;
  l.dial.parallel = 3;
  l.dial.addresses = 5;
  l.dial.addresses_background = 4;
  p.shuffles = true;
  return p;
}

}  // namespace tharsis::stn
