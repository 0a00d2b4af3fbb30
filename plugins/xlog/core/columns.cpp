#include "plugins/xlog/core/columns.h"

#include <algorithm>
#include <array>

namespace tharsis::xlog {
namespace {

constexpr uint8_t by_difference = 0x80;  // With a width below it, in a column of numbers.
constexpr uint8_t both_ways = 0x80;      // With a width below it, in a group of times: zigzag.
constexpr uint8_t as_bits = 0x40;        // Instead of the number of decimals, in a column of doubles.

struct extent {
  uint64_t low = 0;
  unsigned width = 0;
};

unsigned width_of(uint64_t value) { return static_cast<unsigned>(std::bit_width(value)); }

// As signed numbers: most are, and those that are not are seldom on both sides of 2^63.
extent extent_of(std::span<const uint64_t> values) {
  if (values.empty()) return {};
  int64_t low = static_cast<int64_t>(values[0]), high = low;
  for (const uint64_t v : values) {
    low = std::min(low, static_cast<int64_t>(v));
    high = std::max(high, static_cast<int64_t>(v));
  }
  return {static_cast<uint64_t>(low), width_of(static_cast<uint64_t>(high) - static_cast<uint64_t>(low))};
}

std::span<uint64_t> differences(std::span<const uint64_t> values, std::span<uint64_t> to) {
  for (size_t i = 1; i < values.size(); ++i) to[i - 1] = values[i] - values[i - 1];
  return to.first(values.size() - 1);
}

// Whether it is worth looking at all steps: judged by the first ones.
bool steps_are_small(std::span<const uint64_t> values, std::span<uint64_t> scratch) {
  const auto some = values.first(std::min<size_t>(values.size(), 32));
  return extent_of(differences(some, scratch)).width < extent_of(some).width;
}

constexpr unsigned decimals_max = 15;  // A double has no more that mean something.
constexpr std::array<double, decimals_max + 1> powers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

uint64_t bits_of(uint64_t whole, double power) {
  return std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(whole)) / power);
}

// The nearest whole number to value * power; nonsense where that is beyond 2^51, which comparing shows. Adding 1.5 * 2^52
// leaves no place for a fraction.
uint64_t whole_of(uint64_t bits, double power) {
  constexpr double no_fraction = 6755399441055744.0;
  const double shifted = std::bit_cast<double>(bits) * power + no_fraction;
  return std::bit_cast<uint64_t>(shifted) - std::bit_cast<uint64_t>(no_fraction);
}

unsigned decimals_of(uint64_t bits) {
  unsigned p = 0;
  while (p <= decimals_max && bits_of(whole_of(bits, powers[p]), powers[p]) != bits) ++p;
  return p;  // decimals_max + 1: none will do.
}

// What is enough for 7 of 8 doubles, judged by a few of them.
unsigned decimals_of(std::span<const uint64_t> values) {
  constexpr size_t samples_max = 24;
  std::array<unsigned, samples_max> samples;
  const size_t n = std::min(values.size(), samples_max);
  for (size_t i = 0; i < n; ++i) samples[i] = decimals_of(values[i * values.size() / n]);
  std::sort(samples.begin(), samples.begin() + static_cast<ptrdiff_t>(n));
  return n == 0 ? 0 : samples[(n - 1) * 7 / 8];
}

}  // namespace

void append_numbers(byte_sink& to, std::span<const uint64_t> values, std::span<uint64_t> scratch) {
  if (values.empty()) return;
  const extent whole = extent_of(values);
  if (whole.width > 0 && steps_are_small(values, scratch)) {
    const auto steps = differences(values, scratch);
    const extent step = extent_of(steps);
    // The first value takes a few bytes more, so a step must be narrower to be worth it.
    if (step.width < whole.width && packed_bytes(steps.size(), step.width) + 4 < packed_bytes(values.size(), whole.width)) {
      to.byte(static_cast<uint8_t>(by_difference | step.width));
      to.varint(zigzag(values[0]));
      to.varint(zigzag(step.low));
      return pack(to, steps, step.low, step.width);
    }
  }
  to.byte(static_cast<uint8_t>(whole.width));
  to.varint(zigzag(whole.low));
  pack(to, values, whole.low, whole.width);
}

