#include "runtime/bus_event.h"

#include <new>

#include "runtime/bus_payload.h"

namespace tharsis::runtime {
namespace {

// Of a payload with its texts. Most are smaller; larger ones get a block of their own.
constexpr size_t pooled_size = 208;
// More than this that came back at once are given to the system: 256 KiB are enough to wait for the next burst.
constexpr size_t returned_max = 1024;

}  // namespace

void event_ref::give_back() {
  bus_event* const mine = release();
  if (mine != nullptr) mine->pool->give_back(mine, mine, 1);
}

event_pool::~event_pool() {
  free_all(ready_);
  free_all(returned_);
}

event_ref event_pool::make(const tharsis_topic& topic, const void* payload, uint64_t sequence, int64_t wall) {
  const size_t size = payload_size(topic, payload);
  bus_event* const made = block(size);
  made->topic = &topic;
  made->sequence = sequence;
  made->wall = wall;
  copy_payload(topic, payload, made->payload());
  return event_ref(made);
}

bus_event* event_pool::block(size_t size) {
  const bool of_pool = size <= pooled_size;
  if (of_pool && ready_ == nullptr) {
    const std::lock_guard lock(mutex_);
    ready_ = std::exchange(returned_, nullptr);
    returned_count_ = 0;
  }
  if (of_pool && ready_ != nullptr) {
    bus_event* const again = std::exchange(ready_, ready_->next);
    again->holders.store(1, std::memory_order_relaxed);
    return again;
  }
  auto* const made = new (::operator new(sizeof(bus_event) + (of_pool ? pooled_size : size))) bus_event{};
  made->of_pool = of_pool;
  made->pool = this;
  return made;
}

void event_pool::give_back(bus_event* first, bus_event* last, size_t count) {
  if (first == nullptr) return;
  if (!first->of_pool) return free_all((last->next = nullptr, first));
  {
    const std::lock_guard lock(mutex_);
    if (returned_count_ < returned_max) {
      last->next = returned_;
      returned_ = first;
      returned_count_ += count;
      return;
    }
  }
  last->next = nullptr;
  free_all(first);
}

void event_pool::free_all(bus_event* first) {
  while (first != nullptr) {
    bus_event* const mine = std::exchange(first, first->next);
    mine->~bus_event();
    ::operator delete(mine);
  }
}

void event_pool::returns::take(bus_event* mine) {
  if (!mine->of_pool) return to_.give_back(mine, mine, 1);
  mine->next = first_;
  first_ = mine;
  if (last_ == nullptr) last_ = mine;
  ++count_;
}

}  // namespace tharsis::runtime
