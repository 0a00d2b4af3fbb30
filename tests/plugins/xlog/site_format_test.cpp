// Goal: lines that are rendered fast are the lines that are rendered simply, whatever stands in them.
// Method: texts and values drawn from what is awkward, each rendered both ways.
#include "plugins/xlog/core/site_format.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <random>

#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/line_output.h"
#include "plugins/xlog/core/record.h"
#include "sdk/pure/views.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

struct drawn {
  std::mt19937_64 random{7};

  uint64_t below(uint64_t n) { return random() % n; }
  std::string one_of(const std::vector<std::string>& any) { return any[below(any.size())]; }

  std::string text() {
    static const std::vector<std::string> parts = {"a", "", "plain words", "b\\c", "\n", "\t", "\xC3\xA9", "\xC3", "\xA9", "\xF0\x9F\x98\x80", "\xF0\x9F", "\x7f", "\xC2\x85",
                                                   std::string(1, '\0'), "{x}", "eight by", "0123456789abcdef0123456789", "\xE6\x97\xA5\xE6\x9C\xAC", "\x1b[31m"};
    std::string made;
    for (uint64_t n = below(4); n > 0; --n) made += one_of(parts);
    return made;
  }
  uint64_t number() {
    const uint64_t wide = random() >> below(64);
    return below(3) == 0 ? ~wide : wide;
  }
  double real() {
    switch (below(5)) {
      case 0: return std::bit_cast<double>(random());
      case 1: return static_cast<double>(below(100'000'000)) / 1000;
      case 2: return -static_cast<double>(below(1000)) / 100;
      case 3: return static_cast<double>(below(10'000'000'000'000)) / 1'000'000;
      default: return static_cast<double>(static_cast<int64_t>(number()));
    }
  }
  std::string spec(char code) {
    static const std::vector<std::string> all = {"", ":>12", ":<9", ":*^15", ":08", ":x", ":#X", ":.3", ":.2f", ":e", ":+", ":3"};
    for (;;) {
      const std::string any = one_of(all);
      if (check_format("{" + any + "}", std::string(1, code)) == format_mistake::none) return any;
    }
  }
  site place() {
    site s{static_cast<uint32_t>(below(6)), 3, one_of({"stn", "", "-", "a b/c", "\xff"}), one_of({"", "dialer", "x y", "\n"}), "f.cpp", {}, {}};
    const std::string codes = "bciulmdptwsxzsss";
    for (uint64_t n = below(5); n > 0; --n) {
      const char code = codes[below(codes.size())];
      std::string literal = text();
      for (size_t at = 0; (at = literal.find_first_of("{}", at)) != std::string::npos; at += 2) literal.insert(at, 1, literal[at]);
      s.text += literal + "{" + spec(code) + "}";
      s.codes += code;
    }
    if (below(20) == 0) s.text += " {";
    return s;
  }
  // As they stand in a ring.
  std::vector<uint8_t> arguments(const std::string& codes) {
    std::vector<uint8_t> fixed;
    std::string texts;
    for (const char code : codes) {
      uint64_t bits = number();
      if (code == THARSIS_LOG_F64) bits = std::bit_cast<uint64_t>(real());
      if (code == THARSIS_LOG_CHAR && below(2) == 0) bits = 'x';
      if (is_text(code)) {
        const std::string t = text();
        bits = t.size();
        texts += t;
      }
      for (int i = 0; i < fixed_bytes_of(code); ++i) fixed.push_back(static_cast<uint8_t>(bits >> (8 * i)));
    }
    fixed.insert(fixed.end(), texts.begin(), texts.end());
    return fixed;
  }
};

std::string text_of(const byte_sink& s) { return std::string(as_text(s.bytes())); }

}  // namespace

