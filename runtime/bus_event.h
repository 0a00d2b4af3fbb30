// Events that wait on the bus: each is copied once, into one block of memory, and counts who holds it.
//
// Blocks of events that ended are used again. They come back from any thread, a batch at a time, so that
// publishers and subscribers meet once for many events and not for each.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "runtime/brief_mutex.h"
#include "sdk/abi/bus.h"

namespace tharsis::runtime {

class event_pool;

// What stands before the payload in a block.
struct alignas(std::max_align_t) bus_event {
  std::atomic<uint32_t> holders{1};
  bool of_pool;  // Its block has the size of all the pool's.
  event_pool* pool;
  bus_event* next;  // In the pool, or on the way there.
  const tharsis_topic* topic;
  uint64_t sequence;
  int64_t wall;

  void* payload() { return this + 1; }
};

class event_ref {
 public:
  event_ref() = default;
  explicit event_ref(bus_event* event) : event_(event) {}  // Takes over one holder.
  event_ref(const event_ref& other) : event_(other.event_) {
    if (event_ != nullptr) event_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  event_ref(event_ref&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  event_ref& operator=(event_ref other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }
  ~event_ref() {
    if (event_ != nullptr) give_back();
  }

  bus_event* operator->() const { return event_; }

  // Holds so many times more at once; each is to be taken over by event_ref(get()).
  void hold(uint32_t more) { event_->holders.fetch_add(more, std::memory_order_relaxed); }
  bus_event* get() const { return event_; }

  // Lets go; answers the event if nobody else holds it.
  bus_event* release() {
    bus_event* const mine = std::exchange(event_, nullptr);
    if (mine == nullptr) return nullptr;
    // The only holder needs no exchange: nobody is left who could come in between.
    if (mine->holders.load(std::memory_order_acquire) == 1) return mine;
    return mine->holders.fetch_sub(1, std::memory_order_acq_rel) == 1 ? mine : nullptr;
  }

 private:
  void give_back();

  bus_event* event_ = nullptr;
};

class event_pool {
 public:
  event_pool() = default;
  event_pool(const event_pool&) = delete;
  ~event_pool();  // All events have ended.

  // A copy of the payload. One call at a time.
  event_ref make(const tharsis_topic& topic, const void* payload, uint64_t sequence, int64_t wall);

  // A batch on its way back; gives it when it ends. [any thread]
  class returns {
   public:
    explicit returns(event_pool& to) : to_(to) {}
    returns(const returns&) = delete;
    ~returns() { to_.give_back(first_, last_, count_); }
    void add(event_ref event) {
      if (bus_event* const mine = event.release()) take(mine);
    }

   private:
    void take(bus_event* mine);

    event_pool& to_;
    bus_event* first_ = nullptr;
    bus_event* last_ = nullptr;
    size_t count_ = 0;
  };

 private:
  friend class event_ref;
  static void free_all(bus_event* first);
  bus_event* block(size_t size);
  void give_back(bus_event* first, bus_event* last, size_t count);

  bus_event* ready_ = nullptr;  // The maker's.
  brief_mutex mutex_;
  bus_event* returned_ = nullptr;
  size_t returned_count_ = 0;
};

}  // namespace tharsis::runtime
