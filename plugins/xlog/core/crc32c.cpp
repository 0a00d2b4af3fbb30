#include "plugins/xlog/core/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tharsis::xlog {
namespace {

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = c;
  }
  return table;
}
constexpr auto table = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t by_instruction(std::span<const uint8_t> bytes, uint32_t before) {
  uint64_t c = ~before;
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    c = _mm_crc32_u64(c, word);
    bytes = bytes.subspan(8);
  }
  uint32_t rest = static_cast<uint32_t>(c);
  for (const uint8_t byte : bytes) rest = _mm_crc32_u8(rest, byte);
  return ~rest;
}
#endif

}  // namespace

uint32_t crc32c_by_table(std::span<const uint8_t> bytes, uint32_t before) {
  uint32_t c = ~before;
  for (const uint8_t byte : bytes) c = (c >> 8) ^ table[(c ^ byte) & 0xFF];
  return ~c;
}

uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return by_instruction(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

}  // namespace tharsis::xlog
