// Objects by their handle, from any thread and without a lock. Places are never used again.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>

#include "sdk/abi/abi.h"

namespace tharsis::runtime {

template <class T>
class directory {
 public:
  // Handles of a directory are not smaller than this.
  static constexpr tharsis_handle first = tharsis_handle{1} << 32;

  directory() = default;
  ~directory() {
    for (auto& p : pages_) delete p.load();
  }
  directory(const directory&) = delete;

  // 0: full. One call at a time.
  tharsis_handle reserve() {
    if (used_ == pages_.size() * page_size) return 0;
    auto& place = pages_[used_ / page_size];
    if (place.load() == nullptr) place.store(new page{}, std::memory_order_release);
    return first | used_++;
  }

  void put(tharsis_handle id, T* object) {
    const size_t index = id & (first - 1);
    (*pages_[index / page_size].load())[index % page_size].store(object, std::memory_order_release);
  }

  T* find(tharsis_handle id) const {
    const size_t index = id & (first - 1);
    if (id >> 32 != first >> 32 || index >= pages_.size() * page_size) return nullptr;
    const page* const p = pages_[index / page_size].load(std::memory_order_acquire);
    return p == nullptr ? nullptr : (*p)[index % page_size].load(std::memory_order_acquire);
  }

 private:
  static constexpr size_t page_size = 256;
  using page = std::array<std::atomic<T*>, page_size>;
  std::array<std::atomic<page*>, 1024> pages_{};
  size_t used_ = 0;
};

}  // namespace tharsis::runtime
