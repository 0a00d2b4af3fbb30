#include "plugins/xlog/core/ring_cursor.h"

#include <algorithm>
#include <utility>

namespace tharsis::xlog {
namespace {

// Large enough that opening is a tight loop, small enough for the first level of cache.
constexpr uint64_t stretch = 16 << 10;

// Bytes are multiples of 8.
void combine(uint8_t* into, const uint8_t* bytes, const uint8_t* keystream, uint64_t count) {
  for (uint64_t i = 0; i < count; i += 8) {
    uint64_t a = 0, b = 0;
    std::memcpy(&a, bytes + i, 8);
    std::memcpy(&b, keystream + i, 8);
    a ^= b;
    std::memcpy(into + i, &a, 8);
  }
}

}  // namespace

// What is left of the window moves to its front, and a stretch is opened behind it.
void ring_cursor::open_more(uint64_t count) {
  const uint64_t left = opened_to_ > position_ ? opened_to_ - position_ : 0;
  const uint64_t wanted = std::min(std::max(stretch, count), head_ - position_);
  if (window_.size() < wanted) window_.resize(wanted);
  if (left > 0) std::memmove(window_.data(), window_.data() + (position_ - opened_from_), left);
  opened_from_ = position_;
  opened_to_ = position_ + wanted;
  // Heads are multiples of 8 wherever records are whole; a head that is not ends a copy, and its last bytes are none.
  const uint64_t at = (position_ + left - ring_.first) & ring_.mask;
  combine(window_.data() + left, ring_.bytes + at, ring_.keystream + at, (wanted - left) / 8 * 8);
}

uint64_t ring_cursor::pass_all() { return head_ - std::exchange(position_, head_); }

}  // namespace tharsis::xlog
