#include "runtime/bus.h"

#include <algorithm>

#include "runtime/topic_pattern.h"

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
          metrics_->own<gauge>(who, "bus_queue_high", "1", "Most events that waited in one of its queues")};
}

tharsis_status bus::declare(const std::string& owner, const tharsis_topic* facts, tharsis_handle* id,
                            tharsis_error* error) {
  if (const tharsis_status s = check_topic(*facts, error); s != THARSIS_OK) return s;
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, t] : topics_)
    if (std::string_view(t.facts->name) == facts->name)
      return fail(error, THARSIS_E_IN_USE, "topic '" + std::string(facts->name) + "' is declared by plugin '" + t.owner + "' already");
  topic& t = topics_[*id = next_++];
  t.owner = owner;
  t.facts = facts;
  t.counted = counts_of(owner);
  for (const auto& [handle, s] : subscriptions_)
    if (topic_matches(s->pattern, facts->name)) t.subscribers.push_back(s);
  return THARSIS_OK;
}

tharsis_status bus::publish(const std::string& owner, tharsis_handle id, const void* payload) {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(id);
  if (found == topics_.end()) return THARSIS_E_GONE;
  topic& t = found->second;
  if (t.owner != owner) return THARSIS_E_DENIED;
  for (const auto& s : t.subscribers)
    if (s->wanted.policy == THARSIS_REFUSE && s->queue.size() >= s->wanted.depth) return t.counted.refused.add(), THARSIS_E_BUSY;
  t.counted.published.add();
  const uint64_t sequence = ++t.sequence;
  if (t.subscribers.empty() && t.facts->kind == THARSIS_TOPIC_EVENT) return THARSIS_OK;
  const auto event = std::make_shared<const stored>(stored{t.facts, sequence, wall_(), payload_copy(*t.facts, payload)});
  keep(t, event);
  for (const auto& s : t.subscribers) enqueue(s, {event, false});
  return THARSIS_OK;
}

void bus::keep(topic& t, const stored_ptr& event) {
  if (t.facts->kind == THARSIS_TOPIC_EVENT) return;
  t.kept.push_back(event);
  const size_t most = t.facts->kind == THARSIS_TOPIC_STATE ? 1 : std::max<size_t>(t.facts->depth, 1);
  while (t.kept.size() > most) t.kept.pop_front();
}

// [mutex held]
void bus::enqueue(const std::shared_ptr<subscription>& s, queued event) {
  const auto same_topic = [&](const queued& q) { return q.event->topic == event.event->topic; };
  const bool full = s->queue.size() >= s->wanted.depth;
  if (s->wanted.policy == THARSIS_CONFLATE || (full && event.event->topic->kind == THARSIS_TOPIC_STATE)) {
    const auto older = std::find_if(s->queue.begin(), s->queue.end(), same_topic);
    if (older != s->queue.end()) {
      s->queue.erase(older);
      s->counted.conflated.add();
    }
  }
  if (s->queue.size() >= s->wanted.depth) {
    ++s->dropped;
    if (s->wanted.policy == THARSIS_DROP_NEWEST) return s->counted.dropped_newest.add();
    s->counted.dropped_oldest.add();
    s->queue.pop_front();
  }
  s->queue.push_back(std::move(event));
  s->counted.queue_high.raise(static_cast<int64_t>(s->queue.size()));
  schedule(*s);
}

// [mutex held]
void bus::schedule(subscription& s) {
  if (s.scheduled) return;
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
  for (auto& [handle, t] : topics_) {
    if (!topic_matches(s->pattern, t.facts->name)) continue;
    t.subscribers.push_back(s);
    for (const stored_ptr& event : t.kept) enqueue(s, {event, true});
  }
}

tharsis_status bus::unsubscribe(const std::string& owner, tharsis_handle id) {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end() || found->second->owner != owner) return THARSIS_E_GONE;
  found->second->ended = true;
  if (found->second->strand == nullptr && found->second->scheduled) found->second->waiting(false);
  for (auto& [handle, t] : topics_) std::erase(t.subscribers, found->second);
  subscriptions_.erase(found);
  return THARSIS_OK;
}

size_t bus::remove(const std::string& owner) {
  std::vector<tharsis_handle> ids;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(topics_, [&](const auto& entry) { return entry.second.owner == owner; });
    for (const auto& [id, s] : subscriptions_)
      if (s->owner == owner) ids.push_back(id);
  }
  for (const tharsis_handle id : ids) unsubscribe(owner, id);
  return ids.size();
}

void bus::on_wake(void* context, tharsis_handle id) { static_cast<bus*>(context)->deliver(id); }

// [the subscriber's strand]
void bus::deliver(tharsis_handle id) {
  std::shared_ptr<subscription> s;
  std::deque<queued> batch;
  {
    const std::lock_guard lock(mutex_);
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    s = found->second;
    s->scheduled = false;
    batch.swap(s->queue);
    s->counted.delivered.add(batch.size());
  }
  for (const queued& q : batch) {
    if (s->ended) return;
    const tharsis_event event = event_of(q);
    if (s->strand->begins != nullptr) s->strand->begins(s->strand->self, THARSIS_RUNS_EVENT, event.topic->name);
    s->wanted.on_event(s->wanted.context, &event);
  }
}

std::optional<bus::taken> bus::take(tharsis_handle id) {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end() || found->second->queue.empty()) return {};
  subscription& s = *found->second;
  const queued next = std::move(s.queue.front());
  s.queue.pop_front();
  s.counted.delivered.add();
  if (s.queue.empty()) {
    s.scheduled = false;
    s.waiting(false);
  }
  return taken{event_of(next), next.event};
}

uint64_t bus::dropped(tharsis_handle id) const {
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? 0 : found->second->dropped;
}

tharsis_event bus::event_of(const queued& q) {
  return {sizeof(tharsis_event), q.snapshot ? 1u : 0u, q.event->topic, q.event->sequence, q.event->wall,
          q.event->payload.data()};
}

}  // namespace tharsis::runtime
