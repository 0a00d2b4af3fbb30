// The plain peer's wire: how long the rest is (4 bytes), the request's number (4 bytes), the body. Big endian.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tharsis::lab {

inline constexpr size_t frame_body_max = 16u << 20;  // A length above it is no frame but noise.

inline void append_u32(std::string& to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift & 0xff);
}
inline uint32_t u32_at(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

inline std::string frame_bytes(uint32_t number, std::string_view body) {
  std::string bytes;
  bytes.reserve(8 + body.size());
  append_u32(bytes, static_cast<uint32_t>(4 + body.size()));
  append_u32(bytes, number);
  bytes += body;
  return bytes;
}

struct frame {
  uint32_t number = 0;
  std::string body;
};

// Frames out of a stream of bytes.
class frame_reader {
 public:
  void on_bytes(std::string_view bytes) { held_ += bytes; }

  std::optional<frame> take_frame() {
    if (is_broken() || held_.size() < 4 || held_.size() - 4 < u32_at(held_, 0)) return {};
    const size_t length = u32_at(held_, 0);
    frame f{u32_at(held_, 4), held_.substr(8, length - 4)};
    held_.erase(0, 4 + length);
    return f;
  }

  // The other side does not speak this; nothing will come out any more.
  bool is_broken() const {
    return held_.size() >= 4 && (u32_at(held_, 0) < 4 || u32_at(held_, 0) - 4 > frame_body_max);
  }

 private:
  std::string held_;
};

}  // namespace tharsis::lab
