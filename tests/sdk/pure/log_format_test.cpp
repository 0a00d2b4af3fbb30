// Texts of log lines and their arguments: exact results, the same as printf's where both mean the same, and nothing
// that bytes or texts can do harms.
#include "sdk/pure/log_format.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace tharsis;

namespace {

// Arguments as they stand in a ring.
struct built {
  std::string codes;
  std::vector<uint8_t> fixed, texts;

  template <class T>
  built& number(char code, T value) {
    codes += code;
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    fixed.insert(fixed.end(), bytes, bytes + sizeof value);
    return *this;
  }
  built& text(std::string_view t, char code = THARSIS_LOG_TEXT) {
    number(code, static_cast<uint32_t>(t.size()));
    texts.insert(texts.end(), t.begin(), t.end());
    return *this;
  }
  built& secret() {
    codes += static_cast<char>(THARSIS_LOG_SECRET);
    return *this;
  }
  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> all = fixed;
    all.insert(all.end(), texts.begin(), texts.end());
    return all;
  }
};
built i32(int32_t v) { return built().number(THARSIS_LOG_I32, v); }
built u64(uint64_t v) { return built().number(THARSIS_LOG_U64, v); }
built f64(double v) { return built().number(THARSIS_LOG_F64, v); }
built text(std::string_view t) { return built().text(t); }

std::string shown(std::string_view format, const built& b) { return format_line(format, b.codes, b.bytes()); }

template <class T>
std::string printed(const std::string& format, T value) {
  char to[1400];
  std::snprintf(to, sizeof to, format.c_str(), value);
  return to;
}

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();

}  // namespace

TEST(LogFormat, ExactResults) {
  const struct {
    const char* format;
    built arguments;
    const char* line;
  } table[] = {
      {"", {}, ""},
      {"plain", {}, "plain"},
      {"{{}} {{{}}}", i32(1), "{} {1}"},
      {"{count} of {}", i32(-3).number(THARSIS_LOG_U32, 7u), "-3 of 7"},
      {"{:>5}|{:<5}|{:^5}|{:*^6}", i32(1).number('i', 2).number('i', 3).number('i', 44), "    1|2    |  3  |**44**"},
      {"{:+} {: } {:05} {:+05}", i32(1).number('i', 2).number('i', -3).number('i', 4), "+1  2 -0003 +0004"},
      {"{:x} {:#x} {:#X} {:#b} {:#o} {:c}",
       i32(255).number('i', 255).number('i', 255).number('i', 5).number('i', 8).number('i', 65), "ff 0xff 0XFF 0b101 010 A"},
      {"{:#06x}|{:<#6x}|", i32(10).number('i', 10), "0x000a|0xa   |"},
      {"{} {}", built().number(THARSIS_LOG_I64, INT64_MIN).number(THARSIS_LOG_U64, UINT64_MAX),
       "-9223372036854775808 18446744073709551615"},
      {"{}", i32(INT32_MIN), "-2147483648"},
      {"{} {} {} {}", f64(0.1).number('d', 1e300).number('d', -0.0).number('d', 3.0), "0.1 1e+300 -0 3"},
      {"{:.2f} {:8.3f}|{:e} {:G}", f64(2.0 / 3).number('d', -1.5).number('d', 12345.678).number('d', 1e-10),
       "0.67   -1.500|1.234568e+04 1E-10"},
      {"{} {} {:06} {:+}", f64(nan_value).number('d', -infinite).number('d', infinite).number('d', infinite),
       "nan -inf    inf +inf"},
      {"{} {} {:6}|{:>6}", built().number('b', uint8_t{1}).number('b', uint8_t{0}).number('b', uint8_t{1}).number('b', uint8_t{2}),
       "true false true  |  true"},
      {"{}{:d}{:x}", built().number('c', 'a').number('c', 'b').number('c', 'c'), "a9863"},
      {"{:5}|{:>5}|{:.2}|{:_^7.3s}", text("ab").text("cd").text("efg").text("hijkl"), "ab   |   cd|ef|__hij__"},
      {"{} {:p}", built().number('p', uint64_t{0}).number('p', uint64_t{0xdeadbeef}), "0x0 0xdeadbeef"},
      {"{}", built().text(std::string_view("\0\xff\x10", 3), 'x'), "00ff10"},
      {"{}|{:>10}", built().secret().secret(), "(secret)|  (secret)"},
      {"{} {} {} {}", built().number('t', int64_t{1500}).number('t', int64_t{-2'000'000'000}).number('t', int64_t{0}).number('t', int64_t{5'400'000'000'000}),
       "1.5 us -2 s 0 ns 1.5 h"},
      {"{} {}", built().number('w', int64_t{1'700'000'000'000'000'001}).number('w', int64_t{-1}), "1700000000.000000001 -1.999999999"},
      {"{host} {port}", text("").number('u', 443u), " 443"},
  };
  for (const auto& t : table) {
    EXPECT_EQ(shown(t.format, t.arguments), t.line) << t.format;
    EXPECT_EQ(check_format(t.format, t.arguments.codes), format_mistake::none) << t.format;
  }
}

TEST(LogFormat, AWholeNumberIsAsPrintfShowsIt) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<int64_t>(random() >> random() % 64) * (random() % 2 != 0 ? -1 : 1);
    const bool hexadecimal = random() % 3 == 0;
    std::string flags;
    if (random() % 2 != 0) flags += random() % 2 != 0 ? "+" : " ";
    if (random() % 2 != 0) flags += "0";
    const std::string width = random() % 2 != 0 ? std::to_string(1 + random() % 30) : "";
    if (hexadecimal) {
      if (!flags.empty() && flags[0] != '0') flags.erase(0, 1);  // printf has no signed hexadecimal.
      const auto magnitude = static_cast<uint64_t>(value);
      EXPECT_EQ(shown("{:" + flags + width + "x}", u64(magnitude)), printed("%" + flags + width + "lx", magnitude));
    } else {
      EXPECT_EQ(shown("{:" + flags + width + "d}", built().number('l', value)), printed("%" + flags + width + "ld", value));
    }
  }
}

