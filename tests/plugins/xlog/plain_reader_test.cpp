// Goal: lines of ours, as text and as JSON, read back as they were, in whatever pieces the bytes come; what is none is named and costs
// itself. Method: chosen and drawn records, written by the writers of these forms; lines of JSON that others may write.
#include "plugins/xlog/core/plain_reader.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/json_line.h"
#include "plugins/xlog/core/json_record.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/pure/utc.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

struct content {
  std::vector<record> lines;
  list damage;
};

content read(std::string_view bytes, size_t step = ~size_t{0}) {
  content c;
  plain_reader reader;
  const auto take = [&] {
    while (auto i = reader.take()) {
      if (i->damage.empty()) c.lines.push_back(i->value);
      else c.damage.push_back(i->damage);
    }
  };
  for (size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    reader.on_bytes(bytes.substr(at, step));
    take();
  }
  reader.on_end();
  take();
  return c;
}

record drawn(seeded_random& random) {
  const list words{"", "link", "a b", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80", "quote \" and \\ and /", "tab\t\r\n\x01\x7F", "{}"};
  record r;
  r.wall = 1'795'000'000'000'000'000 + static_cast<int64_t>(random.below(1'000'000'000)) * 1000;
  r.level = static_cast<uint32_t>(random.below(6));
  r.thread = random.below(100'000);
  r.plugin = words[random.below(4)];
  r.tag = words[random.below(5)];
  for (size_t n = random.below(5); n > 0; --n) r.text += words[random.below(words.size())];
  return r;
}

void expect_same(const record& a, const record& b) {
  EXPECT_EQ(a.wall, b.wall);
  EXPECT_EQ(a.level, b.level);
  EXPECT_EQ(a.thread, b.thread);
  EXPECT_EQ(a.plugin, b.plugin);
  EXPECT_EQ(a.tag, b.tag);
  EXPECT_EQ(a.file, b.file);
  EXPECT_EQ(a.line, b.line);
  EXPECT_EQ(a.text, b.text);
}

}  // namespace

TEST(XlogPlainReader, ReadsBackWhatWasWritten) {
  seeded_random random(7);
  std::vector<record> said;
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    record r = drawn(random);
    if (random.below(2) == 0) {
      append_line(bytes, r);
    } else {
      r.file = "a.cpp";
      r.line = static_cast<uint32_t>(random.below(1000));
      bytes += json_line(r) + "\n";
    }
    said.push_back(r);
  }
  for (const size_t step : {size_t{1}, size_t{100}, ~size_t{0}}) {
    const content c = read(bytes, step);
    EXPECT_EQ(c.damage, list{});
    ASSERT_EQ(c.lines.size(), said.size());
    for (size_t i = 0; i < said.size(); ++i) expect_same(c.lines[i], said[i]);
  }
  EXPECT_TRUE(may_be_plain(bytes));
}

TEST(XlogPlainReader, WhatIsNoLineIsNamedAndCostsItself) {
  const record r{1'795'000'000'000'000'000, 2, 7, "stn", "up", "", "", 0};
  std::string line;
  append_line(line, r);
  const content c = read(line + "garbage\n\n" + line + "{\"text\":\"no time\"}\n" + line.substr(0, line.size() - 1));
  EXPECT_EQ(c.lines.size(), 3u);
  ASSERT_EQ(c.damage.size(), 2u);
  EXPECT_EQ(c.damage[0].find("byte " + std::to_string(line.size()) + ": "), 0u) << c.damage[0];
  EXPECT_NE(c.damage[1].find("no time"), std::string::npos) << c.damage[1];
  EXPECT_FALSE(may_be_plain("garbage\nand more"));
  EXPECT_FALSE(may_be_plain(""));
  EXPECT_TRUE(may_be_plain("garbage\n" + line));
}

TEST(XlogPlainReader, ALineWithoutEndNeedsNoMemory) {
  const std::string piece(1 << 20, 'x');
  const record r{1'795'000'000'000'000'000, 2, 7, "stn", "up", "", "", 0};
  std::string line;
  append_line(line, r);
  plain_reader reader;
  size_t damage = 0, lines = 0;
  const auto take = [&] {
    while (auto i = reader.take()) ++(i->damage.empty() ? lines : damage);
  };
  for (int i = 0; i < 40; ++i) {
    reader.on_bytes(piece);
    take();
  }
  EXPECT_EQ(damage, 1u);
  reader.on_bytes("\n" + line);
  take();
  EXPECT_EQ(lines, 1u);
  reader.on_bytes(piece);
  reader.on_end();
  take();
  EXPECT_EQ(damage, 2u);
}

TEST(XlogPlainReader, JsonOfOthersIsReadWhereItSaysTheSame) {
  record r;
  const auto parse = [&](const std::string& line) { return parse_json_line(line, r).value_or(""); };
  EXPECT_EQ(parse(R"( { "level" : "warning" , "more":{"a":[1,{"b":"}"}],"c":null}, "text":"\u00e4\ud83d\ude00\/","time":"2026-11-25T10:11:12.123456Z","n":-1.5e3 } )"), "");
  EXPECT_EQ(r.text, "\xC3\xA4\xF0\x9F\x98\x80/");
  EXPECT_EQ(r.level, static_cast<uint32_t>(THARSIS_LOG_WARNING));
  EXPECT_EQ(moment_text(r.wall), "2026-11-25T10:11:12.123456Z");
}

TEST(XlogPlainReader, JsonThatIsBrokenSaysWhere) {
  record r;
  const std::string whole = R"({"time":"2026-11-25T10:11:12.123456Z","level":"info","thread":7,"plugin":"a","line":3,"text":"x\n","fields":{"a":[1]}})";
  EXPECT_FALSE(parse_json_line(whole, r));
  for (size_t cut = 0; cut < whole.size(); ++cut) EXPECT_TRUE(parse_json_line(whole.substr(0, cut), r)) << cut;
  for (const std::string wrong : {R"({"time":"yesterday"})", R"({"time":"2026-11-25T10:11:12.123456Z","level":"loud"})", R"({"time":"2026-11-25T10:11:12.123456Z","thread":"x"})",
                                  R"({"time":"2026-11-25T10:11:12.123456Z"} more)", R"({"time":"2026-11-25T10:11:12.123456Z","text":"\ud83d"})", R"({"time":"2026-11-25T10:11:12.123456Z","text":"\q"})",
                                  R"({"time":"2026-11-25T10:11:12.123456Z","a":})", R"({"time":"2026-11-25T10:11:12.123456Z","a":]})", R"({})", R"([])"}) {
    const auto why = parse_json_line(wrong, r);
    ASSERT_TRUE(why) << wrong;
    EXPECT_EQ(why->find("byte "), 0u) << *why;
  }
}
