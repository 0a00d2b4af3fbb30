// Goal: a file in Mars' form is by Mars' book, whatever is said. Method: what every decoder of Mars relies on, looked at in the
// bytes; e2e/xlog_mars_test.py does the same with a decoder of its own.
#include "plugins/xlog/core/mars_export.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/mars_line.h"
#include "tests/plugins/xlog/mars_files.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

std::string line_of(const record& r, uint32_t process, int64_t ahead) {
  std::string line;
  append_mars_line(line, r, process, ahead);
  return line;
}

std::vector<mars_record_header> headers(const std::string& file) {
  std::vector<mars_record_header> all;
  for (size_t at = 0; at < file.size(); at += 74 + all.back().length) all.push_back(*decode_mars_header(as_bytes(std::string_view(file).substr(at))));
  return all;
}

constexpr int64_t hour = 3'600'000'000'000;

}  // namespace

TEST(XlogMarsLine, IsAsMarsWritesIt) {
  record r = test_line("link 'main' is up", 4711);
  r.wall = *parse_utc("2026-11-25T23:59:59.123999Z");
  r.level = THARSIS_LOG_WARNING;
  r.file = "/src/net/dialer.cpp";
  EXPECT_EQ(line_of(r, 4711, 0), "[W][2026-11-25 +0.0 23:59:59.123][4711, 4711*][stn/dialer][dialer.cpp:42, ][link 'main' is up\n");
  EXPECT_EQ(line_of(r, 12, 8 * hour).substr(0, 50), "[W][2026-11-26 +8.0 07:59:59.123][12, 4711][stn/di");
  EXPECT_EQ(line_of(r, 12, 5 * hour + hour / 2).substr(14, 5), " +5.5");
  EXPECT_EQ(line_of(r, 12, -(3 * hour + hour / 2)).substr(14, 5), " -3.5");
  r.text = "two\nlines\n";
  EXPECT_TRUE(line_of(r, 1, 0).ends_with("][two\nlines\n")) << "no second newline";
}

TEST(XlogMarsLine, ComesBackAsItWasSaid) {
  for (const int64_t ahead : {int64_t{0}, 8 * hour, 5 * hour + 3 * hour / 4, -(9 * hour + hour / 2), 12 * hour + 3 * hour / 4, 14 * hour}) {
    record r = test_line("x ][ y", 99);
    const std::string line = line_of(r, 1, ahead);
    record again;
    ASSERT_TRUE(parse_mars_line(std::string_view(line).substr(0, line.size() - 1), again)) << line;
    EXPECT_EQ(again.wall, r.wall / 1'000'000 * 1'000'000) << line;
    EXPECT_EQ(again.text, r.text);
    EXPECT_EQ(again.plugin + "/" + again.tag, "stn/dialer");
  }
}

TEST(XlogMarsLine, NothingElseIsTakenForOne) {
  const std::string line = line_of(test_line("text"), 1, 0);
  record r;
  for (size_t size = 0; size < line.find("][text") + 2; ++size) EXPECT_FALSE(parse_mars_line(std::string_view(line).substr(0, size), r)) << size;
  for (const char* wrong : {"", "[I]", "[X][2026-11-25 +0.0 00:00:00.000][1, 2][t][f:1, g][b", "[I][2026-13-25 +0.0 00:00:00.000][1, 2][t][f:1, g][b",
                            "[I][2026-11-25 0.0 00:00:00.000][1, 2][t][f:1, g][b", "[I][2026-11-25 +0.0 00:00:00.000][one, 2][t][f:1, g][b",
                            "[I][2026-11-25 +0.0 00:00:00.000][1, 2][t][f:x, g][b"})
    EXPECT_FALSE(parse_mars_line(wrong, r)) << wrong;
  EXPECT_TRUE(parse_mars_line("[F][][-1, -2*][t][:0, ][", r)) << "a time that is not known";
}

TEST(XlogMarsLine, IsNeverTooLongForADecoder) {
  record r = test_line(std::string(3 << 20, 'x'));
  r.plugin = r.tag = r.file = std::string(64 << 10, '\x01');
  const std::string line = line_of(r, 1, 0);
  EXPECT_LT(line.size(), mars_line_max);
  EXPECT_NE(line.find("more bytes)"), std::string::npos);
}

TEST(XlogMarsExport, NoRecordIsTooLargeAndAllAreNumbered) {
  seeded_random random(1);
  const tharsis_random table = random;
  for (const auto kind : {mars_compression::zlib, mars_compression::zstd}) {
    mars_export out(std::move(*mars_writer::make({kind, 0, {}}, table)));
    std::string file;
    list said;
    for (int i = 0; i < 40; ++i) {
      said.push_back(std::string(200'000, static_cast<char>('a' + i % 26)));
      ASSERT_EQ(out.add(file, test_line(said.back())).status, THARSIS_OK);
    }
    out.end(file);
    uint16_t number = 0;
    for (const mars_record_header& h : headers(file)) {
      EXPECT_EQ(h.number, ++number);
      EXPECT_EQ(h.sealed_by, mars_point{});
    }
    EXPECT_GT(number, 8);
    EXPECT_TRUE(read_mars(file).texts == said);
  }
}

TEST(XlogMarsExport, NumbersRunFromOneToTheLastAndAgain) {
  seeded_random random(1);
  const tharsis_random table = random;
  auto writer = std::move(*mars_writer::make({mars_compression::zstd, 1, {}}, table));
  std::string file;
  for (uint32_t i = 1; i <= 65'537; ++i) {
    file.clear();
    writer.block(file, "x\n", 1, 2);
    const mars_record_header h = headers(file)[0];
    ASSERT_EQ(h.number, i <= 65'535 ? i : i - 65'535);
  }
}

TEST(XlogMarsExport, HoursAreThoseOfTheLinesAndLocal) {
  seeded_random random(1);
  const tharsis_random table = random;
  mars_export out(std::move(*mars_writer::make({}, table)), [](int64_t) { return 2 * hour; });
  std::string file;
  record r = test_line("x");
  r.wall = *parse_utc("2026-11-25T21:59:59.000000Z");
  out.add(file, r);
  r.wall += hour;
  out.add(file, r);
  out.end(file);
  EXPECT_EQ(headers(file)[0].first_hour, 23);
  EXPECT_EQ(headers(file)[0].last_hour, 0);
}

TEST(XlogMarsExport, WhatIsSealedHasAKeyOfItsOwnForEachRun) {
  const mars_settings sealed{mars_compression::zlib, 0, test_mars_pair(1).open};
  seeded_random random(1);
  const tharsis_random table = random;
  std::vector<mars_point> keys;
  for (int run = 0; run < 2; ++run) {
    mars_export out(std::move(*mars_writer::make(sealed, table)));
    std::string file;
    for (int i = 0; i < 3; ++i) out.add(file, test_line("x")), out.end(file);
    for (const mars_record_header& h : headers(file)) keys.push_back(h.sealed_by);
  }
  EXPECT_EQ(keys[0], keys[2]);
  EXPECT_EQ(keys[3], keys[5]);
  EXPECT_NE(keys[0], keys[3]);
}
