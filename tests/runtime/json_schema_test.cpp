// `tharsis schema`: profiles that are good match it, and what an editor should underline does not.
//
// JSON is YAML, so the schema is read with the profile's own parser; the little validator below knows
// the words of JSON Schema that we write, and fails at any other.
#include "runtime/json_schema.h"

#include <regex>

#include "tests/runtime/profile_folder.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

yaml_node parsed(const std::string& name, const std::string& text) {
  diagnostics problems;
  const auto root = parse_yaml(std::make_shared<const source>(source{name, text, source::kind::profile, {}}), problems);
  EXPECT_TRUE(root && problems.empty()) << render(problems);
  return root ? *root : yaml_node{};
}

bool is_number(const std::string& text) {
  return std::regex_match(text, std::regex("-?[0-9]+(\\.[0-9]+)?"));
}

std::string type_of(const yaml_node& value) {
  switch (value.is) {
    case yaml_node::kind::null: return "null";
    case yaml_node::kind::list: return "array";
    case yaml_node::kind::map: return "object";
    default: break;
  }
  if (value.quotes) return "string";
  if (value.text == "true" || value.text == "false") return "boolean";
  if (!is_number(value.text)) return "string";
  return value.text.find('.') == std::string::npos ? "integer" : "number";
}

class validator {
 public:
  explicit validator(const yaml_node& schema) : root_(schema) {}

  // Where the value does not match; empty: it does.
  std::string wrong(const yaml_node& value) const { return wrong(root_, value, ""); }

 private:
  std::string wrong(const yaml_node& schema, const yaml_node& value, const std::string& at) const {
    for (const yaml_node& word : schema.children)
      if (const std::string problem = broken(word, schema, value, at); !problem.empty()) return problem;
    return "";
  }

  std::string broken(const yaml_node& word, const yaml_node& schema, const yaml_node& value, const std::string& at) const {
    const std::string& key = word.key;
    const std::string here = at + ": " + key;
    const auto count = [&] { return static_cast<double>(value.children.size()); };
    const auto no = [&](bool good) { return good ? "" : here; };
    if (key == "$ref") return wrong(*root_.find("$defs")->find("expansion"), value, at);
    if (key == "type") return no(has_type(word, type_of(value)));
    if (key == "const") return no(value.text == word.text);
    if (key == "enum") return no(contains(word, value.text));
    if (key == "pattern") return no(std::regex_search(value.text, std::regex(word.text)));
    if (key == "minimum") return no(is_number(value.text) && std::stod(value.text) >= std::stod(word.text));
    if (key == "maximum") return no(is_number(value.text) && std::stod(value.text) <= std::stod(word.text));
    const bool holds_more = value.is == yaml_node::kind::list || value.is == yaml_node::kind::map;
    if (key == "minItems" || key == "minProperties") return no(!holds_more || count() >= std::stod(word.text));
    if (key == "maxItems" || key == "maxProperties") return no(count() <= std::stod(word.text));
    if (key == "required") return all(word, [&](const yaml_node& r) { return no(value.find(r.text) != nullptr); });
    if (key == "items") return all(value, [&](const yaml_node& v) { return wrong(word, v, at + "/" + v.text); });
    if (key == "properties") return all(value, [&](const yaml_node& v) { return in_property(word, v, at); });
    if (key == "additionalProperties") return all(value, [&](const yaml_node& v) { return additional(word, schema, v, at); });
    if (key == "anyOf") {
      for (const yaml_node& one : word.children)
        if (wrong(one, value, at).empty()) return "";
      return here;
    }
    static const std::vector<std::string> silent = {"$schema", "$defs", "title", "description", "default", "deprecated"};
    return std::find(silent.begin(), silent.end(), key) != silent.end() ? "" : "unknown word " + key;
  }

  template <class Check>
  static std::string all(const yaml_node& of, Check check) {
    for (const yaml_node& one : of.children)
      if (const std::string problem = check(one); !problem.empty()) return problem;
    return "";
  }
  static bool contains(const yaml_node& words, const std::string& text) {
    return std::any_of(words.children.begin(), words.children.end(), [&](const yaml_node& w) { return w.text == text; });
  }
  static bool has_type(const yaml_node& word, const std::string& type) {
    const auto fits = [&](const std::string& t) { return t == type || (t == "number" && type == "integer"); };
    if (word.is == yaml_node::kind::scalar) return fits(word.text);
    return std::any_of(word.children.begin(), word.children.end(), [&](const yaml_node& w) { return fits(w.text); });
  }
  std::string in_property(const yaml_node& properties, const yaml_node& v, const std::string& at) const {
    const yaml_node* own = properties.find(v.key);
    return own ? wrong(*own, v, at + "/" + v.key) : "";
  }
  std::string additional(const yaml_node& word, const yaml_node& schema, const yaml_node& v, const std::string& at) const {
    const yaml_node* properties = schema.find("properties");
    if (properties && properties->find(v.key)) return "";
    return word.text == "false" ? at + "/" + v.key + ": additional" : wrong(word, v, at + "/" + v.key);
  }

