// Goal: numbers are put as they are. Method: both sides of each power of ten, and drawn ones, beside std::to_string.
#include "plugins/xlog/core/digits.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

using namespace tharsis::xlog;

namespace {

template <class Number>
std::string put(Number value) {
  char room[1 + digits_most];
  return {room, put_number(room, value)};
}

}  // namespace

TEST(XlogDigits, NumbersArePutAsTheyAre) {
  std::mt19937_64 random(7);
  const auto same = [](uint64_t value) {
    EXPECT_EQ(put(value), std::to_string(value));
    EXPECT_EQ(put(static_cast<int64_t>(value)), std::to_string(static_cast<int64_t>(value)));
    EXPECT_EQ(put(static_cast<int64_t>(0 - value)), std::to_string(static_cast<int64_t>(0 - value)));
  };
  for (uint64_t power = 1, i = 0; i < 20; ++i, power *= 10)
    for (const uint64_t value : {power - 1, power, power + 1, 9 * power}) same(value);
  for (int i = 0; i < 100'000; ++i) same(random() >> (random() % 64));
  for (uint64_t i = 0; i < 20'000; ++i) same(i);
  same(~uint64_t{0});
}
