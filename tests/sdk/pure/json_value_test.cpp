#include "sdk/pure/json_value.h"

#include <gtest/gtest.h>

#include <random>

#include "sdk/pure/json.h"

using namespace tharsis;

namespace {
std::string refusal(std::string_view text) {
  const auto r = parse_json(text);
  return r ? "accepted" : r.failure().text;
}
}  // namespace

TEST(JsonValue, EveryKindIsReadAsItStands) {
  const auto all = *parse_json(R"( {"a":[1,-2.5e2,true,false,null,"x"],"b":{"c":""}} )");
  const json_value& a = *all.find("a");
  ASSERT_EQ(a.items.size(), 6u);
  EXPECT_EQ(a.items[0].number, 1);
  EXPECT_EQ(a.items[0].text, "1");
  EXPECT_EQ(a.items[1].number, -250);
  EXPECT_TRUE(a.items[2].boolean);
  EXPECT_FALSE(a.items[3].boolean);
  EXPECT_TRUE(a.items[4].is(json_value::kind::null));
  EXPECT_EQ(a.items[5].text, "x");
  EXPECT_EQ(all.find("b")->find("c")->text, "");
  EXPECT_EQ(all.find("z"), nullptr);
}

TEST(JsonValue, EscapesBecomeUtf8) {
  EXPECT_EQ(parse_json(R"("\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00")")->text, "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(JsonValue, WhatOurWriterWritesIsReadBack) {
  std::string bytes;
  for (int c = 0; c < 0x80; ++c) bytes += static_cast<char>(c);
  EXPECT_EQ(parse_json(json_object().add("t", bytes).text())->find("t")->text, bytes);
}

TEST(JsonValue, AMistakeIsToldWithItsPlace) {
  EXPECT_EQ(refusal(""), "line 1, column 1: it ends in the middle");
  EXPECT_EQ(refusal("{\"a\":1"), "line 1, column 7: it ends in the middle");
  EXPECT_EQ(refusal("{\"a\":1,\n \"a\":2}"), "line 2, column 5: the field 'a' is there twice");
  EXPECT_EQ(refusal("{a:1}"), "line 1, column 2: a field's name is in quotes");
  EXPECT_EQ(refusal("[1 2]"), "line 1, column 4: a ',' or ']' is missing");
  EXPECT_EQ(refusal("1 2"), "line 1, column 3: there is more after the end");
  EXPECT_EQ(refusal("01"), "line 1, column 2: there is more after the end");
  EXPECT_EQ(refusal("1e999"), "line 1, column 1: this number is out of range");
  EXPECT_EQ(refusal("tru"), "line 1, column 1: this is no value");
  EXPECT_EQ(refusal("\"a\nb\""), "line 1, column 3: a control byte stands in a text");
  EXPECT_EQ(refusal("\"\xFF\""), "line 1, column 2: this text is no UTF-8");
  EXPECT_EQ(refusal(R"("\ud800")"), "line 1, column 8: half of a surrogate pair");
  EXPECT_NE(refusal(R"("\u12g4")"), "accepted");
  EXPECT_NE(refusal("-"), "accepted");
  EXPECT_NE(refusal("1."), "accepted");
  EXPECT_NE(refusal("NaN"), "accepted");
}

TEST(JsonValue, DepthAndWidthAreBounded) {
  const auto nested = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(refusal(nested(32)), "accepted");
  EXPECT_NE(refusal(nested(34)), "accepted");
  EXPECT_NE(refusal(std::string(1u << 20, '[')), "accepted");
  std::string wide = "{";
  for (int i = 0; i < 1100; ++i) wide += "\"" + std::to_string(i) + "\":0,";
  EXPECT_NE(refusal(wide + "\"x\":0}").find("more than 1024 fields"), std::string::npos);
}

TEST(JsonValue, NoDamageEndsItOtherwiseThanWithAValueOrAnError) {
  const std::string whole = R"({"a":[1,-2.5e2,true,{"b":"\u00e9\\"}],"c":null})";
  for (size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(parse_json(whole.substr(0, cut))) << cut;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    std::mt19937 dice(seed);
    std::string text = whole;
    for (int n = 0; n < 3; ++n) text[dice() % text.size()] = static_cast<char>(dice());
    const auto r = parse_json(text);
    if (!r) {
      EXPECT_FALSE(r.failure().text.empty()) << seed;
    }
  }
}
