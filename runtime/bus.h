// The event bus: topics, retained values, and a bounded queue for each subscriber.
//
// One mutex guards the lists and the queues; it is never held while anybody's code runs. Events are
// copied once and shared by the queues. Inline topics (bus_inline.h) take it only for what is queued.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/batch_queue.h"
#include "runtime/brief_mutex.h"
#include "runtime/bus_event.h"
#include "runtime/bus_inline.h"
#include "runtime/directory.h"
#include "runtime/metrics.h"
#include "sdk/abi/bus.h"
#include "sdk/abi/platform.h"

namespace tharsis::runtime {

class bus {
 public:
  // `wall` is the host's clock, [any thread]. Without `counted` nothing is counted.
  explicit bus(std::function<int64_t()> wall, metrics* counted = nullptr) : wall_(std::move(wall)), metrics_(counted) {}
  bus(const bus&) = delete;

  // `owner` names the plugin; what a plugin may declare is the caller's question. On `strand` an inline
  // topic is published; for others it may be null. [own strand]
  tharsis_status declare(const std::string& owner, const tharsis_strand* strand, const tharsis_topic* topic,
                         tharsis_handle* id, tharsis_error* error);
  //   THARSIS_E_DENIED  somebody else declared the topic.
  tharsis_status publish(const std::string& owner, tharsis_handle topic, const void* payload);
  tharsis_status subscribe(const std::string& owner, const tharsis_strand* strand, const std::string& pattern,
                           const tharsis_subscription& wanted, tharsis_handle* id, tharsis_error* error);
  tharsis_status unsubscribe(const std::string& owner, tharsis_handle id);

  // For a thread that owns no strand: it takes events when it suits. `waiting` is told of the first event
  // in an empty queue, and of the last that was taken; it may signal, and nothing else: the bus is locked.
  using on_waiting = std::function<void(bool waiting)>;
  tharsis_status subscribe(const std::string& owner, const std::string& pattern, uint32_t policy, uint32_t depth,
                           on_waiting waiting, tharsis_handle* id, tharsis_error* error);
  struct taken {
    tharsis_event event;
    std::shared_ptr<const void> content;  // The event is valid as long as this.
  };
  std::optional<taken> take(tharsis_handle id);
  // Events that the policy of this subscription has dropped.
  uint64_t dropped(tharsis_handle id) const;

  // What is declared now, in the order in which it was. [any thread]
  struct declared {
    std::string owner;
    tharsis_handle id;
    const tharsis_topic* facts;
  };
  std::vector<declared> topics() const;

  // Ends all topics and subscriptions of a plugin; answers how many subscriptions it had left.
  size_t remove(const std::string& owner);

 private:
  // What an owner of topics and subscriptions does here, all of them together. [mutex held]
  struct counts {
    counter published, refused;                        // Of topics.
    counter delivered, dropped_oldest, dropped_newest, conflated;  // Of subscriptions.
    counter inlined;  // Of inline topics; their strand's alone, not locked.
    gauge queue_high;
  };
  counts counts_of(const std::string& owner) const;

  struct queued {
    event_ref event;
    bool snapshot;
  };
  struct subscription {
    tharsis_handle id;
    std::string owner;
    std::string pattern;
    const tharsis_strand* strand;  // Null: its events are taken.
    on_waiting waiting;
    tharsis_subscription wanted;
    batch_queue<queued> queue;
    batch_queue<queued>::batch spare;  // Empty memory for the next delivery. [the subscriber's strand]
    uint64_t dropped = 0;
    counts counted;
    bool scheduled = false;
    std::atomic<bool> ended = false;
  };
  struct topic {
    std::string owner;
    const tharsis_topic* facts;
    publish_clock clock;
    inline_topic* inlined;  // Null: all is queued.
    uint64_t sequence = 0;
    counts counted;
    std::deque<event_ref> kept;  // One for a state, up to `depth` for a log.
    std::vector<std::shared_ptr<subscription>> subscribers;  // Those whose events are queued.
    size_t refusing = 0;                                     // Of those.
  };

  static tharsis_event event_of(const queued& q);
  static bool refused(const topic& t);
  static bool is_own(const subscription& s, const inline_topic& t);
  void join(const std::shared_ptr<subscription>& s, topic& t);
  void leave(const subscription& s, topic& t);
  void add(const std::shared_ptr<subscription>& s);
  void end(subscription& s);
  tharsis_status publish_inline(inline_topic& t, tharsis_handle id, const void* payload);
  static void on_wake(void* context, tharsis_handle id);
  void deliver(tharsis_handle id);
  void enqueue_for_all(const topic& t, event_ref event);
  void enqueue(subscription& s, queued event);
  void schedule(subscription& s);
  void keep(topic& t, const event_ref& event);

  std::function<int64_t()> wall_;
  metrics* const metrics_;
  mutable brief_mutex mutex_;
  event_pool pool_;
  tharsis_handle next_ = 1;
  std::map<tharsis_handle, topic> topics_;
  std::map<tharsis_handle, std::shared_ptr<subscription>> subscriptions_;  // In the order in which they were made.
  directory<inline_topic> inlined_;
  std::vector<std::unique_ptr<inline_topic>> all_inlined_;
};

}  // namespace tharsis::runtime
