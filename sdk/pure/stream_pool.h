// Memory that streams share: each has a little of its own, and what it takes beyond that comes from here. So a stream
// whose application does not read keeps the others from nothing.
#pragma once
#include <cstdint>

namespace tharsis::streams {

class stream_pool {
 public:
  explicit stream_pool(uint64_t bytes) : free_(bytes) {}

  [[nodiscard]] bool take(uint64_t bytes) {
    if (bytes > free_) return false;
    free_ -= bytes;
    return true;
  }
  void give(uint64_t bytes) { free_ += bytes; }
  uint64_t free() const { return free_; }

 private:
  uint64_t free_;
};

}  // namespace tharsis::streams
