#include "plugins/xlog/core/keystream.h"

#include <gtest/gtest.h>

#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr cipher_suite suites[] = {cipher_suite::aes, cipher_suite::chacha};
constexpr unique_id segment = {9};

new_keystream made(uint64_t seed, cipher_suite suite) {
  seeded_random random(seed);
  const private_key key = test_key(1);
  auto s = make_keystream({&key.open, 1}, random, segment, suite);
  EXPECT_TRUE(s) << s.failure().text;
  return std::move(*s);
}

std::vector<uint8_t> at(keystream& s, uint64_t position, size_t size) {
  std::vector<uint8_t> data(size, 0xEE);
  EXPECT_TRUE(s.fill(position, data));
  return data;
}

}  // namespace

// Also where 32 bits of the ciphers' counters overflow, and at the rings' own beginnings.
TEST(XlogKeystream, AnyPieceIsAPieceOfTheWhole) {
  const uint64_t starts[] = {0, (uint64_t{1} << 36) - 30'000, (uint64_t{1} << 38) - 30'000, uint64_t{5} << 48,
                             (uint64_t{1} << 63) - 30'000};
  for (const cipher_suite suite : suites)
    for (const uint64_t start : starts) {
      auto s = made(1, suite).stream;
      const auto whole = at(s, start, 60'000);
      seeded_random random(start + 1);
      for (int times = 0; times < 300; ++times) {
        const size_t from = random.below(whole.size()),
                     size = random.below(
                         std::min<size_t>(whole.size() - from, random.below(2) ? 100 : 40'000) + 1);
        const auto piece = at(s, start + from, size);
        ASSERT_TRUE(std::equal(piece.begin(), piece.end(), whole.begin() + static_cast<std::ptrdiff_t>(from)))
            << start << " " << from << " " << size;
      }
    }
}

TEST(XlogKeystream, TheRecipientOpensWhatWasSealed) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto sealed = made(seed, suites[seed % 2]);
    EXPECT_EQ(sealed.wrapped.size(), 124u);
    seeded_random random(seed);
    const auto plain = random.data(10'000);
    const uint64_t position = uint64_t{random.below(1u << 30)} << 20 | 12'344;
    auto data = plain;
    const auto stream = at(sealed.stream, position, data.size());
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(data[i] ^ stream[i]);
    auto opened = unwrap_keystream(sealed.wrapped, test_key(1));
    ASSERT_TRUE(opened) << opened.failure().text;
    ASSERT_TRUE(opened->apply(position, data));
    ASSERT_EQ(data, plain);
    EXPECT_EQ(unwrap_keystream(sealed.wrapped, test_key(2)).status(), THARSIS_E_DENIED);
  }
}

TEST(XlogKeystream, NoTwoSegmentsShareAStream) {
  for (const cipher_suite suite : suites) {
    auto one = made(1, suite).stream, two = made(2, suite).stream;
    const auto a = at(one, 0, 4096), b = at(two, 0, 4096), c = at(one, uint64_t{1} << 48, 4096);
    for (size_t i = 0; i + 8 <= a.size(); i += 8) {
      EXPECT_NE(to_hex(byte_view(a).subspan(i, 8)), to_hex(byte_view(b).subspan(i, 8)));
      EXPECT_NE(to_hex(byte_view(a).subspan(i, 8)), to_hex(byte_view(c).subspan(i, 8)));
    }
  }
}
