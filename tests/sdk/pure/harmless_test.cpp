#include "sdk/pure/harmless.h"

#include <gtest/gtest.h>

#include "sdk/pure/json.h"
#include "sdk/pure/json_value.h"

using namespace tharsis;

TEST(Harmless, NoCharacterThatATerminalObeysIsLeft) {
  for (uint32_t code = 0; code < 0x20; ++code) EXPECT_EQ(harmless(std::string(1, static_cast<char>(code))), "?");
  EXPECT_EQ(harmless("\x7f"), "?");
  for (int second = 0x80; second < 0xA0; ++second) {
    const std::string c1 = {'\xC2', static_cast<char>(second)};
    EXPECT_EQ(harmless("a" + c1 + "31mb"), "a?31mb") << second;
    EXPECT_EQ(harmless(c1.substr(1)), "?") << "the same in one byte, for terminals without UTF-8";
  }
  for (const char* turns : {"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"})
    EXPECT_EQ(harmless(std::string("a") + turns + "b"), "a?b");
}

TEST(Harmless, WordsOfAllLanguagesStay) {
  for (const char* text : {"", "plain ASCII, 100 %", "Zürich \u00a0 école", "\u202f\u2030\u2065", "東京", "العربية", "\U0001F600"}) EXPECT_EQ(harmless(text), text);
  EXPECT_EQ(harmless("cut \xe6\x9d"), "cut ??");
}

TEST(Harmless, LinesStayLinesWhereTheyAreWanted) {
  EXPECT_EQ(harmless_lines("one\x1b[31m\n\ntwo\r\nthree"), "one?[31m\n\ntwo?\nthree");
  EXPECT_EQ(harmless_lines(""), "");
}

TEST(Harmless, OfAllThatATerminalObeysColoursAloneMayStay) {
  EXPECT_EQ(harmless_painted("\x1b[1;31mbad\x1b[0m: a\x1b[2Jb\x1b]0;title\x07"), "\x1b[1;31mbad\x1b[0m: a?[2Jb?]0;title?\x1b[0m");
  EXPECT_EQ(harmless_painted("\x1b[31mall\x1b[0m\n"), "\x1b[31mall\x1b[0m\n");
  EXPECT_EQ(harmless_painted("plain\n"), "plain\n");
  EXPECT_EQ(harmless_painted("\x1b[8mhidden"), "\x1b[8mhidden\x1b[0m") << "what a name begins ends with the line";
  for (const char* cut : {"\x1b", "\x1b[", "\x1b[1", "\x1b[1;"}) EXPECT_EQ(harmless_painted(cut)[0], '?') << "cut off";
  EXPECT_EQ(harmless_painted(""), "");
}

// JSON lines are printed on terminals, too; it loses nothing by saying such a character's number.
TEST(Harmless, JsonSaysTheNumberOfSuchACharacter) {
  const std::string text = "a\u009b31m\u202eb é \x7f";
  const std::string json = json_text(text);
  EXPECT_EQ(json, "\"a\\u009b31m\\u202eb é \\u007f\"");
  const auto read = parse_json(json);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, text);
}
