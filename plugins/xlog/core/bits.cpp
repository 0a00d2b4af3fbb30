#include "plugins/xlog/core/bits.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tharsis::xlog {
namespace {

// Eight numbers are as many bytes as one is wide. Writes up to seven bytes more.
template <unsigned width>
void pack_eight(const uint64_t* values, uint64_t base, uint8_t* to) {
  if constexpr (width > 0) {
    uint64_t word = 0;
    unsigned filled = 0;
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; ++i) {
      const uint64_t value = values[i] - base;
      word |= value << filled;
      if (filled + width >= 64) {
        store(to, word);
        to += 8;
        word = filled == 0 ? 0 : value >> (64 - filled);
        filled = filled + width - 64;
      } else {
        filled += width;
      }
    }
    if (filled > 0) store(to, word);
  }
}

template <unsigned width>
void pack_all(const uint64_t* values, size_t eights, uint64_t base, uint8_t* to) {
  for (; eights > 0; --eights, values += 8, to += width) pack_eight<width>(values, base, to);
}

using packer = void (*)(const uint64_t*, size_t, uint64_t, uint8_t*);
template <size_t... widths>
constexpr std::array<packer, sizeof...(widths)> make_packers(std::index_sequence<widths...>) {
  return {pack_all<static_cast<unsigned>(widths)>...};
}
constexpr auto packers = make_packers(std::make_index_sequence<65>());

// The same back. Reads up to nine bytes from where the last number begins.
template <unsigned width>
void unpack_eight(const uint8_t* from, uint64_t base, uint64_t* values) {
  constexpr uint64_t mask = ~uint64_t{0} >> (64 - width);
#pragma GCC unroll 8
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned byte = i * width / 8, shift = i * width % 8;
    uint64_t value = load<uint64_t>(from + byte) >> shift;
    if (shift + width > 64) value |= uint64_t{from[byte + 8]} << (-shift & 63);
    values[i] = (value & mask) + base;
  }
}

template <unsigned width>
void unpack_all(const uint8_t* from, size_t eights, uint64_t base, uint64_t* values) {
  for (; eights > 0; --eights, values += 8, from += width) unpack_eight<width>(from, base, values);
}

using unpacker = void (*)(const uint8_t*, size_t, uint64_t, uint64_t*);
template <size_t... widths>
constexpr std::array<unpacker, sizeof...(widths)> make_unpackers(std::index_sequence<widths...>) {
  return {unpack_all<static_cast<unsigned>(widths) + 1>...};
}
constexpr auto unpackers = make_unpackers(std::make_index_sequence<64>());  // From width 1 on.

// One number at a bit of bytes of which at least nine can be read.
uint64_t number_at(const uint8_t* bytes, unsigned shift, unsigned width, uint64_t mask) {
  uint64_t value = load<uint64_t>(bytes) >> shift;
  if (shift + width > 64) value |= uint64_t{bytes[8]} << (64 - shift);
  return value & mask;
}

}  // namespace

void byte_sink::grow(size_t n) {
  const size_t capacity = std::max(size_ + n, std::max<size_t>(capacity_ * 2, 1024));
  std::unique_ptr<uint8_t[]> larger(new uint8_t[capacity]);
  if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
  data_ = std::move(larger);
  capacity_ = capacity;
}

void byte_sink::varint(uint64_t value) {
  uint8_t* const at = room(10);
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) at[n++] = static_cast<uint8_t>(value | 0x80);
  at[n++] = static_cast<uint8_t>(value);
  took(n);
}

uint64_t byte_source::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint8_t next = byte();
    if (shift == 63 && next > 1) break;
    value |= uint64_t{next & 0x7Fu} << shift;
    if (next < 0x80) return ok_ ? value : 0;
  }
  fail();
  return 0;
}

void pack(byte_sink& to, std::span<const uint64_t> values, uint64_t base, unsigned width) {
  if (width == 0 || values.empty()) return;
  const size_t eights = values.size() / 8;
  uint8_t* const at = to.room((eights + 1) * width + 8);
  packers[width](values.data(), eights, base, at);
  if (const size_t rest = values.size() % 8; rest > 0) {
    std::array<uint64_t, 8> last;
    last.fill(base);
    std::copy_n(values.data() + eights * 8, rest, last.data());
    packers[width](last.data(), 1, base, at + eights * width);
  }
  to.took(packed_bytes(values.size(), width));
}

void unpack(byte_source& from, std::span<uint64_t> to, uint64_t base, unsigned width) {
  if (width == 0) return std::fill(to.begin(), to.end(), base);
  if (width > 64) from.fail();
  const auto bytes = from.take(packed_bytes(to.size(), width));
  if (!from.ok()) return std::fill(to.begin(), to.end(), 0);
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  // As many eights as end, with what is read beyond, within the bytes.
  const size_t beyond = 9 + 7 * width / 8;
  const size_t eights = bytes.size() < beyond ? 0 : std::min(to.size() / 8, (bytes.size() - beyond) / width + 1);
  unpackers[width - 1](bytes.data(), eights, base, to.data());
  size_t i = 8 * eights;
  for (size_t bit = i * width; i < to.size() && bit / 8 + 9 <= bytes.size(); ++i, bit += width)
    to[i] = number_at(bytes.data() + bit / 8, bit % 8, width, mask) + base;
  for (; i < to.size(); ++i) {  // The end, from a copy that can be read past it.
    const size_t bit = i * width;
    std::array<uint8_t, 9> last{};
    std::copy_n(bytes.data() + bit / 8, bytes.size() - bit / 8, last.data());
    to[i] = number_at(last.data(), bit % 8, width, mask) + base;
  }
}

}  // namespace tharsis::xlog
