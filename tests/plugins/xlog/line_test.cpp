// Goal: one record is one line, whatever its bytes, and damage shows. Method: records and damage
// drawn from seeds; a failing seed is printed.
#include "plugins/xlog/core/line.h"

#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/utf8.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

using dice = std::mt19937_64;

// Bytes that are likely to hurt: controls, backslashes, spaces, parts of UTF-8, whole characters.
std::string random_text(dice& d, size_t most) {
  static const std::string_view pieces[] = {"\\", "/", "\n", "\r", "\t", " ", "-", "\\n", "\\x0a", "\xC3", "\xC2\x9B", "é",
                                            "火", "🌋", "\xED\xA0\x80", "\x7f", "\x1b[31m", "x", "W", "2026-11-25T"};
  std::string text;
  for (size_t n = d() % (most + 1); n > 0; --n) {
    if (d() % 3 == 0) text += static_cast<char>(d() & 0xff);
    else if (d() % 8 == 0) text += '\0';
    else text += pieces[d() % std::size(pieces)];
  }
  return text;
}

record random_record(dice& d) {
  const int64_t wall = d() % 4 == 0 ? static_cast<int64_t>(d()) : static_cast<int64_t>(d() % 4'000'000'000'000'000'000);
  record r{wall, static_cast<uint32_t>(d() % levels_count), d() >> (d() % 64), random_text(d, 5), random_text(d, 40)};
  if (d() % 8 == 0) r.plugin = "-";
  if (d() % 2 == 0) r.tag = random_text(d, 3);
  return r;
}

std::string printed(const record& r) {
  std::string line;
  append_line(line, r);
  return line;
}

const record sample{1'764'065'472'123'456'789, THARSIS_LOG_INFO, 4711, "stn", "link 'main' is up", "dialer"};
const std::string sample_line = "2025-11-25T10:11:12.123456Z I 4711 stn/dialer link 'main' is up\n";

std::string why(std::string_view line) {
  record r;
  const auto damage = parse_line(line, r);
  return damage ? damage->why : "";
}

}  // namespace

TEST(XlogLine, LooksAsItIsDocumented) {
  EXPECT_EQ(printed(sample), sample_line);
  record r = sample;
  r.plugin = "";
  r.tag = "";
  r.text = "two\nlines, a tab\t, a \\, an escape \x1b, no UTF-8 \xff, a high control \xC2\x9B, and é";
  EXPECT_EQ(printed(r),
            "2025-11-25T10:11:12.123456Z I 4711 - two\\nlines, a tab\\t, a \\\\, an escape \\x1b, no UTF-8 \\xff, "
            "a high control \\xc2\\x9b, and é\n");
  r = sample;
  r.plugin = "a/b";
  r.tag = "c d/e";
  EXPECT_EQ(printed(r), "2025-11-25T10:11:12.123456Z I 4711 a\\x2fb/c\\x20d/e link 'main' is up\n");
}

TEST(XlogLine, AnyRecordComesBackAsItWasAndIsOneLineOfText) {
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    dice d(seed);
    const record said = random_record(d);
    const std::string line = printed(said);
    ASSERT_EQ(line.find('\n'), line.size() - 1) << "seed " << seed;
    for (std::string_view rest = line; rest.size() > 1;) {
      const size_t size = utf8_size(rest);
      ASSERT_GT(size, 0u) << "not UTF-8, seed " << seed;
      ASSERT_TRUE(size > 1 || (rest[0] >= ' ' && rest[0] != 0x7f)) << "a control character, seed " << seed;
      rest.remove_prefix(size);
    }
    record read;
    const auto damage = parse_line(std::string_view(line).substr(0, line.size() - 1), read);
    ASSERT_FALSE(damage) << "seed " << seed << ": " << damage->why << "\n" << line;
    EXPECT_EQ(moment_text(read.wall), moment_text(said.wall)) << "seed " << seed;
    EXPECT_EQ(std::tie(read.level, read.thread, read.plugin, read.tag, read.text),
              std::tie(said.level, said.thread, said.plugin, said.tag, said.text))
        << "seed " << seed;
  }
}

