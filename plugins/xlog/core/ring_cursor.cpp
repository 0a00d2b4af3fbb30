#include "plugins/xlog/core/ring_cursor.h"

#include <algorithm>
#include <utility>

namespace tharsis::xlog {
namespace {

// Large enough that opening is a tight loop, small enough for the first level of cache.
constexpr uint64_t stretch = 16 << 10;
// A few of them are a block.
constexpr uint64_t piece_size = 64 << 10;
constexpr size_t spare_max = 5;

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

// Behind the window, or in a new one that begins with what is left of it.
void ring_cursor::open_more(uint64_t count) {
  const uint64_t wanted = std::min(std::max(stretch, count), head_ - position_);
  if (pieces_.empty() || position_ + wanted - opened_from_ > pieces_.back().size) begin_window(wanted);
  // Heads are multiples of 8 wherever records are whole; a head that is not ends a copy, and its last bytes are none.
  const uint64_t at = (opened_to_ - ring_.first) & ring_.mask;
  combine(window_ + (opened_to_ - opened_from_), ring_.bytes + at, ring_.keystream + at, (position_ + wanted - opened_to_) / 8 * 8);
  opened_to_ = position_ + wanted;
}

void ring_cursor::begin_window(uint64_t size) {
  piece next;
  if (!spare_.empty() && spare_.back().size >= size) {
    next = std::move(spare_.back());
    spare_.pop_back();
  } else {
    next.size = std::max(size, piece_size);
    next.bytes.reset(new uint8_t[next.size]);
  }
  opened_to_ = std::max(opened_to_, position_);
  if (opened_to_ > position_) std::memcpy(next.bytes.get(), window_ + (position_ - opened_from_), opened_to_ - position_);
  opened_from_ = position_;
  window_ = next.bytes.get();
  pieces_.push_back(std::move(next));
}

void ring_cursor::release() {
  if (pieces_.empty()) return;
  for (size_t i = 0; i + 1 < pieces_.size(); ++i)
    if (pieces_[i].size == piece_size && spare_.size() < spare_max) spare_.push_back(std::move(pieces_[i]));
  pieces_.erase(pieces_.begin(), pieces_.end() - 1);
}

uint64_t ring_cursor::pass_all() { return head_ - std::exchange(position_, head_); }

}  // namespace tharsis::xlog
