// Between strands without a lock: what a service function hands over to its plugin's own strand, and
// the answers that go from there to the callers' strands.
//
// A wake whose strand was closed never comes. So what is sent belongs to the box as well, and is
// freed with it when nobody has taken it.
#pragma once
#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "sdk/abi/loop.h"

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

  // The receiver is called with it on the own strand, later.
  //   THARSIS_E_GONE  the strand was closed; the letter is never received.
  // [any thread] [does not block]
  tharsis_status send(T letter) {
    node* const mine = new node{std::move(letter), newest_.load(std::memory_order_relaxed)};
    while (!newest_.compare_exchange_weak(mine->next, mine, std::memory_order_release, std::memory_order_relaxed)) {
    }
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

// From the own strand to others. T has `void deliver()`: called once, on the receiving strand,
// maybe after the outbox has been destroyed.
template <class T>
class outbox {
 public:
  explicit outbox(const tharsis_loop& loop) : loop_(loop) {}
  outbox(const outbox&) = delete;
  ~outbox() {
    const auto nothing = [](void*, tharsis_handle) {};
    for (node* n : sent_) {
      // Where a strand was closed the wake was dropped and its share with it.
      if (loop_.post(loop_.self, n->strand, nothing, nullptr, 0) == THARSIS_E_GONE) n->owners = 1;
      release(n);
    }
  }

  //   THARSIS_E_GONE  that strand was closed; nobody is there to hear.
  // [own strand]
  tharsis_status send(tharsis_handle strand, T letter) {
    if (sent_.size() >= sweep_at_) sweep();
    node* const n = new node{std::move(letter), strand};
    const auto wake = [](void* context, tharsis_handle) {
      node* const arrived = static_cast<node*>(context);
      arrived->letter.deliver();
      release(arrived);
    };
    const tharsis_status status = loop_.post(loop_.self, strand, wake, n, 0);
    if (status == THARSIS_OK) sent_.push_back(n);
    else delete n;
    return status;
  }

 private:
  struct node {
    T letter;
    tharsis_handle strand;
    std::atomic<int> owners = 2;  // The box, and the wake that is on its way.
  };
  static void release(node* n) {
    if (n->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete n;
  }
  // Frees what has arrived. At doubling sizes, so that a letter costs the same however many wait.
  void sweep() {
    const auto arrived = [](node* n) {
      if (n->owners.load(std::memory_order_acquire) != 1) return false;
      delete n;
      return true;
    };
    sent_.erase(std::remove_if(sent_.begin(), sent_.end(), arrived), sent_.end());
    sweep_at_ = std::max<size_t>(sweep_min, 2 * sent_.size());
  }
  static constexpr size_t sweep_min = 16;

  const tharsis_loop& loop_;
  std::vector<node*> sent_;
  size_t sweep_at_ = sweep_min;
};

}  // namespace tharsis
