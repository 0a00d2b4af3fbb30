// A topic with THARSIS_TOPIC_INLINE: the publisher's own listeners, called inside publish().
//
// All of it belongs to the publisher's strand, so there is no lock; what others may ask is atomic. It stays
// in memory after its plugin, whose code may be stuck in the middle of a walk.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "runtime/bus_event.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/metrics.h"

namespace tharsis::runtime {

// The wall time of what a strand publishes. It is asked for once in each callback: asking costs more than
// publishing.
class publish_clock {
 public:
  explicit publish_clock(const tharsis_strand* strand) : strand_(strand) {}
  bool here() const { return strand_ != nullptr && strand_->loop->current(strand_->loop->self) == strand_->id; }
  int64_t wall() {  // [own strand]
    const int64_t now = strand_->loop->now(strand_->loop->self);
    if (now != asked_at_) {
      asked_at_ = now;
      wall_ = strand_->loop->wall(strand_->loop->self);
    }
    return wall_;
  }

 private:
  const tharsis_strand* strand_;
  int64_t asked_at_ = 0;
  int64_t wall_ = 0;
};

class inline_topic {
 public:
  // Whether a listener's subscription has ended; it owns the subscription too.
  using ended_flag = std::shared_ptr<const std::atomic<bool>>;

  inline_topic(const std::string& owner, const tharsis_topic* facts, const tharsis_strand* strand, counter published)
      : owner_(owner), facts_(facts), strand_(strand), clock_(strand), published_(published) {}
  inline_topic(const inline_topic&) = delete;

  bool is_of(const std::string& owner) const { return owner == owner_; }
  const tharsis_strand* strand() const { return strand_; }
  std::atomic<size_t> others{0};  // Subscriptions that want their events queued. [any thread]
  std::atomic<bool> gone{false};  // [any thread]

  // OK where publish() may go on; else what to answer. [any thread]
  tharsis_status usable() const;

  // All below: [own strand]
  void add(tharsis_on_event on_event, void* context, ended_flag ended);
  void remove(const std::atomic<bool>* ended);
  // The event that tell() is about to number.
  uint64_t next_sequence() const { return sequence_ + 1; }
  int64_t wall() { return clock_.wall(); }
  void tell(const void* payload);

 private:
  struct listener {
    tharsis_on_event on_event;
    void* context;
  };
  // Never changed once it is walked; `flags` lie apart, because a walk seldom looks at them.
  struct list {
    std::vector<listener> listeners;
    std::vector<ended_flag> flags;
  };
  // The outermost publish() is over, also where a callback threw.
  struct at_end {
    inline_topic& of;
    ~at_end();
  };
  void walk(const tharsis_event& event);
  void replace(std::unique_ptr<const list> with);

  static constexpr size_t nested_max = 256;  // A callback that answers each event with another stops here.

  const std::string owner_;
  const tharsis_topic* const facts_;
  const tharsis_strand* const strand_;
  publish_clock clock_;
  const counter published_;
  uint64_t sequence_ = 0;
  bool walking_ = false;
  std::unique_ptr<const list> list_ = std::make_unique<const list>();
  std::vector<std::unique_ptr<const list>> walked_;  // Replaced while somebody walks them.
  event_pool pool_;
  std::deque<event_ref> nested_;  // Published inside a callback.
};

}  // namespace tharsis::runtime
