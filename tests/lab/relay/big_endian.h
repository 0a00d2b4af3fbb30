// Numbers as they stand in packets. The caller has checked that the bytes are there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tharsis::lab {

using bytes = std::vector<uint8_t>;
using byte_view = std::span<const uint8_t>;

inline uint16_t read16(byte_view from, size_t at) { return static_cast<uint16_t>(from[at] << 8 | from[at + 1]); }
inline uint32_t read32(byte_view from, size_t at) {
  return static_cast<uint32_t>(read16(from, at)) << 16 | read16(from, at + 2);
}

inline void put16(bytes& to, size_t at, uint16_t number) {
  to[at] = static_cast<uint8_t>(number >> 8);
  to[at + 1] = static_cast<uint8_t>(number);
}
inline void put32(bytes& to, size_t at, uint32_t number) {
  put16(to, at, static_cast<uint16_t>(number >> 16));
  put16(to, at + 2, static_cast<uint16_t>(number));
}
inline void append(bytes& to, byte_view more) { to.insert(to.end(), more.begin(), more.end()); }
inline void append16(bytes& to, uint16_t number) {
  to.resize(to.size() + 2);
  put16(to, to.size() - 2, number);
}
inline void append32(bytes& to, uint32_t number) {
  to.resize(to.size() + 4);
  put32(to, to.size() - 4, number);
}

}  // namespace tharsis::lab
