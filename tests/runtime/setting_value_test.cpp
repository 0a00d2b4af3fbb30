// Schemas and the values they let through: every type, its limits and its sentences.
#include "runtime/setting_value.h"

#include <gtest/gtest.h>

#include "runtime/plugin_settings.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

std::shared_ptr<const source> from(const char* name, const std::string& text, source::kind kind) {
  return std::make_shared<const source>(source{name, text, kind});
}

struct outcome {
  setting_value value;
  std::string messages;
};

// Schema problems and value problems alike.
outcome resolved(const std::string& schema, const std::string& text, source::kind kind = source::kind::profile) {
  diagnostics problems;
  outcome out;
  const auto described = parse_yaml(from("schema", schema, source::kind::manifest), problems);
  const auto given = text.empty() ? std::nullopt : parse_yaml(from("given", text, kind), problems);
  if (described) {
    const setting whole = parse_settings(*described, problems);
    out.value = resolve({whole, given ? &*given : nullptr, "p", {from("given", text, kind), 1, 1}, nullptr}, problems);
  }
  for (const diagnostic& d : problems.kept()) out.messages += (out.messages.empty() ? "" : "; ") + d.text;
  return out;
}

// What is said about one value of a type.
std::string said(const std::string& type, const std::string& value) {
  return resolved("v: { type: " + type + " }", "v: " + value).messages;
}

}  // namespace

TEST(SettingValue, EveryTypeTakesItsValues) {
  for (const auto& [type, value] : std::vector<std::pair<std::string, std::string>>{
           {"bool", "true"}, {"bool", "false"}, {"int", "-7"}, {"real", "0.5"}, {"real", "7"}, {"text", "any thing"},
           {"text", "\"7\""}, {"text", "7"}, {"duration", "200ms"}, {"duration", "0s"}, {"size", "64KiB"}, {"size", "12"},
           {"enum, values: [a, b]", "b"}, {"endpoint", "tcps://h:1"}, {"endpoint, schemes: [tcp]", "\"tcp://[::1]:1\""},
           {"path", "/a"}, {"list, of: { type: int }", "[1, 2]"}, {"list, of: { type: int }", ""},
           {"map, of: { type: bool }", "{ x: true }"}, {"group, settings: { n: { type: int } }", "{ n: 1 }"}})
    EXPECT_EQ(said(type, value), "") << type << " " << value;
}

TEST(SettingValue, EveryTypeSaysWhatItExpected) {
  EXPECT_EQ(said("bool", "yes"), "p.v: expected true or false, got 'yes'");
  EXPECT_EQ(said("bool", "\"true\""), "p.v: expected true or false, got a text in quotes; leave the quotes out");
  EXPECT_EQ(said("int", "1.5"), "p.v: expected a whole number, got '1.5'");
  EXPECT_EQ(said("int", "9223372036854775808"), "p.v: expected a whole number that fits into 64 bits, got '9223372036854775808'");
  EXPECT_EQ(said("real", ".inf"), "p.v: expected a number like '0.5', got '.inf'");
  EXPECT_EQ(said("duration", "5"), "p.v: expected a duration like '5s' or '200ms', got '5'");
  EXPECT_EQ(said("duration", "-5s"), "p.v: expected a duration like '5s' or '200ms', got '-5s'");
  EXPECT_EQ(said("size", "1MB"), "p.v: expected a size like '64KiB' or '512MiB', got '1MB'");
  EXPECT_EQ(said("enum, values: [a, b, c]", "d"), "p.v: expected one of a, b or c, got 'd'");
  EXPECT_EQ(said("text", "[a]"), "p.v: expected a text, got a list");
  EXPECT_EQ(said("int", "{ a: 1 }"), "p.v: expected a whole number, got a map");
  EXPECT_EQ(said("int", ""), "p.v: expected a whole number, got nothing");
  EXPECT_EQ(said("endpoint, schemes: [tcp, tcps]", "http://h:1"), "p.v: the scheme 'http' does not work here; use tcp or tcps");
  EXPECT_EQ(said("list, of: { type: int }", "5"), "p.v: expected a list like '[a, b]', got '5'");
  EXPECT_EQ(said("group, settings: { n: { type: int } }", "[1]"), "p.v: expected a map like '{ key: value }', got a list");
}

