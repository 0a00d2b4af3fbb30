#include "plugins/xlog/core/cat_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis::xlog;

namespace {

constexpr int64_t now = 1'764'065'472'000'000'000;

std::string bad(const std::vector<std::string>& words) {
  const auto parsed = parse_cat_arguments(words, now);
  return parsed ? "" : parsed.failure().text;
}

}  // namespace

TEST(XlogCatArguments, OptionsMayStandAnywhereWithTheirValueBesideOrBehindThem) {
  const auto a = parse_cat_arguments({"a.log", "--level=W", "--plugin", "stn", "--plugin", "dns", "b", "--grep", "up", "--tag", "dialer",
                                      "--since", "10m", "--until=2025-11-25", "--json", "--", "--level"}, now);
  ASSERT_TRUE(a) << a.failure().text;
  EXPECT_EQ(a->paths, (std::vector<std::string>{"a.log", "b", "--level"}));
  EXPECT_EQ(a->wanted.level, static_cast<uint32_t>(THARSIS_LOG_WARNING));
  EXPECT_EQ(a->wanted.plugins, (std::vector<std::string>{"stn", "dns"}));
  EXPECT_EQ(a->wanted.tags, (std::vector<std::string>{"dialer"}));
  EXPECT_EQ(a->wanted.texts, (std::vector<std::string>{"up"}));
  EXPECT_EQ(a->wanted.since, now - 600'000'000'000);
  EXPECT_EQ(a->wanted.until, utc_day(now) * day_length);
  EXPECT_TRUE(a->json);
  const auto help = parse_cat_arguments({"--help"}, now);
  ASSERT_TRUE(help);
  EXPECT_TRUE(help->help);
}

TEST(XlogCatArguments, MistakesAreNamedWithWhatWouldBeRight) {
  EXPECT_EQ(bad({}), "xlog cat: name at least one log file or folder with log files. See tharsis xlog cat --help");
  EXPECT_EQ(bad({"--levle", "info", "a"}),
            "xlog cat: there is no option '--levle'; did you mean --level? See tharsis xlog cat --help");
  EXPECT_EQ(bad({"a", "--level"}), "xlog cat: option --level needs a value behind it");
  EXPECT_EQ(bad({"a", "--json=yes"}), "xlog cat: option --json takes no value");
  EXPECT_NE(bad({"a", "--level", "loud"}).find("'loud' is no level; levels are verbose, debug"), std::string::npos);
  EXPECT_NE(bad({"a", "--level", "off"}).find("is no level"), std::string::npos);
  EXPECT_NE(bad({"a", "--since", "yesterday"}).find("'yesterday' is no time; write 2026-11-25"), std::string::npos);
}
