// Goal: what people type behind `tharsis xlog files` is what they get, and what makes no sense is told with a way out.
#include "plugins/xlog/core/files_arguments.h"

#include <gtest/gtest.h>

#include "sdk/pure/utc.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t now = 20'000 * day_length;
result<files_arguments> parse(const std::vector<std::string>& words) { return parse_files_arguments(words, now); }
std::string why(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  return parsed ? "" : parsed.failure().text;
}

}  // namespace

TEST(XlogFilesArguments, DaysAndTimesAsPeopleWriteThem) {
  auto parsed = parse({"logs", "--day", "2026-11-25", "--json", "/more", "--since=1h"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->folders, (std::vector<std::string>{"logs", "/more"}));
  EXPECT_EQ(parsed->wanted.day, *parse_utc_day("20261125"));
  EXPECT_EQ(parsed->wanted.since, now - day_length / 24);
  EXPECT_TRUE(parsed->json);
  parsed = parse({"--day=20261125", "--until", "2026-11-25T10:11:12", "logs"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->wanted.day, *parse_utc_day("20261125"));
  EXPECT_EQ(moment_text(parsed->wanted.until), "2026-11-25T10:11:12.000000Z");
  EXPECT_TRUE(parse({"--help"})->help);
}

TEST(XlogFilesArguments, WhatMakesNoSenseIsTold) {
  EXPECT_EQ(why({}), "xlog files: name at least one folder with log files. See tharsis xlog files --help");
  EXPECT_EQ(why({"logs", "--day", "yesterday"}), "xlog files: --day: 'yesterday' is no day; write 2026-11-25 or 20261125");
  EXPECT_EQ(why({"logs", "--dya", "x"}), "xlog files: there is no option '--dya'; did you mean --day? See tharsis xlog files --help");
  EXPECT_EQ(why({"logs", "--since"}), "xlog files: option --since needs a value behind it");
  EXPECT_NE(why({"logs", "--until", "soon"}), "");
  EXPECT_NE(why({""}), "");
}
