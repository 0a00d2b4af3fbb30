// Reads what stands in a ring: opens the bytes once, in stretches, and gives the records one by one; they stay where
// they are until they are released. It decides by the bytes alone and trusts none of them: the process may have died in the middle of a line.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "plugins/xlog/core/ring_layout.h"

namespace tharsis::xlog {

// Where a stretch of a ring is found. Of a living ring mapped twice in a row any stretch shorter than the ring
// stands in one piece, so mask is its size minus 1; of a copy that begins at position `first` mask is all ones.
struct ring_bytes {
  const uint8_t* bytes = nullptr;
  const uint8_t* keystream = nullptr;  // Null: what stands there is plain.
  uint64_t mask = ~uint64_t{0};
  uint64_t first = 0;                  // The position of bytes[0], where mask is all ones.
};

struct ring_record {
  uint64_t position = 0;               // Of its first byte.
  uint32_t size = 0;
  uint32_t site = 0;
  uint64_t tick = 0;
  std::span<const uint8_t> arguments;  // Plain. Good until release(); of plain rings as long as they stand there.
};

class ring_cursor {
 public:
  enum class found {
    record,
    nothing,   // All up to the head has been read.
    damaged,   // What stands here is no record; what follows cannot be found.
  };

  // Records larger than `record_max` are damage.
  ring_cursor(const ring_bytes& ring, uint64_t from, uint32_t record_max)
      : ring_(ring), record_max_(record_max), position_(from), head_(from), opened_from_(from), opened_to_(from) {}

  // The head as it was read with acquire.
  void look_up_to(uint64_t head) { head_ = head; }

  // The record at position(), without moving on. Its site must be below `sites`: those known so far and one.
  found next(ring_record& out, uint32_t sites) {
    const uint64_t left = head_ - position_;
    if (left == 0) return found::nothing;
    if (left < record_header_size) return found::damaged;
    const uint8_t* at = open(record_header_size);
    uint32_t size = 0, site = 0;
    std::memcpy(&size, at, 4);
    std::memcpy(&site, at + 4, 4);
    if (size < record_header_size || size % 8 != 0 || size > left || size > record_max_ || site == 0 || site >= sites)
      return found::damaged;
    at = open(size);
    out.position = position_;
    out.size = size;
    out.site = site;
    std::memcpy(&out.tick, at + 8, 8);
    out.arguments = {at + record_header_size, size - record_header_size};
    return found::record;
  }
  // Past the record that next() gave.
  void pass(const ring_record& r) { position_ = r.position + r.size; }
  // What has been passed is looked at no more.
  void release();
  // Past everything up to the head: after damage. Answers how many bytes that were.
  uint64_t pass_all();

  uint64_t position() const { return position_; }
  uint64_t head() const { return head_; }

 private:
  // `count` plain bytes from position_ in one piece.
  const uint8_t* open(uint64_t count) {
    if (ring_.keystream == nullptr) return ring_.bytes + ((position_ - ring_.first) & ring_.mask);
    if (position_ + count > opened_to_) open_more(count);
    return window_ + (position_ - opened_from_);
  }
  void open_more(uint64_t count);
  void begin_window(uint64_t size);

  struct piece {
    std::unique_ptr<uint8_t[]> bytes;
    uint64_t size = 0;
  };

  ring_bytes ring_;
  uint32_t record_max_;
  uint64_t position_;
  uint64_t head_;
  uint8_t* window_ = nullptr;  // The opened bytes from opened_from_ to opened_to_.
  uint64_t opened_from_;
  uint64_t opened_to_;
  std::vector<piece> pieces_;  // Where opened bytes are; the window is in the last one.
  std::vector<piece> spare_;
};

}  // namespace tharsis::xlog
