#include "plugins/xlog/core/file_name.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/merge.h"
#include "plugins/xlog/core/query.h"

using namespace tharsis::xlog;

TEST(XlogFileName, NamesAreFoundAgainAndSortAsTheyWereWritten) {
  for (const uint32_t number : {0u, 1u, 2u, 10u, 4'294'967'295u}) {
    const file_name name{20'000, number};
    EXPECT_EQ(parse_file_name(name_text(name)), name);
  }
  EXPECT_EQ(name_text({0, 0}), "xlog_19700101.log");
  EXPECT_EQ(name_text({0, 12}), "xlog_19700101_12.log");
  EXPECT_LT((file_name{0, 2}), (file_name{0, 10}));
  EXPECT_LT((file_name{0, 10}), (file_name{1, 0}));
}

TEST(XlogFileName, OtherNamesAreNotTakenForOurs) {
  for (const char* wrong : {"", "xlog.log", "xlog_.log", "xlog_20261125.lo", "xlog_20261125.log.gz", "xlog_20261325.log",
                            "xlog_20261125_.log", "xlog_20261125_0.log", "xlog_20261125_01.log", "xlog_20261125_x.log",
                            "xlog_20261125_4294967296.log", "Xlog_20261125.log", "xlog_20261125-1.log"})
    EXPECT_FALSE(parse_file_name(wrong)) << wrong;
}

TEST(XlogFileName, AFullFileAndANewDayAskForAnotherFile) {
  const file_name open{100, 3};
  EXPECT_EQ(place_of(open, 900, 100, 100, 1000), place::this_file);
  EXPECT_EQ(place_of(open, 901, 100, 100, 1000), place::next_number);
  EXPECT_EQ(place_of(open, 0, 100, 5000, 1000), place::this_file) << "a line larger than a file has one of its own";
  EXPECT_EQ(place_of(open, 0, 101, 10, 1000), place::other_day);
  EXPECT_EQ(place_of(open, 0, 99, 10, 1000), place::this_file) << "said before midnight, written after it";
  EXPECT_EQ(place_of(open, 0, 98, 10, 1000), place::other_day) << "the clock was wrong, and is right again";
}

TEST(XlogMerge, LinesComeByTimeAndThenByFile) {
  merge m;
  m.on_line(0, 30);
  m.on_line(1, 10);
  m.on_line(2, 10);
  EXPECT_EQ(m.take(), 1u);
  m.on_line(1, 20);
  EXPECT_EQ(m.take(), 2u);
  EXPECT_EQ(m.take(), 1u);
  EXPECT_EQ(m.take(), 0u);
  EXPECT_EQ(m.take(), std::nullopt);
}

TEST(XlogQuery, EveryWishMustHold) {
  const record said{50, THARSIS_LOG_WARNING, 1, "stn", "the link is down"};
  EXPECT_TRUE(query{}.wants(said));
  EXPECT_TRUE((query{.level = THARSIS_LOG_WARNING}).wants(said));
  EXPECT_FALSE((query{.level = THARSIS_LOG_ERROR}).wants(said));
  EXPECT_TRUE((query{.plugins = {"dns", "stn"}}).wants(said));
  EXPECT_FALSE((query{.plugins = {"st"}}).wants(said));
  EXPECT_TRUE((query{.texts = {"link", "down"}}).wants(said));
  EXPECT_FALSE((query{.texts = {"link", "up"}}).wants(said));
  EXPECT_TRUE((query{.since = 50, .until = 51}).wants(said));
  EXPECT_FALSE((query{.since = 51}).wants(said));
  EXPECT_FALSE((query{.until = 50}).wants(said));
}

// The rule by which files are left unread must agree with the rule by which lines get into them.
TEST(XlogQuery, NoFileIsLeftUnreadThatMayHoldAWantedLine) {
  const query about{.since = 100 * day_length + 5, .until = 101 * day_length + 5};
  for (int64_t file_day = 90; file_day < 110; ++file_day)
    for (int64_t wall = 95 * day_length; wall < 106 * day_length; wall += day_length / 4) {
      const record said{wall, THARSIS_LOG_INFO, 1, "", ""};
      const bool here = place_of({file_day, 0}, 0, utc_day(wall), 1, 1000) == place::this_file;
      EXPECT_TRUE(!here || !about.wants(said) || about.may_be_in({file_day, 0})) << file_day << " " << wall;
    }
  EXPECT_FALSE(about.may_be_in({99, 0}));
  EXPECT_FALSE(about.may_be_in({103, 0}));
}