  const yaml_node& root_;
};

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* every_type = R"(settings:
  on: { type: bool, default: true }
  many: { type: int, min: 1, max: 9 }
  part: { type: real, default: .5, min: 0.25 }
  name: { type: text, default: "a \"b\"", about: "Tell \\ me." }
  wait: { type: duration, default: 5s, max: 1h, about: "How long." }
  room: { type: size, default: 64KiB, min: 1KiB }
  kind: { type: enum, values: [a, b], deprecated: "use sort instead" }
  to: { type: endpoint, schemes: [tcp, tcps] }
  file: { type: path }
  token: { type: text, secret: true, default: hunter2 }
  list: { type: list, of: { type: int }, min: 1, max: 2, default: [1, 2] }
  map: { type: map, of: { type: group, settings: { x: { type: bool } } }, max: 1 }
)";

class JsonSchema : public ::testing::Test {
 protected:
  JsonSchema() {
    here.add_plugin("all", every_type);
    schema = parsed("schema", json_schema(find_manifests(here.request.plugin_folders)));
  }
  std::string wrong(const std::string& settings) {
    return validator(schema).wrong(parsed("profile", "tharsis: 1\nplugins: { all: { " + settings + " } }"));
  }
  profile_folder here;
  yaml_node schema;
};

}  // namespace

TEST_F(JsonSchema, GoodValuesMatchAndBadOnesAreUnderlined) {
  for (const char* good : {"on: false", "many: 9", "many: \"${env:N}\"", "part: 0.25", "part: 1", "name: 42", "name: x",
                           "wait: 10ms", "wait: \"${env:W:-1s}\"", "room: 1KiB", "room: 2048", "kind: b", "to: tcps://x:1",
                           "file: ./x", "token: y", "list: [1]", "list: ", "map: { k: { x: true } }", "loop: main",
                           "stop_deadline: 1s", "path: ./here"})
    EXPECT_EQ(wrong(good), "") << good;
  for (const char* bad : {"on: maybe", "many: 0", "many: 10", "many: some", "many: 1.5", "part: 0.1", "wait: 5", "wait: 5 s",
                          "wait: soon", "room: 12 parsecs", "kind: c", "to: http://x:1", "list: []", "list: [1, 2, 3]", "list: 1",
                          "list: [a]", "map: { k: { y: true } }", "map: { a: , b: }", "map: { k: { x: 3 } }", "loop: mine",
                          "unknown: 1"})
    EXPECT_NE(wrong(bad), "") << bad;
}

TEST_F(JsonSchema, TheTopIsDescribedToo) {
  const validator v(schema);
  EXPECT_EQ(v.wrong(parsed("p", "tharsis: 1\nextends: [a.yaml]\ntrust: pinned\nplugins: { all: }")), "");
  EXPECT_EQ(v.wrong(parsed("p", "tharsis: 1\nextends: a.yaml")), "");
  EXPECT_NE(v.wrong(parsed("p", "plugins: { all: }")), "");
  EXPECT_NE(v.wrong(parsed("p", "tharsis: 2")), "");
  EXPECT_NE(v.wrong(parsed("p", "tharsis: 1\ntrust: all")), "");
  EXPECT_NE(v.wrong(parsed("p", "tharsis: 1\nplugin: {}")), "");
  EXPECT_NE(v.wrong(parsed("p", "tharsis: 1\nplugins: { other: {} }")), "");
}

TEST_F(JsonSchema, WhatAnEditorShowsIsThereAndSecretsAreNot) {
  const std::string text = json_schema(find_manifests(here.request.plugin_folders));
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  const yaml_node& all = *schema.find("properties")->find("plugins")->find("properties")->find("all")->find("properties");
  EXPECT_EQ(all.find("wait")->find("description")->text, "How long. (duration, at most 1h)");
  EXPECT_EQ(all.find("name")->find("default")->text, "a \"b\"");
  EXPECT_EQ(all.find("part")->find("default")->text, "0.5");
  EXPECT_EQ(all.find("kind")->find("deprecated")->text, "true");
  EXPECT_EQ(all.find("kind")->find("description")->text, "Deprecated: use sort instead.");
  EXPECT_EQ(all.find("list")->find("default")->children.size(), 2u);
}

// The profiles that we ship, against the manifests that we ship.
TEST_F(JsonSchema, OurOwnProfilesMatch) {
  for (const char* plugin : {"xlog", "dns", "stn", "sdt", "demo", "gateway"})
    here.write("ours/" + std::string(plugin) + "/plugin.yaml", file_text("plugins/" + std::string(plugin) + "/plugin.yaml"));
  const plugin_catalogue ours = find_manifests({here.path + "/ours"});
  ASSERT_EQ(ours.manifests().size(), 6u);
  const yaml_node whole = parsed("schema", json_schema(ours));
  for (const char* profile : {"configs/demo.yaml", "configs/demo-gateway.yaml"})
    EXPECT_EQ(validator(whole).wrong(parsed(profile, file_text(profile))), "") << profile;
}
