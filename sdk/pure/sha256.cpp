#include "sdk/pure/sha256.h"

#include <algorithm>
#include <cstring>

#include "sdk/pure/sha256_blocks.h"

namespace tharsis {
namespace {

void add_blocks(sha256_state& state, const uint8_t* blocks, size_t count) {
  if (!sha256_blocks_by_instructions(state, blocks, count)) sha256_blocks_plainly(state, blocks, count);
}

}  // namespace

void sha256_sum::add(const void* bytes, size_t size) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  while (size > 0) {
    const size_t open = size_ % block_size;
    const bool whole = open == 0 && size >= block_size;
    const size_t part = whole ? size - size % block_size : std::min(size, block_size - open);
    if (whole) {
      add_blocks(state_, from, part / block_size);
    } else {
      std::memcpy(open_.data() + open, from, part);
      if (open + part == block_size) take(open_.data());
    }
    size_ += part;
    from += part;
    size -= part;
  }
}

void sha256_sum::take(const uint8_t* block) { add_blocks(state_, block, 1); }

// A one, zeros, and the size in bits at the end of a block.
std::array<uint8_t, 32> sha256_sum::digest() {
  const uint64_t bits = size_ * 8;
  constexpr std::array<uint8_t, block_size> padding = {0x80};
  add(padding.data(), block_size - (size_ + 8) % block_size);
  std::array<uint8_t, 8> length;
  for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  add(length.data(), length.size());
  std::array<uint8_t, 32> sum;
  for (size_t i = 0; i < sum.size(); ++i) sum[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  return sum;
}

std::string sha256_sum::hex() {
  std::string text;
  for (const uint8_t byte : digest()) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256_of(std::string_view text) {
  sha256_sum sum;
  sum.add(text.data(), text.size());
  return sum.hex();
}

}  // namespace tharsis
