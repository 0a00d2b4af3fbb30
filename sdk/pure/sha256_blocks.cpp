#include "sdk/pure/sha256_blocks.h"

#include <bit>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace tharsis {
namespace {

constexpr size_t sha256_block_size = 64;

// The first 32 bits of the fractions of the cube roots of the first 64 primes.
alignas(16) constexpr std::array<uint32_t, 64> constants = {
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

void take_plainly(sha256_state& state, const uint8_t* block) {
  std::array<uint32_t, 64> word;
  for (size_t i = 0; i < 16; ++i) word[i] = big_endian(block + 4 * i);
  for (size_t i = 16; i < word.size(); ++i) {
    const uint32_t s0 = mix(word[i - 15], 7, 18) ^ word[i - 15] >> 3;
    const uint32_t s1 = mix(word[i - 2], 17, 19) ^ word[i - 2] >> 10;
    word[i] = word[i - 16] + s0 + word[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < word.size(); ++i) {
    const uint32_t t1 = h + (mix(e, 6, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + word[i];
    const uint32_t t2 = (mix(a, 2, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const sha256_state worked = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < state.size(); ++i) state[i] += worked[i];
}

#if defined(__x86_64__)
bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b >> 29 & 1) != 0;  // SHA; who has it has SSE 4.1.
}

// One instruction does two rounds, on a, b, e, f and c, d, g, h; four words of the message are in one register.
__attribute__((target("sha,sse4.1"))) void take_by_instructions(sha256_state& state, const uint8_t* blocks, size_t count) {
  const auto lane = [&](size_t i) { return static_cast<int>(state[i]); };
  __m128i abef = _mm_set_epi32(lane(0), lane(1), lane(4), lane(5)), cdgh = _mm_set_epi32(lane(2), lane(3), lane(6), lane(7));
  const __m128i swapped = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (; count > 0; --count, blocks += sha256_block_size) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i word[4];
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; ++i) {
      __m128i& next = word[i % 4];
      if (i < 4) {
        next = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks) + i), swapped);
      } else {
        const __m128i last = word[(i + 3) % 4], middle = _mm_alignr_epi8(last, word[(i + 2) % 4], 4);
        next = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(next, word[(i + 1) % 4]), middle), last);
      }
      const __m128i sum = _mm_add_epi32(next, _mm_load_si128(reinterpret_cast<const __m128i*>(constants.data()) + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const auto word_of = [](int is) { return static_cast<uint32_t>(is); };
  state = {word_of(_mm_extract_epi32(abef, 3)), word_of(_mm_extract_epi32(abef, 2)), word_of(_mm_extract_epi32(cdgh, 3)), word_of(_mm_extract_epi32(cdgh, 2)),
           word_of(_mm_extract_epi32(abef, 1)), word_of(_mm_extract_epi32(abef, 0)), word_of(_mm_extract_epi32(cdgh, 1)), word_of(_mm_extract_epi32(cdgh, 0))};
}
#endif

}  // namespace

void sha256_blocks_plainly(sha256_state& state, const uint8_t* blocks, size_t count) {
  for (; count > 0; --count, blocks += sha256_block_size) take_plainly(state, blocks);
}

bool sha256_blocks_by_instructions([[maybe_unused]] sha256_state& state, [[maybe_unused]] const uint8_t* blocks, [[maybe_unused]] size_t count) {
#if defined(__x86_64__)
  static const bool has = has_instructions();
  if (has) take_by_instructions(state, blocks, count);
  return has;
#else
  return false;
#endif
}

}  // namespace tharsis