TEST(SettingValue, LimitsCountForNumbersAndEntries) {
  EXPECT_EQ(said("int, min: 1, max: 5", "6"), "p.v: must be between 1 and 5, got '6'");
  EXPECT_EQ(said("duration, min: 1s", "999ms"), "p.v: must be at least 1s, got '999ms'");
  EXPECT_EQ(said("size, max: 1KiB", "1025"), "p.v: must be at most 1KiB, got '1025'");
  EXPECT_EQ(said("real, max: 0.5", "0.51"), "p.v: must be at most 0.5, got '0.51'");
  EXPECT_EQ(said("int, min: 1, max: 5, secret: true", "6"), "p.v: must be between 1 and 5");
  EXPECT_EQ(said("list, min: 2, of: { type: int }", "[1]"), "p.v: needs at least 2 elements, has 1");
  EXPECT_EQ(said("map, max: 1, of: { type: int }", "{ a: 1, b: 2 }"), "p.v: needs at most 1 entry, has 2");
}

TEST(SettingValue, DefaultsAreFilledInAndRequiredOnesDemanded) {
  const outcome out = resolved("a: { type: int, default: 3 }\nb: { type: int }\ng: { type: group, settings: { c: { type: text, default: x } } }", "");
  EXPECT_EQ(out.messages, "");
  EXPECT_EQ(std::get<int64_t>(out.value.find("a")->scalar), 3);
  EXPECT_EQ(out.value.find("b"), nullptr);
  EXPECT_EQ(std::get<std::string>(out.value.find("g.c")->scalar), "x");
  EXPECT_EQ(resolved("a: { type: int, required: true }", "").messages, "p.a: is required and has no default; set it");
}

TEST(SettingValue, EverythingInsideASecretIsOne) {
  const outcome out = resolved("s: { type: map, secret: true, of: { type: int } }", "s: { a: hunter2 }");
  EXPECT_EQ(out.messages, "p.s.a: expected a whole number");
  EXPECT_TRUE(out.value.find("s.a")->secret);
}

TEST(Schema, MistakesInADescriptionAreToldWithTheNearestWord) {
  const auto of = [](const std::string& schema) {
    diagnostics problems;
    parse_settings(*parse_yaml(from("schema", schema, source::kind::manifest), problems), problems);
    EXPECT_EQ(problems.count(), 1u) << schema;
    return problems.empty() ? "" : problems.kept()[0].text;
  };
  EXPECT_EQ(of("a: 5"), "a setting is described like '{ type: duration, default: 5s }'; the type is missing");
  EXPECT_EQ(of("a: { type: durations }"), "expected a type, got 'durations'");
  EXPECT_EQ(of("a: { type: int, defualt: 3 }"), "unknown attribute 'defualt'");
  EXPECT_EQ(of("a: { type: text, min: 3 }"), "the type text has no attribute 'min'");
  EXPECT_EQ(of("a: { type: int, min: 5, max: 1 }"), "'min' is above 'max'");
  EXPECT_EQ(of("a: { type: int, default: x }"), "default: expected a whole number, got 'x'");
  EXPECT_EQ(of("a: { type: int, default: 9, max: 5 }"), "default: must be at most 5, got '9'");
  EXPECT_EQ(of("a: { type: path, default: \"${hoem}/x\" }").find("default: '${hoem}' is not known"), 0u);
  EXPECT_EQ(of("a: { type: int, default: 1, required: true }"), "a required setting has no default; remove one of the two");
  EXPECT_EQ(of("a: { type: list }"), "a list needs 'of', the description of what it holds");
  EXPECT_EQ(of("a: { type: enum }"), "an enum needs 'values', the list of its words");
  EXPECT_EQ(of("a: { type: enum, values: [x, x] }"), "'x' stands here twice");
  EXPECT_EQ(of("a: { type: list, of: { type: int, default: 1 } }"), "'default' means nothing for the elements of a list or map");
  EXPECT_EQ(of("A-b: { type: int }"), "a setting's name is made of a-z, 0-9 and '_', got 'A-b'");
}

