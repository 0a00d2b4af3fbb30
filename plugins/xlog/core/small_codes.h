// Gives each number of a block, such as a thread's, a code from 0 in the order of their coming.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tharsis::xlog {

class small_codes {
 public:
  uint32_t code_of(uint32_t number) {
    if (!numbers_.empty() && numbers_[last_] == number) return last_;
    return last_ = look_up(number);
  }
  // By code.
  const std::vector<uint32_t>& numbers() const { return numbers_; }

  void clear() {
    numbers_.clear();
    std::fill(slots_.begin(), slots_.end(), 0);
    last_ = 0;
  }

 private:
  uint32_t look_up(uint32_t number) {
    uint32_t& slot = slot_of(number);
    if (slot != 0) return slot - 1;
    numbers_.push_back(number);
    slot = static_cast<uint32_t>(numbers_.size());
    if (2 * numbers_.size() > slots_.size()) grow();
    return static_cast<uint32_t>(numbers_.size() - 1);
  }

  uint32_t& slot_of(uint32_t number) {
    const size_t mask = slots_.size() - 1;
    size_t i = (number * uint64_t{0x9E3779B97F4A7C15} >> 32) & mask;
    while (slots_[i] != 0 && numbers_[slots_[i] - 1] != number) i = (i + 1) & mask;
    return slots_[i];
  }

  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (uint32_t code = 0; code < numbers_.size(); ++code) slot_of(numbers_[code]) = code + 1;
  }

  std::vector<uint32_t> numbers_;
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(32);  // Codes plus 1; at most half of them taken.
  uint32_t last_ = 0;
};

}  // namespace tharsis::xlog