TEST(LogFormat, ARealIsAsPrintfShowsIt) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = random() % 2 != 0 ? std::bit_cast<double>(random()) : static_cast<double>(random() % 2'000'000) / 1000 - 1000;
    if (value != value) continue;  // printf shows the sign of what is no number or not, as it likes.
    const std::string spec = (random() % 2 != 0 ? "+" : "") + std::to_string(1 + random() % 20) + "." +
                             std::to_string(random() % 20) + "efgEFG"[random() % 6];
    std::string expected = printed("%" + spec, value);
    for (char& c : expected)
      if (value == infinite || value == -infinite) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    EXPECT_EQ(shown("{:" + spec + "}", f64(value)), expected) << spec;
  }
}

TEST(LogFormat, ARealInFewDigitsReadsBackAsTheSame) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (value != value) continue;
    EXPECT_EQ(std::strtod(shown("{}", f64(value)).c_str(), nullptr), value);
  }
  EXPECT_EQ(shown("{:.999f}", f64(-1.7976931348623157e308)).size(), 1u + 309 + 1 + 999);
}

TEST(LogFormat, MistakesAreSeen) {
  using enum format_mistake;
  const struct {
    const char* format;
    const char* codes;
    format_mistake mistake;
  } table[] = {
      {"{", "i", broken}, {"}", "", broken}, {"{}}", "i", broken}, {"{a b}", "i", broken}, {"{:5", "i", broken},
      {"{:1000}", "i", broken}, {"{:.}", "d", broken}, {"{:.1000}", "d", broken}, {"{:dd}", "i", broken}, {"{:{}}", "i", spec_does_not_fit},
      {"{}", "", too_few_arguments}, {"{} {}", "i", too_few_arguments}, {"{}", "ii", too_many_arguments}, {"", "s", too_many_arguments},
      {"{:x}", "s", spec_does_not_fit}, {"{:s}", "i", spec_does_not_fit}, {"{:.2}", "i", spec_does_not_fit}, {"{:f}", "l", spec_does_not_fit},
      {"{:d}", "d", spec_does_not_fit}, {"{:+}", "s", spec_does_not_fit}, {"{:05}", "s", spec_does_not_fit}, {"{:#}", "d", spec_does_not_fit},
      {"{:q}", "i", spec_does_not_fit}, {"{:x}", "p", spec_does_not_fit}, {"{:x}", "z", spec_does_not_fit}, {"{:.1}", "t", spec_does_not_fit},
  };
  for (const auto& t : table) EXPECT_EQ(check_format(t.format, t.codes), t.mistake) << t.format;
}

TEST(LogFormat, WhatDoesNotFitTogetherIsSaidInTheLine) {
  EXPECT_EQ(shown("{} {}", i32(1)), "1 {?}");
  EXPECT_EQ(shown("{}", i32(1).number('i', 2)), "1 (its text has no place for all arguments)");
  EXPECT_EQ(shown("a {} b } c", i32(1)), "a 1 b } c (this text is no format)");
  EXPECT_EQ(format_line("{}", "i", std::vector<uint8_t>{1, 2, 3}), "{?} (its arguments are damaged)");
  EXPECT_EQ(format_line("{} {}", "is", std::vector<uint8_t>{1, 0, 0, 0, 9, 0, 0, 0, 'a'}), "1 {?} (its arguments are damaged)");
  EXPECT_EQ(format_line("{}", "q", {}), "{?} (its arguments are damaged)");
}

TEST(LogFormat, FieldsHaveTheNamesOfTheirPlaces) {
  const built b = i32(1).text("x").number('b', uint8_t{1}).secret();
  std::string seen;
  EXPECT_TRUE(for_each_field("{{}} {bytes} {} to {host.name:>5}", b.codes, b.bytes(), [&](std::string_view name, const log_argument& a) {
    seen += std::string(name) + "=";
    append_argument(seen, a, {});
    seen += ";";
  }));
  EXPECT_EQ(seen, "bytes=1;1=x;host.name=true;3=(secret);");
}

// Any codes over any bytes, any text over both: what comes out is made of what is there, and of no more.
TEST(LogFormat, NothingThatIsDamagedHarms) {
  std::mt19937_64 random(4);
  constexpr std::string_view codes = "bciulmdptwsxzq", characters = "{}:<>^+-# 0129.dxXbocefgs_a";
  const auto some = [&](std::string_view of, size_t most) {
    std::string made;
    for (size_t n = random() % (most + 1); n > 0; --n) made += of[random() % of.size()];
    return made;
  };
  size_t intact = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string with = some(codes, 6), format = some(characters, 20);
    std::vector<uint8_t> bytes(random() % 60);
    for (auto& b : bytes) b = static_cast<uint8_t>(random() % 4 == 0 ? random() : 0);
    const std::string line = format_line(format, with, bytes);
    EXPECT_LE(line.size(), format.size() * 1400 + bytes.size() * 2 + 1400 * with.size() + 80);
    size_t texts = 0, seen = 0;
    const bool whole = for_each_field(format, with, bytes, [&](std::string_view, const log_argument& a) {
      texts += a.text.size();
      ++seen;
    });
    EXPECT_LE(texts, bytes.size());
    EXPECT_TRUE(!whole || seen == with.size());
    intact += whole ? 1 : 0;
  }
  EXPECT_GT(intact, 1000u);
}
