// A queue that is filled one by one and emptied all at once, or from its front. No allocation once the load
// is steady: the two ends exchange their memory.
#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tharsis::runtime {

template <class T>
class batch_queue {
 public:
  using batch = std::vector<T>;

  void push(T value) { items_.push_back(std::move(value)); }

  // The front; the queue is not empty.
  T pop() {
    T value = std::move(items_[first_++]);
    if (first_ == items_.size()) {
      items_.clear();
      first_ = 0;
    } else if (first_ >= items_.size() - first_) {
      drop_taken();  // As many moves as there were pops: the queue stays as long as what is in it.
    }
    return value;
  }

  size_t size() const { return items_.size() - first_; }
  bool empty() const { return size() == 0; }

  // Takes out the first that matches.
  template <class Matches>
  bool erase_first(const Matches& matches) {
    const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(first_);
    const auto found = std::find_if(begin, items_.end(), matches);
    if (found == items_.end()) return false;
    items_.erase(found);
    return true;
  }

  // Everything, in order, into an empty batch whose memory is used again.
  void take_all(batch& into) {
    drop_taken();
    items_.swap(into);
  }

 private:
  void drop_taken() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  batch items_;
  size_t first_ = 0;  // What lies before it was popped.
};

}  // namespace tharsis::runtime
