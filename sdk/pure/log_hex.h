// The bytes of anything, shown in hexadecimal: log.debug("got {}", hex(packet)). Of what is larger, the first `most`.
#pragma once
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <type_traits>

namespace tharsis {

inline std::span<const uint8_t> hex(const void* bytes, size_t size, size_t most = 1024) {
  return {static_cast<const uint8_t*>(bytes), std::min(size, most)};
}

// Of texts, vectors, arrays, spans.
template <class Range>
  requires requires(const Range& r) { std::data(r), std::size(r); }
std::span<const uint8_t> hex(const Range& r, size_t most = 1024) {
  using element = std::remove_reference_t<decltype(*std::data(r))>;
  static_assert(std::has_unique_object_representations_v<element>, "what fills gaps is not shown to anybody");
  return hex(std::data(r), std::size(r) * sizeof(element), most);
}

}  // namespace tharsis
