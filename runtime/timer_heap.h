// Timers in the order of their times, equal times in the order in which they were armed. Arming and
// disarming cost a few comparisons: the heap has four children a node and keeps the times beside
// each other in memory.
//
// Pure: no clock. The nodes belong to the caller and must stay in place while they are armed.
#pragma once
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tharsis::runtime {

struct timer_node {
  static constexpr size_t nowhere = static_cast<size_t>(-1);
  size_t position = nowhere;  // The heap's own.
  bool armed() const { return position != nowhere; }
};

class timer_heap {
 public:
  void arm(timer_node& node, int64_t at) {
    assert(!node.armed());
    entries_.emplace_back();
    sift_up(entries_.size() - 1, {at, ++order_, &node});
  }

  void disarm(timer_node& node) {
    if (!node.armed()) return;
    const size_t hole = node.position;
    node.position = timer_node::nowhere;
    const entry last = entries_.back();
    entries_.pop_back();
    if (hole == entries_.size()) return;
    if (hole > 0 && last.before(entries_[parent(hole)]))
      sift_up(hole, last);
    else
      sift_down(hole, last);
  }

  bool empty() const { return entries_.empty(); }
  int64_t earliest() const { return entries_.front().at; }

  // The earliest timer, disarmed, if it is due.
  timer_node* take_due(int64_t now) {
    if (entries_.empty() || entries_.front().at > now) return nullptr;
    timer_node* const node = entries_.front().node;
    disarm(*node);
    return node;
  }

 private:
  struct entry {
    int64_t at;
    uint64_t order;
    timer_node* node;
    bool before(const entry& other) const { return at != other.at ? at < other.at : order < other.order; }
  };

  static constexpr size_t children = 4;
  static constexpr size_t parent(size_t position) { return (position - 1) / children; }

  void place(size_t position, const entry& e) {
    entries_[position] = e;
    e.node->position = position;
  }

  void sift_up(size_t position, const entry& e) {
    while (position > 0 && e.before(entries_[parent(position)])) {
      place(position, entries_[parent(position)]);
      position = parent(position);
    }
    place(position, e);
  }

  void sift_down(size_t position, const entry& e) {
    for (;;) {
      const size_t first = position * children + 1;
      const size_t end = std::min(first + children, entries_.size());
      if (first >= end) break;
      size_t least = first;
      for (size_t child = first + 1; child < end; ++child)
        if (entries_[child].before(entries_[least])) least = child;
      if (!entries_[least].before(e)) break;
      place(position, entries_[least]);
      position = least;
    }
    place(position, e);
  }

  std::vector<entry> entries_;
  uint64_t order_ = 0;
};

}  // namespace tharsis::runtime
