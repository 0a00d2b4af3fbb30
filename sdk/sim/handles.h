// Handles as the contract wants them: slot below, generation above, a stale one finds nothing.
#pragma once
#include <memory>
#include <vector>

#include "sdk/abi/abi.h"

namespace tharsis::sim {

template <class T>
class handles {
 public:
  tharsis_handle add(std::unique_ptr<T> object) {
    if (free_.empty()) {
      slots_.emplace_back();
      free_.push_back(slots_.size() - 1);
    }
    const size_t index = free_.back();
    free_.pop_back();
    slots_[index].object = std::move(object);
    ++count_;
    return slots_[index].generation << 32 | (index + 1);
  }

  T* find(tharsis_handle handle) const {
    const size_t index = static_cast<uint32_t>(handle) - size_t{1};
    if (static_cast<uint32_t>(handle) == 0 || index >= slots_.size()) return nullptr;
    return slots_[index].generation == handle >> 32 ? slots_[index].object.get() : nullptr;
  }

  // The object, out of the table; null when the handle is stale.
  std::unique_ptr<T> take(tharsis_handle handle) {
    if (find(handle) == nullptr) return nullptr;
    slot& s = slots_[static_cast<uint32_t>(handle) - 1];
    ++s.generation;
    free_.push_back(static_cast<uint32_t>(handle) - 1);
    --count_;
    return std::move(s.object);
  }

  size_t size() const { return count_; }

  // Every handle that names an object now, in the order of the slots.
  std::vector<tharsis_handle> all() const {
    std::vector<tharsis_handle> list;
    for (size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].object) list.push_back(slots_[i].generation << 32 | (i + 1));
    return list;
  }

 private:
  struct slot {
    uint64_t generation = 1;
    std::unique_ptr<T> object;
  };
  std::vector<slot> slots_;
  std::vector<size_t> free_;
  size_t count_ = 0;
};

}  // namespace tharsis::sim