void read_numbers(byte_source& from, std::span<uint64_t> values) {
  if (values.empty()) return;
  const uint8_t form = from.byte();
  const unsigned width = form & 0x7Fu;
  if (width > 64) from.fail();
  const uint64_t first = unzigzag(from.varint());
  if ((form & by_difference) == 0) return unpack(from, values, first, width);
  const uint64_t low = unzigzag(from.varint());
  unpack(from, values.subspan(1), low, width);
  values[0] = first;
  for (size_t i = 1; i < values.size(); ++i) values[i] += values[i - 1];
}

void double_columns::append(byte_sink& to, std::span<uint64_t> values, std::span<uint64_t> scratch) {
  if (values.empty()) return;
  const unsigned decimals = decimals_of(values);
  if (decimals > decimals_max) {
    to.byte(as_bits);
    return append_numbers(to, values, scratch);
  }
  const double power = powers[decimals];
  patches_.clear();
  uint64_t before = 0;  // Stands where a patch will: no number is narrower to write.
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t whole = whole_of(values[i], power);
    if (bits_of(whole, power) == values[i]) {
      before = whole;
    } else {
      patches_.push_back({static_cast<uint32_t>(i), values[i]});
    }
    values[i] = before;
  }
  to.byte(static_cast<uint8_t>(decimals));
  to.varint(patches_.size());
  uint32_t at = 0;
  for (const patch& p : patches_) {
    to.varint(p.at - at);
    to.number(p.bits);
    at = p.at;
  }
  append_numbers(to, values, scratch);
}

void read_doubles(byte_source& from, std::span<uint64_t> values) {
  if (values.empty()) return;
  const uint8_t form = from.byte();
  if (form == as_bits) return read_numbers(from, values);
  const uint64_t patches = from.varint();
  if (form > decimals_max || patches > values.size()) return from.fail();
  byte_source list = from;  // Applied last: the numbers come after them.
  for (uint64_t i = 0; i < patches && from.ok(); ++i) {
    from.varint();
    from.take(8);
  }
  read_numbers(from, values);
  for (uint64_t& v : values) v = bits_of(v, powers[form]);
  uint64_t at = 0;
  for (uint64_t i = 0; i < patches && from.ok(); ++i) {
    const uint64_t step = list.varint();
    if (step >= values.size() - at) return from.fail();
    at += step;
    values[at] = list.number<uint64_t>();
  }
}

namespace {
constexpr size_t group = 64;
}

void append_times(byte_sink& to, std::span<const uint64_t> times, std::span<uint64_t> scratch) {
  if (times.empty()) return;
  to.varint(times[0]);
  auto steps = differences(times, scratch);
  while (!steps.empty()) {
    const auto some = steps.first(std::min(group, steps.size()));
    steps = steps.subspan(some.size());
    uint64_t any = 0;
    for (const uint64_t step : some) any |= step;
    uint8_t form = 0;
    if (any >> 63 != 0) {  // Somewhere backwards.
      form = both_ways, any = 0;
      for (uint64_t& step : some) step = zigzag(step), any |= step;
    }
    to.byte(static_cast<uint8_t>(form | width_of(any)));
    pack(to, some, 0, width_of(any));
  }
}

void read_times(byte_source& from, std::span<uint64_t> times) {
  if (times.empty()) return;
  uint64_t now = times[0] = from.varint();
  auto rest = times.subspan(1);
  while (!rest.empty()) {
    const auto some = rest.first(std::min(group, rest.size()));
    rest = rest.subspan(some.size());
    const uint8_t form = from.byte();
    unpack(from, some, 0, form & 0x7Fu);
    for (uint64_t& time : some) time = now += (form & both_ways) != 0 ? unzigzag(time) : time;
  }
}

}  // namespace tharsis::xlog
