// Finds things by a number that they carry, without memory of its own for each: a hash table whose
// chains go through the things themselves. Numbers that count up spread evenly by their low bits.
#pragma once
#include <cstddef>
#include <vector>

namespace tharsis::stn {

// `Number` and `Next` are members of T: the number, and a T* that belongs to the index.
template <class T, auto Number, auto Next>
class chained_index {
 public:
  chained_index() : heads_(16) {}

  void add(T& t) {
    if (count_ == heads_.size()) grow();
    link(heads_, t);
    ++count_;
  }
  void remove(T& t) {
    T** at = &head(heads_, t.*Number);
    while (*at != &t) at = &((*at)->*Next);
    *at = t.*Next;
    --count_;
  }
  template <class N>
  T* find(N number) const {
    T* t = heads_[number & (heads_.size() - 1)];
    while (t != nullptr && t->*Number != number) t = t->*Next;
    return t;
  }
  size_t size() const { return count_; }
  // All of them, in no order.
  std::vector<T*> all() const {
    std::vector<T*> found;
    found.reserve(count_);
    for (T* t : heads_)
      for (; t != nullptr; t = t->*Next) found.push_back(t);
    return found;
  }

 private:
  template <class N>
  static T*& head(std::vector<T*>& heads, N number) {
    return heads[number & (heads.size() - 1)];
  }
  static void link(std::vector<T*>& heads, T& t) {
    T*& first = head(heads, t.*Number);
    t.*Next = first;
    first = &t;
  }
  void grow() {
    std::vector<T*> larger(2 * heads_.size());
    for (T* t : heads_)
      while (t != nullptr) {
        T* const next = t->*Next;
        link(larger, *t);
        t = next;
      }
    heads_ = std::move(larger);
  }

  std::vector<T*> heads_;  // Their number is a power of two.
  size_t count_ = 0;
};

}  // namespace tharsis::stn
