#include "plugins/xlog/core/read_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t now = 1'764'065'472'000'000'000;

std::string bad(std::string_view command, const std::vector<std::string>& words) {
  const auto parsed = parse_read_arguments(command, words, now);
  return parsed ? "" : parsed.failure().text;
}

}  // namespace

TEST(XlogReadArguments, OptionsMayStandAnywhereWithTheirValueBesideOrBehindThem) {
  const auto a = parse_read_arguments("cat", {"a.log", "--level=W", "--plugin", "stn", "-p", "dns", "b", "--grep", "up", "--tag", "dialer", "--thread", "7",
                                              "--where", "bytes > 1000", "--since", "10m", "--until=2025-11-25", "--json", "--utc", "--", "--level"}, now);
  ASSERT_TRUE(a) << a.failure().text;
  EXPECT_EQ(a->paths, (std::vector<std::string>{"a.log", "b", "--level"}));
  EXPECT_EQ(a->wanted.levels, levels_from(THARSIS_LOG_WARNING));
  EXPECT_EQ(a->wanted.plugins, (std::vector<std::string>{"stn", "dns"}));
  EXPECT_EQ(a->wanted.tags, (std::vector<std::string>{"dialer"}));
  EXPECT_EQ(a->wanted.texts, (std::vector<std::string>{"up"}));
  EXPECT_EQ(a->wanted.threads, (std::vector<uint64_t>{7}));
  ASSERT_EQ(a->wanted.conditions.size(), 1u);
  EXPECT_EQ(a->wanted.conditions[0].field, "bytes");
  EXPECT_EQ(a->wanted.since, now - 600'000'000'000);
  EXPECT_EQ(a->wanted.until, utc_day(now) * day_length);
  EXPECT_TRUE(a->json);
  const auto last = parse_read_arguments("cat", {"--last", "5m", "a"}, now);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->wanted.since, now - 300'000'000'000);
}

TEST(XlogReadArguments, EachCommandHasItsOwn) {
  const auto grep = parse_read_arguments("grep", {"-i", "timeout", "a", "-c", "b"}, now);
  ASSERT_TRUE(grep);
  EXPECT_EQ(grep->wanted.texts, (std::vector<std::string>{"timeout"}));
  EXPECT_EQ(grep->paths, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(grep->wanted.any_case);
  EXPECT_TRUE(grep->count);
  const auto tail = parse_read_arguments("tail", {"-f", "-n", "3", "a"}, now);
  ASSERT_TRUE(tail);
  EXPECT_TRUE(tail->follow);
  EXPECT_EQ(tail->lines, 3u);
  const auto to = parse_read_arguments("export", {"--to", "csv", "-o", "x", "a"}, now);
  ASSERT_TRUE(to);
  EXPECT_EQ(to->to, "csv");
  EXPECT_EQ(to->output, "x");
  for (const char* const command : {"cat", "tail", "grep", "stat", "verify", "export"}) {
    const auto help = parse_read_arguments(command, {"--help"}, now);
    ASSERT_TRUE(help) << command;
    EXPECT_TRUE(help->help);
    EXPECT_NE(read_help(command).find("Examples\n  tharsis xlog " + std::string(command)), std::string::npos) << read_help(command);
  }
  EXPECT_EQ(read_help("bark"), "");
}

TEST(XlogReadArguments, MistakesAreNamedWithWhatWouldBeRight) {
  EXPECT_EQ(bad("cat", {}), "xlog cat: name at least one log file or folder with log files. See tharsis xlog cat --help");
  EXPECT_EQ(bad("cat", {"--levle", "info", "a"}), "xlog cat: there is no option '--levle'; did you mean --level? See tharsis xlog cat --help");
  EXPECT_EQ(bad("verify", {"--level", "info", "a"}), "xlog verify: there is no option '--level' See tharsis xlog verify --help");
  EXPECT_EQ(bad("cat", {"a", "--level"}), "xlog cat: option --level needs a value behind it");
  EXPECT_EQ(bad("cat", {"a", "--json=yes"}), "xlog cat: option --json takes no value");
  EXPECT_NE(bad("cat", {"a", "--level", "loud"}).find("'loud' is no level; levels are verbose, debug"), std::string::npos);
  EXPECT_NE(bad("cat", {"a", "--level", "off"}).find("is no level"), std::string::npos);
  EXPECT_NE(bad("cat", {"a", "--since", "yesterday"}).find("'yesterday' is no time; write 2026-11-25"), std::string::npos);
  EXPECT_NE(bad("cat", {"a", "--last", "long"}).find("'long' is no duration"), std::string::npos);
  EXPECT_NE(bad("cat", {"a", "--where", "bytes"}).find("stands none of = !="), std::string::npos);
  EXPECT_NE(bad("cat", {"a", "--where", "> 7"}).find("begins with no field's name"), std::string::npos);
  EXPECT_NE(bad("cat", {"a", "--thread", "main"}).find("'main' is no number"), std::string::npos);
  EXPECT_NE(bad("grep", {}).find("say what to look for"), std::string::npos);
  EXPECT_NE(bad("export", {"a"}).find("say with -o FILE where it goes"), std::string::npos);
  EXPECT_NE(bad("export", {"a", "--to", "pdf"}).find("there are text, json, csv and mars"), std::string::npos);
}
