// A run of a stream's bytes that are in memory: they come in behind and go out in front.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace tharsis::streams {

class stream_bytes {
 public:
  size_t size() const { return bytes_.size() - gone_; }
  bool empty() const { return size() == 0; }
  void append(std::span<const uint8_t> more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }
  std::span<const uint8_t> at(size_t offset, size_t most) const {
    const std::span<const uint8_t> all(bytes_.data() + gone_, size());
    return all.subspan(offset, most < all.size() - offset ? most : all.size() - offset);
  }
  // What is in front is moved together only when half of it is gone: each byte is moved once on the average.
  void drop(size_t count) {
    gone_ += count;
    if (gone_ * 2 < bytes_.size()) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(gone_));
    gone_ = 0;
  }
  void clear() {
    bytes_ = {};
    gone_ = 0;
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t gone_ = 0;
};

}  // namespace tharsis::streams
