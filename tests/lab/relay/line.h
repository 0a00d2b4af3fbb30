// One direction's line: decides for each packet whether it is lost, and when it arrives.
//
// In this order: loss, bursts, the queue before a line of finite rate, delay. Every kind of fault has
// its own chance, so that turning one up leaves the others' decisions in place.
//
// Pure: told the time, asked once for each packet.
#pragma once
#include <algorithm>
#include <deque>
#include <optional>

#include "sdk/sim/dice.h"
#include "tests/lab/relay/plan.h"
#include "tests/lab/relay/settings.h"

namespace tharsis::lab {

enum class drop_reason { loss, burst, queue, size, blocked, nat, client_hello, forged, malformed, refused };
inline constexpr size_t drop_reasons = 10;

class line {
 public:
  struct verdict {
    std::optional<drop_reason> dropped;
    instant at{};  // Arrives then.
    bool duplicated = false, late = false;
    std::optional<uint64_t> corrupted;  // Any number, to choose the bit with.
  };

  explicit line(uint64_t seed)
      : loss_(drawn(seed)), burst_(drawn(seed)), jitter_(drawn(seed)), late_(drawn(seed)), copy_(drawn(seed)),
        corrupt_(drawn(seed)) {}

  verdict on_packet(size_t size, instant now, const line_faults& faults) {
    verdict v;
    const bool in_burst = step_burst(faults);
    if (loss_.chance(faults.loss)) return v.dropped = drop_reason::loss, v;
    if (in_burst && burst_.chance(faults.burst_loss)) return v.dropped = drop_reason::burst, v;
    const auto sent = pass_queue(size, now, faults);
    if (!sent) return v.dropped = drop_reason::queue, v;
    v.at = *sent + faults.delay + jitter_.up_to(faults.jitter);
    v.late = late_.chance(faults.reorder);
    if (v.late)
      v.at += settings::late_least + late_.up_to(faults.delay / 2);
    else
      v.at = last_ = std::max(last_, v.at);
    v.duplicated = copy_.chance(faults.duplicate);
    if (corrupt_.chance(faults.corrupt)) v.corrupted = corrupt_.next();
    return v;
  }

 private:
  static sim::dice drawn(uint64_t& seed) {
    sim::dice one(seed++);
    return sim::dice(one.next());
  }

  bool step_burst(const line_faults& faults) {
    in_burst_ = in_burst_ ? !burst_.chance(faults.burst_leave) : burst_.chance(faults.burst_enter);
    return in_burst_;
  }

  // When its last bit has left; nothing when the queue is full.
  std::optional<instant> pass_queue(size_t size, instant now, const line_faults& faults) {
    while (!leaving_.empty() && leaving_.front() <= now) leaving_.pop_front();
    if (faults.rate_bps == 0) return now;
    // The packet that is being sent stands in no queue.
    if (leaving_.size() > faults.queue_packets) return {};
    const double seconds = static_cast<double>(size) * 8 / static_cast<double>(faults.rate_bps);
    const instant begins = leaving_.empty() ? now : leaving_.back();
    leaving_.push_back(begins + std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds)));
    return leaving_.back();
  }

  sim::dice loss_, burst_, jitter_, late_, copy_, corrupt_;
  bool in_burst_ = false;
  std::deque<instant> leaving_;
  instant last_{};
};

}  // namespace tharsis::lab
