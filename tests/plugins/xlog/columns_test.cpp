#include "plugins/xlog/core/columns.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

using numbers = std::vector<uint64_t>;

size_t size_of_numbers(const numbers& values) {
  byte_sink to;
  numbers scratch(values.size());
  append_numbers(to, values, scratch);
  numbers again(values.size());
  byte_source from(to.bytes());
  read_numbers(from, again);
  EXPECT_TRUE(from.ok());
  EXPECT_EQ(from.size(), 0u);
  EXPECT_EQ(again, values);
  return to.size();
}

size_t size_of_doubles(const std::vector<double>& values) {
  numbers bits;
  for (const double v : values) bits.push_back(std::bit_cast<uint64_t>(v));
  byte_sink to;
  numbers scratch(bits.size()), copy = bits;
  double_columns{}.append(to, copy, scratch);
  numbers again(bits.size());
  byte_source from(to.bytes());
  read_doubles(from, again);
  EXPECT_TRUE(from.ok());
  EXPECT_EQ(from.size(), 0u);
  EXPECT_EQ(again, bits);
  return to.size();
}

}  // namespace

TEST(XlogBits, EveryWidthComesBack) {
  std::mt19937_64 random(1);
  for (unsigned width = 0; width <= 64; ++width)
    for (const size_t n : {1u, 2u, 7u, 8u, 9u, 64u, 1001u}) {
      numbers values(n);
      const uint64_t base = random();
      for (uint64_t& v : values) v = base + (width == 0 ? 0 : random() >> (64 - width));
      byte_sink to;
      pack(to, values, base, width);
      ASSERT_EQ(to.size(), packed_bytes(n, width));
      numbers again(n);
      byte_source from(to.bytes());
      unpack(from, again, base, width);
      ASSERT_EQ(again, values) << width << " bits, " << n << " numbers";
      if (to.size() == 0) continue;
      byte_source cut(to.bytes().first(to.size() - 1));
      unpack(cut, again, base, width);
      ASSERT_FALSE(cut.ok());
    }
}

TEST(XlogBits, VarintsComeBackAndEndWithinTenBytes) {
  byte_sink to;
  const numbers values = {0, 1, 127, 128, 16'383, 16'384, UINT32_MAX, uint64_t{1} << 63, UINT64_MAX};
  for (const uint64_t v : values) to.varint(v), to.varint(zigzag(v));
  byte_source from(to.bytes());
  for (const uint64_t v : values) {
    EXPECT_EQ(from.varint(), v);
    EXPECT_EQ(unzigzag(from.varint()), v);
  }
  EXPECT_TRUE(from.ok());
  EXPECT_EQ(from.varint(), 0u);
  EXPECT_FALSE(from.ok());
  const std::vector<uint8_t> endless(11, 0xFF), too_large = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2};
  for (const auto& bytes : {endless, too_large}) {
    byte_source bad(bytes);
    bad.varint();
    EXPECT_FALSE(bad.ok());
  }
}

TEST(XlogColumns, NumbersAreAsNarrowAsTheyAreAlike) {
  numbers same(1000, 42), counted, backwards, few, any;
  std::mt19937_64 random(1);
  for (uint64_t i = 0; i < 1000; ++i) {
    counted.push_back(7'000'000'000'000 + 3 * i);
    backwards.push_back(0 - i);
    few.push_back(random() % 16);
    any.push_back(random());
  }
  EXPECT_LE(size_of_numbers(same), 3u);
  EXPECT_LE(size_of_numbers(counted), 10u);
  EXPECT_LE(size_of_numbers(backwards), 4u);
  EXPECT_LE(size_of_numbers(few), 503u);
  EXPECT_LE(size_of_numbers(any), 8011u);
  EXPECT_EQ(size_of_numbers({}), 0u);
  size_of_numbers({1});
  size_of_numbers({0, UINT64_MAX, uint64_t{1} << 63, (uint64_t{1} << 63) - 1, 0});
}

TEST(XlogColumns, DoublesWithFewDecimalsAreSmall) {
  std::vector<double> cents, thirds, patched, odd;
  for (int i = 0; i < 1000; ++i) {
    cents.push_back(i % 128 / 100.0);
    thirds.push_back(i / 3.0);
    patched.push_back(i % 100 == 99 ? std::sqrt(i) : i % 128 / 100.0);
  }
  const double infinity = std::numeric_limits<double>::infinity();
  odd = {0.0, -0.0, NAN, -NAN, infinity, -infinity, 5e-324, 0x1p51, 0x1.8p52, -0x1p53, 1e300, 0.1, 1e-15, 1e15};
  EXPECT_LE(size_of_doubles(cents), 880u);
  EXPECT_LE(size_of_doubles(patched), 880u + 10 * 9);
  EXPECT_LE(size_of_doubles(thirds), 8012u);
  size_of_doubles(odd);
  for (const double v : odd) size_of_doubles({v});
}

TEST(XlogColumns, TimesComeBackAlsoWhereTheyGoBack) {
  std::mt19937_64 random(1);
  for (const size_t n : {1u, 2u, 64u, 65u, 66u, 1000u}) {
    numbers times;
    uint64_t now = random();
    for (size_t i = 0; i < n; ++i) times.push_back(now += i % 70 == 69 ? 0 - random() % 5000 : random() % 1000);
    byte_sink to;
    numbers scratch(n), again(n);
    append_times(to, times, scratch);
    byte_source from(to.bytes());
    read_times(from, again);
    EXPECT_TRUE(from.ok());
    EXPECT_EQ(from.size(), 0u);
    EXPECT_EQ(again, times);
  }
}
