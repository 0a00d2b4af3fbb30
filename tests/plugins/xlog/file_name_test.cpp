#include "plugins/xlog/core/file_name.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/query.h"

using namespace tharsis;
using namespace tharsis::xlog;

TEST(XlogFileName, NamesAreFoundAgainAndSortAsTheyWereWritten) {
  for (const uint32_t number : {0u, 1u, 2u, 10u, 4'294'967'295u}) {
    const file_name name{20'000, number};
    EXPECT_EQ(parse_file_name(name_text(name)), name);
  }
  EXPECT_EQ(name_text({0, 0}), "xlog_19700101.tlog");
  EXPECT_EQ(name_text({0, 12}), "xlog_19700101_12.tlog");
  EXPECT_EQ(name_text({0, 12, "im-client"}), "im-client_19700101_12.tlog");
  EXPECT_EQ(parse_file_name("im-client_19700101_12.tlog"), (file_name{0, 12, "im-client"}));
  EXPECT_LT((file_name{0, 2}), (file_name{0, 10}));
  EXPECT_LT((file_name{0, 10}), (file_name{1, 0}));
}

TEST(XlogFileName, OtherNamesAreNotTakenForOurs) {
  for (const char* wrong : {"", "xlog.tlog", "xlog_.tlog", "xlog_20261125.tlo", "xlog_20261125.tlog.gz", "xlog_20261325.tlog",
                            "xlog_20261125_.tlog", "xlog_20261125_0.tlog", "xlog_20261125_01.tlog", "xlog_20261125_x.tlog",
                            "xlog_20261125_4294967296.tlog", "x.log_20261125.tlog", "_20261125.tlog", "my_xlog_20261125.tlog", "xlog_20261125-1.tlog"})
    EXPECT_FALSE(parse_file_name(wrong)) << wrong;
}

TEST(XlogQuery, EveryWishMustHold) {
  const record said{50, THARSIS_LOG_WARNING, 1, "stn", "the link is down"};
  EXPECT_TRUE(query{}.wants(said));
  EXPECT_TRUE((query{.levels = levels_from(THARSIS_LOG_WARNING)}).wants(said));
  EXPECT_FALSE((query{.levels = levels_from(THARSIS_LOG_ERROR)}).wants(said));
  EXPECT_TRUE((query{.plugins = {"dns", "stn"}}).wants(said));
  EXPECT_FALSE((query{.plugins = {"st"}}).wants(said));
  EXPECT_TRUE((query{.texts = {"link", "down"}}).wants(said));
  EXPECT_FALSE((query{.texts = {"link", "up"}}).wants(said));
  EXPECT_TRUE((query{.since = 50, .until = 51}).wants(said));
  EXPECT_FALSE((query{.since = 51}).wants(said));
  EXPECT_FALSE((query{.until = 50}).wants(said));
}

// A file holds lines of its day, of the moments after it, and of any time before.
TEST(XlogQuery, OnlyFilesThatAreTooOldAreLeftUnread) {
  const query about{.since = 100 * day_length + 5, .until = 101 * day_length + 5};
  EXPECT_FALSE(about.may_be_in({97, 0}));
  for (const int64_t day : {98, 99, 100, 101, 102, 200}) EXPECT_TRUE(about.may_be_in({day, 0})) << day;
  EXPECT_TRUE(query{}.may_be_in({0, 0}));
}
