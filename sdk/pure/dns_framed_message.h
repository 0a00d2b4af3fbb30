// One message out of a stream of bytes, where two octets before it say how long it is (RFC 1035, 4.2.2). Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace tharsis::dns {

class framed_message {
 public:
  // Answers how many were taken: what is behind the message is not.
  size_t on_bytes(std::span<const uint8_t> bytes) {
    const size_t given = bytes.size();
    while (!whole() && !bytes.empty()) {
      const size_t wanted = bytes_.size() < 2 ? 2 : 2 + size();
      const auto part = bytes.first(std::min(bytes.size(), wanted - bytes_.size()));
      bytes_.insert(bytes_.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
    }
    return given - bytes.size();
  }
  bool whole() const { return bytes_.size() >= 2 && bytes_.size() == 2 + size(); }
  bool begun() const { return !bytes_.empty(); }
  // Bytes of it that are here.
  size_t size_held() const { return bytes_.size(); }
  std::span<const uint8_t> message() const { return std::span(bytes_).subspan(2); }

  static std::vector<uint8_t> frame(std::span<const uint8_t> message) {
    std::vector<uint8_t> out(2 + message.size());
    out[0] = static_cast<uint8_t>(message.size() >> 8);
    out[1] = static_cast<uint8_t>(message.size());
    std::copy(message.begin(), message.end(), out.begin() + 2);
    return out;
  }

 private:
  size_t size() const { return static_cast<size_t>(bytes_[0] << 8 | bytes_[1]); }
  std::vector<uint8_t> bytes_;
};

}  // namespace tharsis::dns