TEST(XlogSiteFormat, SaysWhatTheSimpleWaySays) {
  THARSIS_ONE_THREAD();
  drawn d;
  const auto output = text_output();
  for (int i = 0; i < 20'000; ++i) {
    const site s = d.place();
    const site_format format(s);
    for (int again = 0; again < 3; ++again) {
      const auto arguments = d.arguments(s.codes);
      std::vector<std::string_view> texts;
      const auto values = split_cells(s.codes, arguments, texts);
      ASSERT_TRUE(values);
      const int64_t wall = d.below(4) == 0 ? static_cast<int64_t>(d.number()) : static_cast<int64_t>(1'764'065'472'000'000'000 + d.below(3'000'000'000));
      const record simple = record_of(s, d.number(), wall, arguments);
      byte_sink text, line;
      format.append_text(text, *values);
      ASSERT_EQ(text_of(text), simple.text);
      log_line l;
      l.wall = wall;
      l.level = s.level;
      l.thread = simple.thread;
      l.of = &s;
      l.format = &format;
      l.values = *values;
      output->add(line, l);
      std::string expected;
      append_line(expected, simple);
      ASSERT_EQ(text_of(line), expected) << s.text;
      const record again_simple = record_of(l);
      ASSERT_EQ(again_simple.text, simple.text);
      ASSERT_EQ(again_simple.tag, simple.tag);
    }
  }
}

TEST(XlogSiteFormat, RealsAreTheShortestThatReadBack) {
  drawn d;
  const site s{0, 0, "p", "", "", "{}", "d"};
  const site_format format(s);
  std::vector<double> values = {0, -0.0, 1, 9, 90'000, 99'999, 100'000, 100'001, 1e7, 99'999'999, 1e8, 0.1, 0.01, 0.001, 0.0011, 0.0001, 0.00012, 0.5, 1.5, 123.456, 0.000001, 1e-7, 12345.678901, 1e300, 5e-324};
  for (int i = 0; i < 200'000; ++i) values.push_back(d.real());
  for (const double value : values) {
    const auto bits = std::bit_cast<std::array<uint8_t, 8>>(value);
    byte_sink text;
    format.append_text(text, cells{bits, {}});
    std::string simple;
    append_argument(simple, {THARSIS_LOG_F64, std::bit_cast<uint64_t>(value), {}}, {});
    ASSERT_EQ(text_of(text), simple);
  }
}

TEST(XlogSiteFormat, TimesOfAZoneSayHowFarItIsFromUtc) {
  byte_sink out;
  time_text east([](int64_t) { return int64_t{5 * 60 + 45} * 60 * 1'000'000'000; });
  east.append(out, 1'764'065'472'123'456'789);
  time_text west([](int64_t) { return -int64_t{3 * 60 + 30} * 60 * 1'000'000'000; });
  out.byte(' ');
  west.append(out, 1'764'065'472'123'456'789);
  EXPECT_EQ(text_of(out), "2025-11-25T15:56:12.123456+05:45 2025-11-25T06:41:12.123456-03:30");
}

TEST(XlogSiteFormat, CsvQuotesWhatNeedsIt) {
  const site s{2, 7, "stn", "a,b", "x.cpp", "say \"{word}\"", "s"};
  const site_format format(s);
  const std::vector<std::string_view> texts = {"one\ntwo"};
  const std::array<uint8_t, 4> length = {7, 0, 0, 0};
  log_line l;
  l.wall = 1'764'065'472'123'456'789;
  l.level = 2;
  l.thread = 4711;
  l.of = &s;
  l.format = &format;
  l.values = {length, texts};
  byte_sink out;
  const auto csv = csv_output();
  csv->begin(out);
  csv->add(out, l);
  EXPECT_EQ(text_of(out), "time,level,thread,plugin,tag,file,line,text,fields\r\n"
                          "2025-11-25T10:11:12.123456Z,info,4711,stn,\"a,b\",x.cpp,7,\"say \"\"one\ntwo\"\"\",\"{\"\"word\"\":\"\"one\\ntwo\"\"}\"\r\n");
}
