// How a line stands in the flight ring: between the head that all lines have and its arguments there are 16 bytes more.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "plugins/xlog/core/ring_layout.h"

namespace tharsis::xlog {

struct flight_origin {
  uint64_t thread = 0;  // The system's number of the one that said it.
  uint64_t from = 0;    // stream_position() of where it stood in that thread's ring.

  uint32_t ring() const { return static_cast<uint32_t>(from >> 48); }
  uint64_t position() const { return from & ((uint64_t{1} << 48) - 1); }
};

inline constexpr size_t flight_origin_size = 16;

// Takes it off the arguments; nothing, if they are too short to hold one.
inline std::optional<flight_origin> take_flight_origin(std::span<const uint8_t>& arguments) {
  if (arguments.size() < flight_origin_size) return {};
  flight_origin o;
  std::memcpy(&o.thread, arguments.data(), 8);
  std::memcpy(&o.from, arguments.data() + 8, 8);
  arguments = arguments.subspan(flight_origin_size);
  return o;
}

}  // namespace tharsis::xlog
