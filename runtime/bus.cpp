#include "runtime/bus.h"

#include <algorithm>

#include "runtime/bus_payload.h"
#include "runtime/topic_pattern.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {
namespace {
constexpr uint32_t depth_default = 256;  // A burst of a second at 250 events; 64 KiB of queue at most.
}

bus::counts bus::counts_of(const std::string& owner) const {
  if (metrics_ == nullptr) return {};
  // "(host)", which is no plugin, is host here.
  const std::string who = owner.starts_with('(') ? owner.substr(1, owner.size() - 2) : owner;
  const auto count = [&](const char* name, const char* help) { return metrics_->own<counter>(who, name, "1", help); };
  return {count("bus_published", "Events that it published"),
          count("bus_refused", "Events that it could not publish, because a subscriber that refuses was full"),
          count("bus_delivered", "Events that its subscriptions got"),
          count("bus_dropped_oldest", "Events that its full queues lost to newer ones"),
          count("bus_dropped_newest", "Events that its full queues did not take"),
          count("bus_conflated", "Events that a newer one of their topic replaced while they waited"),
          count("bus_inlined", "Events that it published on inline topics"),
          metrics_->own<gauge>(who, "bus_queue_high", "1", "Most events that waited in one of its queues")};
}

tharsis_status bus::declare(const std::string& owner, const tharsis_strand* strand, const tharsis_topic* facts,
                            tharsis_handle* id, tharsis_error* error) {
  if (const tharsis_status s = check_topic(*facts, error); s != THARSIS_OK) return s;
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, t] : topics_)
    if (std::string_view(t.facts->name) == facts->name)
      return fail(error, THARSIS_E_IN_USE, "topic '" + std::string(facts->name) + "' is declared by plugin '" + t.owner + "' already");
  const counts counted = counts_of(owner);
  tharsis_handle made = next_;
  inline_topic* inlined = nullptr;
  if (is_inline(*facts)) {
    made = inlined_.reserve();
    if (made == 0) return fail(error, THARSIS_E_BUSY, "this runtime has used up all numbers for inline topics");
    all_inlined_.push_back(std::make_unique<inline_topic>(owner, facts, strand, counted.inlined));
    inlined = all_inlined_.back().get();
    inlined_.put(made, inlined);
  }
  ++next_;
  topic& t = topics_.emplace(made, topic{owner, facts, publish_clock(strand), inlined, 0, counted, {}, {}, 0}).first->second;
  for (const auto& [handle, s] : subscriptions_)
    if (topic_matches(s->pattern, facts->name)) join(s, t);
  *id = made;
  return THARSIS_OK;
}

// Its publisher listens, on the strand on which it publishes.
bool bus::is_own(const subscription& s, const inline_topic& t) { return s.strand == t.strand() && t.is_of(s.owner); }

// [mutex held] [the subscriber's strand, or the publisher's]
void bus::join(const std::shared_ptr<subscription>& s, topic& t) {
  if (t.inlined != nullptr && is_own(*s, *t.inlined))
    return t.inlined->add(s->wanted.on_event, s->wanted.context, inline_topic::ended_flag(s, &s->ended));
  t.subscribers.push_back(s);
  if (s->wanted.policy == THARSIS_REFUSE) ++t.refusing;
  if (t.inlined != nullptr) t.inlined->others.store(t.subscribers.size(), std::memory_order_release);
  for (const event_ref& event : t.kept) enqueue(*s, {event, true});
}

// [mutex held] [the subscriber's strand]
void bus::leave(const subscription& s, topic& t) {
  if (t.inlined != nullptr && is_own(s, *t.inlined)) {
    if (topic_matches(s.pattern, t.facts->name)) t.inlined->remove(&s.ended);
    return;
  }
  if (std::erase_if(t.subscribers, [&](const auto& other) { return other.get() == &s; }) == 0) return;
  if (s.wanted.policy == THARSIS_REFUSE) --t.refusing;
  if (t.inlined != nullptr) t.inlined->others.store(t.subscribers.size(), std::memory_order_release);
}

