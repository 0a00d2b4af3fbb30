// Bounds what is read again where pieces of a file are not as they were written. What seems to begin within such a piece may
// be true: bytes before it are missing. Or somebody has put pieces into one another, so that each byte would be read for
// every piece that claims it. A few times it is; then the rest is not searched.
#pragma once
#include <algorithm>
#include <cstdint>

namespace tharsis::xlog {

class doubtful_stretch {
 public:
  // What stands there is not as it was written. False: go on at end() and not within.
  [[nodiscard]] bool on_damaged(uint64_t at, uint64_t size) {
    if (!holds(at)) begin_ = at, end_ = at, read_ = 0;
    end_ = std::max(end_, at + size);
    read_ += size;
    return read_ <= times_most * (end_ - begin_);
  }
  bool holds(uint64_t at) const { return at < end_; }
  uint64_t end() const { return end_; }

 private:
  static constexpr uint64_t times_most = 4;
  uint64_t begin_ = 0, end_ = 0;  // In the file.
  uint64_t read_ = 0;             // Of it, each time counted.
};

}  // namespace tharsis::xlog
