#include "runtime/yaml_tree.h"

#include <gtest/gtest.h>

using namespace tharsis::runtime;

namespace {

struct parsed {
  std::optional<yaml_node> root;
  std::string messages;
};

parsed parse(const std::string& text) {
  diagnostics problems;
  parsed p;
  p.root = parse_yaml(std::make_shared<const source>(source{"x.yaml", text, source::kind::profile}), problems);
  p.messages = render(problems);
  return p;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

TEST(YamlTree, ValuesAndKeysKnowTheirPlaces) {
  const parsed p = parse("a: 1\nb:\n  - x\n  - { c: 'two words', d: }\n");
  ASSERT_TRUE(p.root) << p.messages;
  EXPECT_EQ(p.messages, "");
  const yaml_node* a = p.root->find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->text, "1");
  EXPECT_FALSE(a->quotes);
  EXPECT_EQ(a->at.text(), "x.yaml:1:4");
  EXPECT_EQ(a->key_at.text(), "x.yaml:1:1");
  const yaml_node* b = p.root->find("b");
  ASSERT_EQ(b->children.size(), 2u);
  EXPECT_EQ(b->children[0].at.text(), "x.yaml:3:5");
  const yaml_node* c = b->children[1].find("c");
  EXPECT_TRUE(c->quotes);
  EXPECT_EQ(c->text, "two words");
  const yaml_node* d = b->children[1].find("d");
  EXPECT_EQ(d->is, yaml_node::kind::null);
  EXPECT_EQ(d->at.text(), d->key_at.text()) << "a missing value is shown where its key is";
  EXPECT_EQ(p.root->find("e"), nullptr);
}

TEST(YamlTree, DuplicateKeysAreToldAndTheRestIsStillRead) {
  const parsed p = parse("a: 1\nb: 2\na: 3\nb: 4\n");
  ASSERT_TRUE(p.root);
  EXPECT_NE(p.messages.find("x.yaml:3:1: error: duplicate key 'a'"), std::string::npos) << p.messages;
  EXPECT_NE(p.messages.find("x.yaml:4:1: error: duplicate key 'b'"), std::string::npos) << p.messages;
  EXPECT_NE(p.messages.find("x.yaml:1:1: note: first defined here"), std::string::npos) << p.messages;
}

TEST(YamlTree, WhatTheSubsetLeavesOutIsRefusedWithAPlace) {
  EXPECT_EQ(first_line(parse("a: &x 1\n").messages),
            "x.yaml:1:4: error: anchors ('&name') are not read; write the value out where it is needed");
  EXPECT_NE(parse("a: &x 1\nb: *x\n").messages.find("x.yaml:2:4: error: aliases ('*name') are not read"), std::string::npos);
  EXPECT_EQ(first_line(parse("a: !secret 1\n").messages),
            "x.yaml:1:4: error: tags ('!name') are not read; the setting's type is in the plugin's manifest");
  EXPECT_NE(parse("a: 1\n---\nb: 2\n").messages.find("a second document begins here"), std::string::npos);
  EXPECT_NE(parse("[a]: 1\n").messages.find("a key must be a single word"), std::string::npos);
}

TEST(YamlTree, ATabThatIndentsIsNamed) {
  const std::string sentence = "error: a tab stands where YAML takes only spaces; indent with spaces";
  EXPECT_EQ(first_line(parse("a:\n\tb: 1\n").messages), "x.yaml:2:1: " + sentence);
  EXPECT_EQ(first_line(parse("a:\n  b: 1\n  \tc: 2\n").messages), "x.yaml:3:3: " + sentence);
  EXPECT_EQ(parse("a: 1\t# tabs elsewhere\nb:\t2\n").messages, "");
  EXPECT_EQ(first_line(parse("a: {\n").messages).find("x.yaml:2:1: error: this is not valid YAML"), 0u);
}

TEST(YamlTree, BytesThatAreNoTextAreRefused) {
  EXPECT_EQ(first_line(parse("a: \xff\n").messages), "x.yaml:1:4: error: this is not UTF-8 text");
  EXPECT_EQ(first_line(parse("a: 1\nb: \x01\n").messages), "x.yaml:2:4: error: a control character stands here; remove it");
  EXPECT_EQ(first_line(parse(std::string("a\0b", 3)).messages), "x.yaml:1:2: error: a control character stands here; remove it");
  EXPECT_NE(parse("a: \"\\0\"\n").messages.find("a text cannot hold a zero byte"), std::string::npos);
  EXPECT_EQ(parse("\xEF\xBB\xBF" "a: \xC3\xA9\n").messages, "");
}

TEST(YamlTree, NothingAndTooMuchAreRefused) {
  const std::string nothing = "x.yaml:1:1: error: there is nothing in this text; a profile says at least 'tharsis: 1' and 'plugins: { xlog: {} }'";
  EXPECT_EQ(parse("").messages, nothing + "\n");
  EXPECT_EQ(first_line(parse("# only a comment\n").messages), nothing);
  EXPECT_NE(parse(std::string(100, '[')).messages.find("nested more than 64 levels deep"), std::string::npos);
  EXPECT_NE(parse(std::string(yaml_text_largest + 1, ' ')).messages.find("larger than 4 MiB"), std::string::npos);
}
