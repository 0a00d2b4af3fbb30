// Goal: the most special word about a line's level counts.
#include "plugins/xlog/core/levels.h"

#include <gtest/gtest.h>

using namespace tharsis::xlog;

TEST(XlogLevels, WithoutSpecialWordsAllHaveTheCommonLevel) {
  const levels l{THARSIS_LOG_WARNING, {}};
  EXPECT_EQ(l.of("stn", ""), THARSIS_LOG_WARNING);
  EXPECT_EQ(l.of("stn", "dialer"), THARSIS_LOG_WARNING);
  EXPECT_EQ(l.lowest(), THARSIS_LOG_WARNING);
}

TEST(XlogLevels, ATagIsMoreSpecialThanItsPlugin) {
  const levels l{THARSIS_LOG_INFO, {{"stn", THARSIS_LOG_DEBUG}, {"stn/dialer", THARSIS_LOG_ERROR}, {"dns/cache", THARSIS_LOG_VERBOSE}}};
  EXPECT_EQ(l.of("stn", ""), THARSIS_LOG_DEBUG);
  EXPECT_EQ(l.of("stn", "dialer"), THARSIS_LOG_ERROR);
  EXPECT_EQ(l.of("stn", "link"), THARSIS_LOG_DEBUG);
  EXPECT_EQ(l.of("dns", "cache"), THARSIS_LOG_VERBOSE);
  EXPECT_EQ(l.of("dns", ""), THARSIS_LOG_INFO);
  EXPECT_EQ(l.of("st", "dialer"), THARSIS_LOG_INFO);
}

TEST(XlogLevels, TheLowestIsThatOfAnybody) {
  EXPECT_EQ((levels{THARSIS_LOG_INFO, {{"stn", THARSIS_LOG_ERROR}}}.lowest()), THARSIS_LOG_INFO);
  EXPECT_EQ((levels{THARSIS_LOG_OFF, {{"stn/dialer", THARSIS_LOG_VERBOSE}}}.lowest()), THARSIS_LOG_VERBOSE);
}
