// Between strands without a lock: what a service function hands over to its plugin's own strand, and
// the answers that go from there to the callers' strands.
//
// A wake whose strand was closed never comes. So what is sent belongs to the box as well, and is
// freed with it when nobody has taken it.
#pragma once
#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "sdk/abi/loop.h"
#include "sdk/async/strand.h"

namespace tharsis {

// From any thread to the own strand. Letters of one thread keep their order.
template <class T>
class inbox {
 public:
  using receiver = void (*)(void* context, T letter);

  inbox(const tharsis_loop& loop, receiver r, void* context) : loop_(loop), receiver_(r), context_(context) {}
  inbox(const inbox&) = delete;
  ~inbox() {
    for (node* n = taken_in_order(); n != nullptr;) delete std::exchange(n, n->next);
  }

  // The receiver is called with it on the own strand, later. Only the first letter of those that lie
  // together wakes it.
  //   THARSIS_E_GONE  the strand was closed; the letter is never received.
  // [any thread] [does not block]
  tharsis_status send(T letter) {
    node* before = newest_.load(std::memory_order_relaxed);
    node* const mine = new node{std::move(letter), before};
    while (!newest_.compare_exchange_weak(before, mine, std::memory_order_release, std::memory_order_relaxed))
      mine->next = before;
    if (before != nullptr) return THARSIS_OK;  // Of `mine` nothing may be read any more: it may be gone.
    const auto wake = [](void* self, tharsis_handle) { static_cast<inbox*>(self)->drain(); };
    return loop_.post(loop_.self, 0, wake, this, 0);
  }

  // Receive now what has come; a plugin that stops does it once more. [own strand]
  void drain() {
    for (node* n = taken_in_order(); n != nullptr;) {
      receiver_(context_, std::move(n->letter));
      delete std::exchange(n, n->next);
    }
  }

 private:
  struct node {
    T letter;
    node* next;
  };
  node* taken_in_order() {
    node* first = nullptr;
    for (node* n = newest_.exchange(nullptr, std::memory_order_acquire); n != nullptr;) {
      node* const older = std::exchange(n->next, first);
      first = std::exchange(n, older);
    }
    return first;
  }

  const tharsis_loop& loop_;
  const receiver receiver_;
  void* const context_;
  std::atomic<node*> newest_ = nullptr;
};

// From the own strand to others: what is sent in one turn leaves at its end, with one wake for each
// strand. T has `void deliver()`: called once, on the receiving strand, maybe after the outbox has been
// destroyed. What is sent to a strand that was closed is freed.
template <class T>
class outbox {
 public:
  explicit outbox(strand& place) : place_(place) {}
  outbox(const outbox&) = delete;
  ~outbox() {
    place_.disarm(turn_end_);
    flush();
    const auto nothing = [](void*, tharsis_handle) {};
    for (bundle* b : sent_) {
      // Where a strand was closed the wake was dropped and its share with it.
      if (post(*b, nothing, nullptr) == THARSIS_E_GONE) b->owners = 1;
      release(b);
    }
  }

  // [own strand]
  void send(tharsis_handle to, T letter) {
    bundle_for(to).letters.push_back(std::move(letter));
    if (turn_end_ != 0) return;
    turn_end_ = place_.arm([](void* self) { static_cast<outbox*>(self)->on_turn_end(); }, this);
    place_.ready(turn_end_);
  }

 private:
  struct bundle {
    tharsis_handle to;
    std::vector<T> letters;
    std::atomic<int> owners = 2;  // The box, and the wake that is on its way.
  };
  static void release(bundle* b) {
    if (b->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete b;
  }
  bundle& bundle_for(tharsis_handle to) {
    for (const auto& b : open_)
      if (b->to == to) return *b;
    open_.push_back(std::make_unique<bundle>());
    open_.back()->to = to;
    return *open_.back();
  }
  tharsis_status post(const bundle& b, tharsis_wake wake, void* context) {
    return place_.loop().post(place_.loop().self, b.to, wake, context, 0);
  }
  // On the receiving strand. One that throws keeps the others from nothing.
  static void deliver(void* context, tharsis_handle) {
    auto* b = static_cast<bundle*>(context);
    std::exception_ptr thrown;
    for (T& letter : b->letters) {
      try {
        letter.deliver();
      } catch (...) {
        if (!thrown) thrown = std::current_exception();
      }
    }
    b->letters = std::vector<T>();
    release(b);
    if (thrown) std::rethrow_exception(thrown);
  }
  void on_turn_end() {
    turn_end_ = 0;
    flush();
  }
  void flush() {
    if (sent_.size() >= sweep_at_) sweep();
    for (auto& b : std::exchange(open_, {}))
      if (post(*b, &outbox::deliver, b.get()) == THARSIS_OK) sent_.push_back(b.release());
  }
  // Frees what has arrived. At doubling sizes, so that a bundle costs the same however many wait.
  void sweep() {
    const auto arrived = [](bundle* b) {
      if (b->owners.load(std::memory_order_acquire) != 1) return false;
      delete b;
      return true;
    };
    sent_.erase(std::remove_if(sent_.begin(), sent_.end(), arrived), sent_.end());
    sweep_at_ = std::max<size_t>(sweep_min, 2 * sent_.size());
  }
  static constexpr size_t sweep_min = 16;

  strand& place_;
  std::vector<std::unique_ptr<bundle>> open_;  // Of this turn.
  std::vector<bundle*> sent_;
  size_t sweep_at_ = sweep_min;
  strand::key turn_end_ = 0;
};

}  // namespace tharsis