TEST(PluginSettings, TheTableAnswersByPathAndType) {
  const outcome out = resolved(
      "n: { type: int, default: 3 }\nr: { type: real, default: 0.5 }\nb: { type: bool, default: true }\nt: { type: text, default: hi }\n"
      "d: { type: duration, default: 2s }\nnone: { type: int }\nl: { type: list, of: { type: text } }\n"
      "m: { type: map, of: { type: group, settings: { x: { type: int, default: 1 } } } }",
      "l: [a, b]\nm: { z: {}, im.example.com: { x: 5 } }\n");
  ASSERT_EQ(out.messages, "");
  const plugin_settings settings(out.value);
  const tharsis_settings& s = *settings.table();
  int64_t whole = 0;
  EXPECT_EQ(s.get_int(s.self, "n", &whole), THARSIS_OK);
  EXPECT_EQ(whole, 3);
  EXPECT_EQ(s.get_int(s.self, "d", &whole), THARSIS_OK);
  EXPECT_EQ(whole, 2'000'000'000);
  EXPECT_EQ(s.get_int(s.self, "m.im.example.com.x", &whole), THARSIS_OK);
  EXPECT_EQ(whole, 5);
  double real = 0;
  EXPECT_EQ(s.get_real(s.self, "r", &real), THARSIS_OK);
  EXPECT_EQ(real, 0.5);
  int32_t flag = 0;
  EXPECT_EQ(s.get_bool(s.self, "b", &flag), THARSIS_OK);
  EXPECT_EQ(flag, 1);
  tharsis_text text{};
  EXPECT_EQ(s.get_text(s.self, "l.1", &text), THARSIS_OK);
  EXPECT_EQ(view(text), "b");
  uint32_t count = 0;
  EXPECT_EQ(s.count(s.self, "l", &count), THARSIS_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(s.key(s.self, "m", 1, &text), THARSIS_OK);
  EXPECT_EQ(view(text), "im.example.com");

  EXPECT_EQ(s.get_int(s.self, "none", &whole), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(s.get_int(s.self, "no.such", &whole), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(s.get_int(s.self, nullptr, &whole), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(s.get_int(s.self, "t", &whole), THARSIS_E_INVALID);
  EXPECT_EQ(s.get_text(s.self, "n", &text), THARSIS_E_INVALID);
  EXPECT_EQ(s.get_int(s.self, "n", nullptr), THARSIS_E_INVALID);
  EXPECT_EQ(s.count(s.self, "n", &count), THARSIS_E_INVALID);
  EXPECT_EQ(s.key(s.self, "m", 2, &text), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(s.key(s.self, "l", 0, &text), THARSIS_E_INVALID);
}

TEST(PluginSettings, WhereAValueWasSetIsToldWithoutTheValue) {
  const auto where = [](const outcome& out, const char* path) {
    plugin_settings settings(out.value);
    tharsis_text text{};
    EXPECT_EQ(settings.table()->where(settings.table()->self, path, &text), THARSIS_OK);
    return std::string(view(text));
  };
  const std::string schema = "a: { type: int, default: 3 }\nb: { type: int, default: 4 }";
  EXPECT_EQ(where(resolved(schema, "b: 5"), "a"), "default");
  EXPECT_EQ(where(resolved(schema, "b: 5"), "b"), "given:1:4");
  EXPECT_EQ(where(resolved(schema, "{ b: 5 }", source::kind::command_line), "b"), "given");
  const std::string groups = "g: { type: group, settings: { n: { type: int, default: 1 } } }\nb: { type: int, default: 4 }";
  EXPECT_EQ(where(resolved(groups, "b: 5"), "g"), "default");
  EXPECT_EQ(where(resolved(groups, "g: { n: 2 }"), "g"), "given:1:4");
}
