#include "sdk/pure/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tharsis {
namespace {

// The first 32 bits of the fractions of the cube roots of the first 64 primes.
constexpr std::array<uint32_t, 64> constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr uint32_t mix(uint32_t x, int a, int b) { return std::rotr(x, a) ^ std::rotr(x, b); }

uint32_t big_endian(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
}

}  // namespace

void sha256_sum::add(const void* bytes, size_t size) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  while (size > 0) {
    const size_t open = size_ % block_size;
    const size_t part = std::min(size, block_size - open);
    if (part == block_size) {
      take(from);
    } else {
      std::memcpy(open_.data() + open, from, part);
      if (open + part == block_size) take(open_.data());
    }
    size_ += part;
    from += part;
    size -= part;
  }
}

void sha256_sum::take(const uint8_t* block) {
  std::array<uint32_t, 64> word;
  for (size_t i = 0; i < 16; ++i) word[i] = big_endian(block + 4 * i);
  for (size_t i = 16; i < word.size(); ++i) {
    const uint32_t s0 = mix(word[i - 15], 7, 18) ^ word[i - 15] >> 3;
    const uint32_t s1 = mix(word[i - 2], 17, 19) ^ word[i - 2] >> 10;
    word[i] = word[i - 16] + s0 + word[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (size_t i = 0; i < word.size(); ++i) {
    const uint32_t t1 = h + (mix(e, 6, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + word[i];
    const uint32_t t2 = (mix(a, 2, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const std::array<uint32_t, 8> worked = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < state_.size(); ++i) state_[i] += worked[i];
}

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