tharsis_status bus::publish(const std::string& owner, tharsis_handle id, const void* payload) {
  if (inline_topic* const t = inlined_.find(id)) return t->is_of(owner) ? publish_inline(*t, id, payload) : THARSIS_E_DENIED;
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(id);
  if (found == topics_.end()) return THARSIS_E_GONE;
  topic& t = found->second;
  if (t.owner != owner) return THARSIS_E_DENIED;
  if (refused(t)) return THARSIS_E_BUSY;
  t.counted.published.add();
  ++t.sequence;
  if (t.subscribers.empty() && t.facts->kind == THARSIS_TOPIC_EVENT) return THARSIS_OK;
  event_ref event = pool_.make(*t.facts, payload, t.sequence, t.clock.here() ? t.clock.wall() : wall_());
  if (t.facts->kind != THARSIS_TOPIC_EVENT) keep(t, event);
  enqueue_for_all(t, std::move(event));
  return THARSIS_OK;
}

// Those who refuse are asked before anybody is told.
tharsis_status bus::publish_inline(inline_topic& t, tharsis_handle id, const void* payload) {
  if (const tharsis_status s = t.usable(); s != THARSIS_OK) return s;
  if (t.others.load(std::memory_order_acquire) > 0) {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(id);
    if (found == topics_.end()) return THARSIS_E_GONE;
    if (refused(found->second)) return THARSIS_E_BUSY;
    enqueue_for_all(found->second, pool_.make(*found->second.facts, payload, t.next_sequence(), t.wall()));
  }
  t.tell(payload);
  return THARSIS_OK;
}

// [mutex held]
bool bus::refused(const topic& t) {
  if (t.refusing == 0) return false;
  const auto refuses = [](const auto& s) { return s->wanted.policy == THARSIS_REFUSE && s->queue.size() >= s->wanted.depth; };
  if (std::none_of(t.subscribers.begin(), t.subscribers.end(), refuses)) return false;
  t.counted.refused.add();
  return true;
}

void bus::keep(topic& t, const event_ref& event) {
  t.kept.push_back(event);
  const size_t most = t.facts->kind == THARSIS_TOPIC_STATE ? 1 : std::max<size_t>(t.facts->depth, 1);
  while (t.kept.size() > most) t.kept.pop_front();
}

// [mutex held]
void bus::enqueue_for_all(const topic& t, event_ref event) {
  const size_t count = t.subscribers.size();
  if (count == 0) return;
  if (count > 1) event.hold(static_cast<uint32_t>(count - 1));
  for (size_t i = 0; i + 1 < count; ++i) enqueue(*t.subscribers[i], {event_ref(event.get()), false});
  enqueue(*t.subscribers.back(), {std::move(event), false});
}

// [mutex held]
void bus::enqueue(subscription& s, queued event) {
  const auto same_topic = [&](const queued& q) { return q.event->topic == event.event->topic; };
  const bool full = s.queue.size() >= s.wanted.depth;
  if (s.wanted.policy == THARSIS_CONFLATE || (full && event.event->topic->kind == THARSIS_TOPIC_STATE)) {
    if (s.queue.erase_first(same_topic)) s.counted.conflated.add();
  }
  if (s.queue.size() >= s.wanted.depth) {
    ++s.dropped;
    if (s.wanted.policy == THARSIS_DROP_NEWEST) return s.counted.dropped_newest.add();
    s.counted.dropped_oldest.add();
    s.queue.pop();
  }
  s.queue.push(std::move(event));
  s.counted.queue_high.raise(static_cast<int64_t>(s.queue.size()));
  if (!s.scheduled) schedule(s);
}

// [mutex held]
void bus::schedule(subscription& s) {
  if (s.strand == nullptr) {
    s.scheduled = true;
    return s.waiting(true);
  }
  const tharsis_loop& loop = *s.strand->loop;
  s.scheduled = loop.post(loop.self, s.strand->id, &bus::on_wake, this, s.id) == THARSIS_OK;
}

tharsis_status bus::subscribe(const std::string& owner, const tharsis_strand* strand, const std::string& pattern,
                              const tharsis_subscription& wanted, tharsis_handle* id, tharsis_error* error) {
  if (pattern.empty() || wanted.on_event == nullptr || wanted.policy > THARSIS_REFUSE)
    return fail(error, THARSIS_E_INVALID, "a subscription needs a pattern, a known policy and `on_event`");
  const auto s = std::make_shared<subscription>();
  s->owner = owner;
  s->pattern = pattern;
  s->strand = strand;
  s->wanted = wanted;
  const std::lock_guard lock(mutex_);
  add(s);
  *id = s->id;
  return THARSIS_OK;
}