TEST(XlogLine, WhatIsAcceptedPrintsBackToTheSameBytes) {
  int accepted = 0;
  for (uint64_t seed = 0; seed < 50'000; ++seed) {
    dice d(seed);
    std::string line = printed(random_record(d));
    line.pop_back();
    for (size_t n = d() % 3 + 1; n > 0 && !line.empty(); --n) {
      const size_t at = d() % line.size();
      if (d() % 2 == 0) line[at] = static_cast<char>(d() & 0xff);
      else line.erase(at, d() % 3);
    }
    record read;
    if (parse_line(line, read)) continue;
    ++accepted;
    EXPECT_EQ(printed(read), line + "\n") << "seed " << seed;
  }
  EXPECT_GT(accepted, 1000) << "the damage is too great to say anything";
}

TEST(XlogLine, EveryCutIsNoticedOnceItsWriterMarkedIt) {
  const record said{sample.wall, THARSIS_LOG_ERROR, 1, "a b", "back\\slash \x1b end", "/ /"};
  const std::string line = printed(said);
  for (size_t length = 0; length < line.size(); ++length) {
    std::string torn = line.substr(0, length) + std::string(cut_mark);
    torn.pop_back();
    record r;
    const auto damage = parse_line(torn, r);
    ASSERT_TRUE(damage) << "cut to " << length << ": " << torn;
    EXPECT_TRUE(damage->cut) << "cut to " << length << ": " << damage->why;
  }
}

TEST(XlogLine, ALineCutAnywhereBeforeItsTextIsSaidToBeCut) {
  const size_t text = sample_line.find("link '");
  for (size_t length = 1; length < text; ++length) {
    record r;
    const auto damage = parse_line(std::string_view(sample_line).substr(0, length), r);
    ASSERT_TRUE(damage) << length;
    EXPECT_TRUE(damage->cut) << length << ": " << damage->why;
  }
}

TEST(XlogLine, DamageIsSaidExactly) {
  const std::string head = "2025-11-25T10:11:12.123456Z ";
  const std::string no_time = "byte 1: no time like 2026-11-25T10:11:12.123456Z";
  const std::string other_form = ": bytes that would stand escaped, or other than here";
  EXPECT_EQ(why(""), "byte 1: the line is empty");
  EXPECT_EQ(why("hello world, this is no log at all"), no_time);
  EXPECT_EQ(why("2025-02-29T10:11:12.123456Z I 1 a b"), no_time);
  EXPECT_EQ(why(head + "Q 1 a b"), "byte 29: there is no level 'Q'");
  EXPECT_EQ(why(head + "I x a b"), "byte 31: the thread is no number");
  EXPECT_EQ(why(head + "I 99999999999999999999 a b"), "byte 31: the thread is no number");
  EXPECT_EQ(why(head + "I 1  b"), "byte 33: the plugin's name is missing");
  EXPECT_EQ(why(head + "I 1 /t b"), "byte 33: the plugin's name is missing");
  EXPECT_EQ(why(head + "I 1 a/ b"), "byte 34" + other_form);
  EXPECT_EQ(why(head + "I 1 a b\\q"), "byte 36: a backslash that escapes nothing");
  EXPECT_EQ(why(head + "I 1 a b\\x1"), "cut off in the text");
  EXPECT_EQ(why(head + "I 1 a b \\"), "cut off when its writer stopped");
  EXPECT_EQ(why(head + "I 1 a b\tc"), "byte 36" + other_form);
  EXPECT_EQ(why(head + "I 01 a b"), "byte 31" + other_form);
  EXPECT_EQ(why(head + "I 1 a \\x41"), "byte 35" + other_form);
}
