// Objects that plugins know by handle. A handle of an object that has ended, of another kind or of
// another strand finds nothing; it never finds a wrong object.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "sdk/abi/abi.h"

namespace tharsis::runtime {

enum class handle_kind : uint32_t { job = 0, timer = 1, socket = 2, query = 3 };

// 40 bits of generation, 2 of kind, 22 of slot: at a million objects a second in one slot a
// generation comes back after twelve days.
inline constexpr uint32_t handle_slot_bits = 22;
inline constexpr uint32_t handle_kind_bits = 2;
inline constexpr uint64_t handle_generations = uint64_t{1} << (64 - handle_slot_bits - handle_kind_bits);

constexpr handle_kind kind_of(tharsis_handle handle) {
  return static_cast<handle_kind>(handle >> handle_slot_bits & ((1u << handle_kind_bits) - 1));
}

template <class T>
class handle_table {
 public:
  static constexpr size_t capacity = size_t{1} << handle_slot_bits;

  // Tables that count from different generations do not know each other's handles.
  handle_table(handle_kind kind, uint64_t first_generation)
      : kind_(static_cast<uint64_t>(kind)),
        first_generation_(first_generation % (handle_generations - 1) + 1) {}

  // The object is made from `arguments` and stays where it is until it is removed. {0, null}: full.
  template <class... Arguments>
  std::pair<tharsis_handle, T*> add(Arguments&&... arguments) {
    if (free_.empty()) {
      if (slots_.size() == capacity) return {0, nullptr};
      slots_.emplace_back().generation = first_generation_;
      free_.push_back(static_cast<uint32_t>(slots_.size() - 1));
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    slot& s = slots_[index];
    s.object.emplace(std::forward<Arguments>(arguments)...);
    return {handle_of(index, s), &*s.object};
  }

  T* find(tharsis_handle handle) {
    const size_t index = index_of(handle);
    if (index >= slots_.size()) return nullptr;
    slot& s = slots_[index];
    return s.object && handle_of(index, s) == handle ? &*s.object : nullptr;
  }

  bool remove(tharsis_handle handle) {
    if (find(handle) == nullptr) return false;
    const size_t index = index_of(handle);
    slot& s = slots_[index];
    s.object.reset();
    s.generation = s.generation + 1 == handle_generations ? 1 : s.generation + 1;
    free_.push_back(static_cast<uint32_t>(index));
    return true;
  }

  size_t size() const { return slots_.size() - free_.size(); }

  template <class F>
  void for_each(F f) {
    for (slot& s : slots_)
      if (s.object) f(*s.object);
  }

  // Frees the memory too; for the end of the table's owner.
  void clear() {
    slots_.clear();
    free_.clear();
  }

 private:
  struct slot {
    uint64_t generation = 1;
    std::optional<T> object;
  };

  static constexpr size_t index_of(tharsis_handle handle) { return handle & (capacity - 1); }
  tharsis_handle handle_of(size_t index, const slot& s) const {
    return s.generation << (handle_slot_bits + handle_kind_bits) | kind_ << handle_slot_bits | index;
  }

  uint64_t kind_;
  uint64_t first_generation_;
  std::deque<slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace tharsis::runtime
