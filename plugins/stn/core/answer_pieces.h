// Bodies of answers that come in pieces, until they are whole.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace tharsis::stn {

class answer_pieces {
 public:
  void add(uint32_t sequence, std::span<const uint8_t> piece) {
    std::vector<uint8_t>& body = bodies_[sequence];
    body.insert(body.end(), piece.begin(), piece.end());
    size_ += piece.size();
  }
  // What there is of this answer, if there is anything.
  std::optional<std::vector<uint8_t>> take(uint32_t sequence) {
    const auto found = bodies_.extract(sequence);
    if (found.empty()) return std::nullopt;
    size_ -= found.mapped().size();
    return std::move(found.mapped());
  }
  // Forgets those of which nobody expects more.
  template <class Expected>
  void sweep(Expected expected) {
    std::erase_if(bodies_, [&](const auto& b) {
      if (expected(b.first)) return false;
      size_ -= b.second.size();
      return true;
    });
  }
  size_t size() const { return size_; }  // Bytes of all together.

 private:
  std::map<uint32_t, std::vector<uint8_t>> bodies_;
  size_t size_ = 0;
};

}  // namespace tharsis::stn