tharsis_status bus::subscribe(const std::string& owner, const std::string& pattern, uint32_t policy, uint32_t depth,
                              on_waiting waiting, tharsis_handle* id, tharsis_error* error) {
  if (pattern.empty() || policy > THARSIS_REFUSE)
    return fail(error, THARSIS_E_INVALID, "a subscription needs a pattern and a known policy");
  const auto s = std::make_shared<subscription>();
  s->owner = owner;
  s->pattern = pattern;
  s->strand = nullptr;
  s->waiting = std::move(waiting);
  s->wanted = {sizeof s->wanted, policy, depth, nullptr, nullptr};
  const std::lock_guard lock(mutex_);
  add(s);
  *id = s->id;
  return THARSIS_OK;
}

// [mutex held]
void bus::add(const std::shared_ptr<subscription>& s) {
  s->id = next_++;
  s->counted = counts_of(s->owner);
  if (s->wanted.depth == 0) s->wanted.depth = depth_default;
  subscriptions_[s->id] = s;
  for (auto& [handle, t] : topics_)
    if (topic_matches(s->pattern, t.facts->name)) join(s, t);
}

tharsis_status bus::unsubscribe(const std::string& owner, tharsis_handle id) {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end() || found->second->owner != owner) return THARSIS_E_GONE;
  end(*std::shared_ptr<subscription>(found->second));
  return THARSIS_OK;
}

std::vector<bus::declared> bus::topics() const {
  const std::lock_guard lock(mutex_);
  std::vector<declared> all;
  for (const auto& [id, t] : topics_) all.push_back({t.owner, id, t.facts});
  return all;
}

// Perhaps not on the owner's strand, whose code may be stuck in the middle of a publish(): what belongs to
// that strand alone is left as it is, and heard by nobody.
size_t bus::remove(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, t] : topics_)
    if (t.owner == owner && t.inlined != nullptr) t.inlined->gone.store(true, std::memory_order_release);
  std::erase_if(topics_, [&](const auto& entry) { return entry.second.owner == owner; });
  std::vector<std::shared_ptr<subscription>> ended;
  for (const auto& [id, s] : subscriptions_)
    if (s->owner == owner) ended.push_back(s);
  for (const auto& s : ended) end(*s);
  return ended.size();
}

// [mutex held]
void bus::end(subscription& s) {
  s.ended = true;
  if (s.strand == nullptr && s.scheduled) s.waiting(false);
  for (auto& [handle, t] : topics_) leave(s, t);
  subscriptions_.erase(s.id);
}

void bus::on_wake(void* context, tharsis_handle id) { static_cast<bus*>(context)->deliver(id); }

// [the subscriber's strand]
void bus::deliver(tharsis_handle id) {
  std::shared_ptr<subscription> s;
  batch_queue<queued>::batch batch;  // Not the subscription's while code runs that may throw.
  {
    const std::lock_guard lock(mutex_);
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    s = found->second;
    s->scheduled = false;
    batch.swap(s->spare);
    s->queue.take_all(batch);
    s->counted.delivered.add(batch.size());
  }
  event_pool::returns back(pool_);
  for (queued& q : batch) {
    if (!s->ended.load(std::memory_order_relaxed)) {
      const tharsis_event event = event_of(q);
      if (s->strand->begins != nullptr) s->strand->begins(s->strand->self, THARSIS_RUNS_EVENT, event.topic->name);
      s->wanted.on_event(s->wanted.context, &event);
    }
    back.add(std::move(q.event));
  }
  batch.clear();
  s->spare.swap(batch);
}

std::optional<bus::taken> bus::take(tharsis_handle id) {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end() || found->second->queue.empty()) return {};
  subscription& s = *found->second;
  queued next = s.queue.pop();
  s.counted.delivered.add();
  if (s.queue.empty()) {
    s.scheduled = false;
    s.waiting(false);
  }
  const tharsis_event event = event_of(next);
  return taken{event, std::make_shared<const event_ref>(std::move(next.event))};
}

uint64_t bus::dropped(tharsis_handle id) const {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? 0 : found->second->dropped;
}

tharsis_event bus::event_of(const queued& q) {
  return {sizeof(tharsis_event), q.snapshot ? 1u : 0u, q.event->topic, q.event->sequence, q.event->wall,
          q.event->payload()};
}

}  // namespace tharsis::runtime
