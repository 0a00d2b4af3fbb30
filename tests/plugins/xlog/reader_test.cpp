#include "plugins/xlog/core/reader.h"

#include <algorithm>

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

std::string printed(const std::vector<record>& records) {
  std::string file;
  for (const record& r : records) append_line(file, r);
  return file;
}

std::vector<record> some_records() {
  std::vector<record> all;
  for (uint32_t i = 0; i < 6; ++i)
    all.push_back({1'764'065'472'000'000'000 + i, i, 7, "stn", "text\n" + std::string(i, 'x')});
  return all;
}

struct reading {
  std::vector<std::string> texts;
  std::vector<std::string> damage;  // "2: cut off in the time"
};

// The file in pieces of `step` bytes.
reading read(const std::string& file, size_t step) {
  reading seen;
  reader lines;
  const auto take_all = [&] {
    while (const auto i = lines.take()) {
      if (i->damage) seen.damage.push_back(std::to_string(i->line) + ": " + i->damage->why);
      else seen.texts.push_back(i->value.text);
    }
  };
  for (size_t at = 0; at < file.size(); at += step) {
    lines.on_bytes(std::string_view(file).substr(at, step));
    take_all();
  }
  lines.on_end();
  take_all();
  return seen;
}

// Of the first `count`.
std::vector<std::string> texts(const std::vector<record>& records, size_t count) {
  std::vector<std::string> all;
  for (size_t i = 0; i < count; ++i) all.push_back(records[i].text);
  return all;
}

}  // namespace

TEST(XlogReader, ReadsTheSameInPiecesOfEverySize) {
  const auto records = some_records();
  const std::string file = printed(records);
  for (size_t step = 1; step <= file.size(); ++step) {
    const reading seen = read(file, step);
    ASSERT_EQ(seen.texts, texts(records, records.size())) << step;
    ASSERT_TRUE(seen.damage.empty()) << step << ": " << seen.damage[0];
  }
}

TEST(XlogReader, AFileCutAtAnyByteGivesItsWholeLinesAndNamesTheCutOne) {
  const auto records = some_records();
  const std::string file = printed(records);
  for (size_t length = 0; length <= file.size(); ++length) {
    const std::string torn = file.substr(0, length);
    const auto whole = static_cast<size_t>(std::count(torn.begin(), torn.end(), '\n'));
    const reading seen = read(torn, 64);
    ASSERT_EQ(seen.texts, texts(records, whole)) << length;
    if (torn.empty() || torn.back() == '\n') {
      ASSERT_TRUE(seen.damage.empty()) << length << ": " << seen.damage[0];
    } else {
      ASSERT_EQ(seen.damage.size(), 1u) << length;
      ASSERT_TRUE(seen.damage[0].starts_with(std::to_string(whole + 1) + ": cut off")) << length << ": " << seen.damage[0];
    }
  }
}

TEST(XlogReader, DamageInOneLineLosesThatLineOnly) {
  const auto records = some_records();
  const std::string file = printed(records);
  for (size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = '\x01';
    const reading seen = read(damaged, 64);
    const bool joined = file[at] == '\n' && at + 1 < file.size();  // Two lines became one.
    ASSERT_EQ(seen.texts.size(), records.size() - (joined ? 2 : 1)) << at;
    ASSERT_EQ(seen.damage.size(), 1u) << at;
  }
}

TEST(XlogReader, ALineWithoutEndIsNamedOnceAndTheNextOneIsRead) {
  const std::string good = printed({{0, THARSIS_LOG_INFO, 1, "a", "good"}});
  const reading seen = read(good + std::string(3 * line_max, 'x') + "\n" + good, 64 << 10);
  EXPECT_EQ(seen.texts, (std::vector<std::string>{"good", "good"}));
  ASSERT_EQ(seen.damage.size(), 1u);
  EXPECT_EQ(seen.damage[0], "2: longer than " + std::to_string(line_max) + " bytes");
}

TEST(XlogReader, TheLongestLineThatIsWrittenCanBeRead) {
  const record longest{0, THARSIS_LOG_INFO, ~0ULL, std::string(plugin_max, '\x01'), std::string(text_max, '\x01') + cut_note(1)};
  EXPECT_EQ(read(printed({longest}), 64 << 10).texts, (std::vector<std::string>{longest.text}));
}

TEST(XlogReader, TellsALogFromOtherFiles) {
  const std::string log = printed(some_records());
  EXPECT_TRUE(may_be_log("", true));
  EXPECT_TRUE(may_be_log(log, true));
  EXPECT_TRUE(may_be_log("garbage\n" + log, true));
  EXPECT_TRUE(may_be_log(log.substr(0, 20), true)) << "killed in the middle of its first line";
  EXPECT_FALSE(may_be_log("plugins:\n  xlog: {}\n", false));
  EXPECT_FALSE(may_be_log(std::string(1000, '\0'), true));
}
