// How lines look for the person in front of the runtime.
#include "plugins/xlog/console_sink.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

std::string shown_as(uint32_t level, std::string_view tag, std::string_view text, bool colours) {
  const tharsis_log_record r = {sizeof r, level, 1'764'065'472'123'456'789, 4711, text_of(std::string_view("stn")), text_of(text),
                                text_of(tag), {}, 0, 0};
  return console_line(r, colours);
}

}  // namespace

TEST(XlogConsole, ALineIsTimeLevelOriginAndText) {
  EXPECT_EQ(shown_as(THARSIS_LOG_INFO, "dialer", "link 'main' is up", false), "10:11:12.123456Z info    stn/dialer link 'main' is up\n");
  EXPECT_EQ(shown_as(THARSIS_LOG_VERBOSE, "", "x", false), "10:11:12.123456Z verbose stn x\n");
  EXPECT_EQ(shown_as(THARSIS_LOG_ERROR, "", "x", true), "10:11:12.123456Z \x1b[31merror\x1b[0m   stn x\n");
  EXPECT_EQ(shown_as(THARSIS_LOG_INFO, "", "x", true), "10:11:12.123456Z info    stn x\n") << "most lines are plain";
}

TEST(XlogConsole, WhatATerminalWouldObeyIsEscaped) {
  EXPECT_EQ(shown_as(THARSIS_LOG_INFO, "\x1b[2J", "two\nlines \x1b[31m \xff\a", true),
            "10:11:12.123456Z info    stn/\\x1b[2J two\\nlines \\x1b[31m \\xff\\x07\n");
}
