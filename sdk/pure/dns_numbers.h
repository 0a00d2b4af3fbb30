// Numbers as messages of DNS have them: the first byte weighs most. The caller has looked that the bytes are there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace tharsis::dns {

inline uint16_t two(std::span<const uint8_t> bytes, size_t at = 0) { return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]); }
inline uint32_t four(std::span<const uint8_t> bytes, size_t at = 0) { return static_cast<uint32_t>(two(bytes, at)) << 16 | two(bytes, at + 2); }

}  // namespace tharsis::dns
