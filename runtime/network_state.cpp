#include "runtime/network_state.h"

#include <algorithm>

namespace tharsis::runtime {
namespace {
constexpr int restless_most = 16;  // Beyond it the wait has long met its limit.
}

// How many changes came shortly after one another, this one included.
int network_state::restless(instant now) const {
  if (!settled_at_ || now - *settled_at_ >= settings_.calm) return 0;
  return std::min(restless_ + 1, restless_most);
}

// Nothing is lost by saying it now: what was there before is of no use any more.
bool network_state::urgent() const {
  return waiting_->usable() && (!settled_.usable() || !still_has_sources(*waiting_, settled_));
}

instant network_state::due(instant now) const {
  const int soon = restless(now);
  if (soon == 0 && urgent()) return now;
  const duration wait = std::min(settings_.still * (1 << soon), settings_.still_longest);
  return std::min(later(seen_at_, wait), later(waiting_since_, settings_.still_longest));
}

void network_state::on_look(network_look seen, instant now) {
  if (!std::exchange(looked_, true)) {
    settled_ = std::move(seen);
    return tell(false);
  }
  if (same_look(seen, settled_)) {
    settled_.addresses = std::move(seen.addresses);
    return waiting_.reset();
  }
  if (!waiting_) waiting_since_ = now;
  if (!waiting_ || !same_look(*waiting_, seen)) seen_at_ = now;
  waiting_ = std::move(seen);
  due_ = due(now);
  on_deadline(now);
}

void network_state::on_deadline(instant now) {
  if (!waiting_ || now < due_) return;
  settle(std::move(*waiting_), now);
  waiting_.reset();
}

void network_state::settle(network_look seen, instant now) {
  restless_ = restless(now);
  settled_at_ = now;
  const bool moved = seen.way != settled_.way;
  settled_ = std::move(seen);
  tell(moved);
}

void network_state::on_clock(duration asleep, int64_t wall) {
  const duration slept = asleep_ ? asleep - *asleep_ : duration::zero();
  asleep_ = asleep;
  if (slept < settings_.sleep_least) return;
  facts_.woke = wall;
  changed_ = true;
  settled_at_.reset();  // Whatever flapped before: this is another day.
  tell(slept >= settings_.sleep_outlives);
}

void network_state::on_inputs(const network_inputs& all) {
  const bool moved = all.proxy != inputs_.proxy;
  inputs_ = all;
  tell(moved);
}

void network_state::tell(bool another_way) {
  network_facts next = facts_;
  next.type = inputs_.type != THARSIS_NETWORK_UNKNOWN ? inputs_.type : settled_.type;
  next.id = !inputs_.network.empty() ? inputs_.network : settled_.id;
  next.interface = settled_.interface;
  next.families = settled_.families;
  next.mtu = settled_.mtu;
  next.metered = inputs_.metered;
  next.foreground = inputs_.foreground;
  next.account = inputs_.account;
  next.proxy = inputs_.proxy;
  next.device = inputs_.device;
  // Another router behind the same addresses. One whose name was not known yet is no other network.
  const bool renamed = !next.id.empty() && !last_id_.empty() && next.id != last_id_;
  if (another_way || renamed) ++next.generation;
  if (another_way || renamed || !next.id.empty()) last_id_ = next.id;
  if (next == facts_) return;
  facts_ = std::move(next);
  changed_ = true;
}

}  // namespace tharsis::runtime
